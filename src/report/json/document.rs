//! The document's form. The doc comments are the schema's descriptions.

use crate::event;
use schemars::JsonSchema;
use serde::Serialize;

/// The name and version of the document's form.
pub const SCHEMA: &str = "converge.report/1";

/// What a run did, or in a dry run would do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Document {
    /// Always `converge.report/1`.
    pub schema: &'static str,
    /// The run's id; empty if it never began.
    pub run: String,
    /// Whether it was a dry run.
    pub mode: DocumentMode,
    /// In inventory order.
    pub hosts: Vec<Host>,
    /// How many hosts ended how.
    pub totals: Totals,
    /// What was wrong with the inventory, a role or a variable before any host was touched.
    pub errors: Vec<Problem>,
    /// Milliseconds, the whole run.
    pub ms: u64,
}

/// `check` and `verify` change nothing.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentMode {
    /// A dry run, or the roles' own checks.
    Check,
    /// Changes were made.
    Apply,
}

/// How many hosts ended how.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// All.
    pub hosts: usize,
    /// As declared.
    pub ok: usize,
    /// Changed; in check: to change.
    pub changed: usize,
    /// Failed, locked by another run, or interrupted.
    pub failed: usize,
    /// Without an answer.
    pub unreachable: usize,
    /// Actions performed, those that failed not counted; in check: planned.
    pub actions: usize,
}

/// One host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// `debian 12`; null if it was not looked at.
    pub system: Option<String>,
    /// Another run holds its lock; its status is `failed`.
    pub locked: bool,
    /// The run was asked to stop before the host's end; its status is `failed`.
    pub interrupted: bool,
    /// Why it is failed or unreachable, if no task says so.
    pub error: Option<Problem>,
    /// In the order of the run.
    pub tasks: Vec<Task>,
    /// Tasks that were not run because an earlier one failed.
    pub not_run: usize,
    /// Handlers that wait for the next run.
    pub waiting_handlers: Vec<String>,
    /// Things to know that failed nothing.
    pub warnings: Vec<Problem>,
    /// Milliseconds.
    pub ms: u64,
}

/// How a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As declared.
    Ok,
    /// Changed, or would be.
    Changed,
    /// A task failed, another run holds its lock, or this one was interrupted.
    Failed,
    /// No session could be had, or it broke.
    Unreachable,
}

/// One task on one host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Task {
    /// `role/file:name[item]`.
    pub id: String,
    /// The role's name.
    pub role: String,
    /// Its name.
    pub name: String,
    /// The resource that it declares.
    pub resource: String,
    /// It ran as a handler.
    pub handler: bool,
    /// The host for which it was done, where that is another.
    #[serde(rename = "for")]
    pub on_behalf: Option<String>,
    /// `FILE:LINE:COLUMN` where it is written.
    pub at: Option<String>,
    /// How it ended.
    pub status: event::TaskStatus,
    /// Why it was skipped or is unknown; what it assumes; a message.
    pub reason: Option<Worded<event::Reason>>,
    /// Why it changed: never applied here, the declaration changed, the host changed.
    pub change: Option<event::Change>,
    /// What was performed, or failed; in check what would be.
    pub actions: Vec<Action>,
    /// What was announced and fell away.
    pub not_needed: Vec<Action>,
    /// What its command said, where the run is one of a command line (`converge run`).
    pub output: Option<event::Output>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// Milliseconds.
    pub ms: u64,
}

/// One change to a host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Action {
    /// `write_file`, `packages`, `service`, …
    pub kind: String,
    /// A path, package names, a unit, a command line.
    pub target: String,
    /// How certain it is.
    pub certainty: event::Certainty,
    /// What it hinges on, where it is not exact.
    pub depends_on: Option<String>,
    /// What was there, if it was known.
    pub before: Option<Worded<event::TargetState>>,
    /// What is there then.
    pub after: Option<Worded<event::TargetState>>,
    /// A unified diff, or words where there is none to show.
    pub diff: Option<String>,
    /// Side effects: packages installed also or removed, assumptions.
    pub notes: Vec<Worded<event::Note>>,
    /// It was begun and did not succeed.
    pub failed: bool,
}

/// Something that was found or done, as data by its kind, and as people are told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Worded{T}")]
pub struct Worded<T> {
    /// Its kind, and what belongs to the kind.
    #[serde(flatten)]
    pub data: T,
    /// The words for it; they may change, the kinds do not.
    pub text: String,
}

/// One error or warning.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// The file, as it is named in messages.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// Facts that explain.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

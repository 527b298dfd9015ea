//! One thing that happened in a run. Every output is a fold over these; they cross the session
//! from the agent to the controller, so nothing secret is ever put into one. They say what is so as
//! data; the words for it are made in `report/`.

mod diff;
mod note;
mod output;
mod reason;
mod target_state;
mod texts;

pub use diff::{Diff, Withheld};
pub use note::{Note, PackageVersion};
pub use output::Output;
pub use reason::{Expected, Ran, Reason};
pub use target_state::{FileAttributes, TargetState};
pub use texts::Texts;

use crate::text::{Diagnostic, Span};
use serde::{Deserialize, Serialize};

/// What happened on a host. The controller knows which host a session's events come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "each is made, sent and told one at a time")]
pub enum Event {
    /// The agent looked at the host and begins.
    HostStarted {
        /// `debian 12`.
        system: String,
        /// The run that last ended well here; `None` if never.
        last_run: Option<String>,
        /// An earlier run that did not end well, which this one continues.
        unfinished: Option<String>,
    },
    /// A task is looked at.
    TaskStarted(TaskRef),
    /// What the task will do, just before it does it.
    Announced {
        /// The task.
        task: TaskRef,
        /// In order.
        actions: Vec<ActionReport>,
    },
    /// A task ended.
    TaskFinished(TaskReport),
    /// Something to know that is no task's failure.
    Warning(Diagnostic),
    /// The last event of a host.
    HostFinished(HostReport),
}

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// `role/file:name[item]`.
    pub id: String,
    /// The role's name.
    pub role: String,
    /// The name with its variables rendered.
    pub name: String,
    /// The resource's name.
    pub resource: String,
    /// Where it is written.
    pub span: Span,
    /// It runs as a handler.
    pub handler: bool,
    /// The host for which it is done, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<String>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    /// Which.
    #[serde(rename = "task")]
    pub task: TaskRef,
    /// How it ended.
    pub status: TaskStatus,
    /// Why it was skipped or is unknown; what it assumes; a message to show.
    pub reason: Option<Reason>,
    /// Why it changed.
    pub change: Option<Change>,
    /// In apply what was performed, in check what would be.
    pub actions: Vec<ActionReport>,
    /// What was announced and fell away.
    pub not_needed: Vec<ActionReport>,
    /// What its command said, where the run is one of a command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<Output>>,
    /// What went wrong.
    pub error: Option<Diagnostic>,
    /// Milliseconds.
    pub ms: u64,
}

impl TaskReport {
    /// What it says to whoever watches the run.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match (self.status, &self.reason) {
            (TaskStatus::Ok, Some(Reason::Message { message })) => Some(message),
            _ => None,
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// As declared.
    Ok,
    /// Changed, or would be.
    Changed,
    /// Its `when` is false.
    Skipped,
    /// Failed.
    Failed,
    /// Known after apply.
    Unknown,
}

/// Why something changes (by hash, against what was last applied).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Never applied here.
    New,
    /// The specification changed.
    Intended,
    /// The specification did not, the host did.
    Drift,
}

/// How certain a planned action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Will be performed.
    Exact,
    /// May already be as declared; known afterwards.
    UnlessSo,
    /// Stands under a `when` on an unknown.
    OnlyIf,
    /// A loop or include over an unknown: no targets yet.
    Open,
    /// Stands under `rescue`.
    OnFailure,
}

/// An action as reports show it: redacted, with its diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionReport {
    /// `write_file`, `packages`, …
    pub kind: String,
    /// A path, package names, a unit, a command line.
    pub target: String,
    /// How certain.
    pub certainty: Certainty,
    /// What it hinges on, where it is not exact.
    pub depends_on: Option<String>,
    /// What is there, if it is known.
    pub before: Option<TargetState>,
    /// What will be there.
    pub after: Option<TargetState>,
    /// What becomes of the content.
    pub diff: Option<Diff>,
    /// Side effects worth a line.
    pub notes: Vec<Note>,
    /// It was begun and did not succeed (a command that ended with an error).
    #[serde(default)]
    pub failed: bool,
}

/// How a host ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// How it ended.
    pub status: HostStatus,
    /// Actions performed (in check: planned); none that failed.
    pub done: usize,
    /// Tasks that were not run: an earlier one failed, or their play was not begun.
    pub not_run: usize,
    /// Handlers that wait for the next run.
    pub waiting_handlers: Vec<String>,
    /// Milliseconds.
    pub ms: u64,
}

impl HostReport {
    /// Whether there is something to be run again: it did not end well, or did not come to its end.
    #[must_use]
    pub const fn is_undone(&self) -> bool {
        !matches!(self.status, HostStatus::Ok | HostStatus::Changed) || self.not_run > 0
    }
}

/// How a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    /// As declared.
    Ok,
    /// Changed, or would be.
    Changed,
    /// A task failed.
    Failed,
    /// No session could be had, or it broke.
    Unreachable,
    /// Another run holds its lock.
    Locked,
    /// The run was asked to stop before its end, perhaps before its beginning.
    Interrupted,
}

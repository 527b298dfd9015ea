//! Whom a run tells what happens, and whom it asks for what another must do.

use super::outcome::Attempt;
use super::task::Task;
use crate::event::Event;
use crate::host::Pending;
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Origin, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a run's events go, and who coordinates it with other hosts.
pub trait Outlet {
    /// Something happened.
    fn event(&mut self, event: Event);

    /// Passes on what was logged so far, without the secrets that are known by now.
    fn logged(&mut self, _redactor: &Redactor) {}

    /// Nobody listens any more: the run stops after the action in hand.
    fn gone(&self) -> bool {
        false
    }

    /// A `run_once: true` task: whose turn it is.
    fn run_once(&mut self, _task: &str) -> Turn {
        Turn::Mine
    }

    /// Has another do a delegated task.
    ///
    /// # Errors
    /// Why it cannot, or the task's own error.
    fn delegate(&mut self, _request: &Delegation) -> Result<Delegated, Diagnostic> {
        Err(Diagnostic::new("nobody is there to delegate this task to"))
    }

    /// Waits until it is said how this host goes on. `ended`: it has ended a play; else it has not
    /// begun any.
    fn next(&mut self, _ended: bool) -> Next {
        Next::Play(Map::new())
    }

    /// What came of what another host asked for.
    fn worked(&mut self, _answer: Result<Attempt, Diagnostic>) {}

    /// Who tells of other hosts while something is rendered.
    fn others(&self) -> Option<Arc<dyn OtherHosts>> {
        None
    }

    /// What other hosts ask for of this one; names of what is secret instead of it.
    fn share(&mut self, _values: Map, _secret: Vec<String>) {}

    /// The result of a `run_once: true` task that this host ran.
    fn run_once_result(&mut self, _task: &str, _result: &Value) {}
}

/// Tells of other hosts.
pub trait OtherHosts: Send + Sync {
    /// A variable of another host's; `None` where it has none of that name.
    ///
    /// # Errors
    /// Why it cannot be known.
    fn variable(&self, host: &str, name: &str) -> Result<Option<Value>, Diagnostic>;
}

/// The answer to whether a host runs a `run_once: true` task.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// This host runs it.
    Mine,
    /// Another host did; this is its registered result.
    Done(Value),
}

/// How a host that waits goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// With its next play, and these variables: they depend on how the other hosts fared.
    Play(Map),
    /// It does this for another, and waits again.
    Work(Box<Order>),
    /// It takes no further part.
    End,
}

/// The answer to a delegated task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "each is made, sent and used one at a time")]
pub enum Delegated {
    /// Another has done it.
    Done(Attempt),
    /// The delegate is the host itself: it does it at once.
    Yours(Box<Order>),
}

/// What a host is to do for another, made from the controller's own copy of that host's task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// For whom.
    pub host: String,
    /// The task, with its parameters as they are written, for the places of what is wrong.
    pub task: Box<Task>,
    /// With its item, as reports name it.
    pub id: String,
    /// What the item is called.
    pub label: Option<String>,
    /// What is to be done.
    pub what: What,
    /// `no_log`.
    pub hidden: bool,
    /// Under what the other host's dry run comes to it, where that is not known.
    pub only_if: Option<Origin>,
}

/// What is to be done, rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A resource, with these parameters.
    Resource(Value),
    /// These variables are set.
    Facts(Map),
}

/// A host's request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delegation {
    /// The task's id, without an item.
    pub task: String,
    /// The play in which it stands, by its place.
    pub play: usize,
    /// With its item, as reports name it.
    pub id: String,
    /// What the item is called.
    pub label: Option<String>,
    /// The item's place in the task's loop.
    pub index: Option<usize>,
    /// In a dry run: under what it comes to the task, where that is not known.
    pub only_if: Option<Origin>,
    /// The host's own facts, results and loop variables that the task names.
    pub given: Map,
    /// In a dry run: what the host has pending by now, which may change what it is told.
    pub pending: Pending,
}

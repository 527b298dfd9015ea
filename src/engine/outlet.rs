//! Whom a run tells what happens, and whom it asks for what another must do.

use super::outcome::Attempt;
use crate::event::Event;
use crate::host::Pending;
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
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

    /// Has the controller do a delegated task.
    ///
    /// # Errors
    /// Why it cannot, or the task's own error.
    fn delegate(&mut self, _request: &Delegation) -> Result<Attempt, Diagnostic> {
        Err(Diagnostic::new("nobody is there to delegate this task to"))
    }

    /// Waits until every host may begin the next play; `None` where this one is not to. What it
    /// answers are variables that depend on how the other hosts fared.
    fn next_play(&mut self, _play: usize) -> Option<Map> {
        Some(Map::new())
    }

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
    /// The host's own facts, results and loop variables that the task names.
    pub given: Map,
    /// In a dry run: what the host has pending by now, which may change what it is told.
    pub pending: Pending,
}

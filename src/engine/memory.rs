//! Where a host's memory is kept during a run.

use super::journal_entry::{Begun, JournalEntry};
use super::state::State;
use crate::host::{Action, HostError, View};

/// Where a host's memory is kept. A dry run's forgets what it is told.
pub trait Memory {
    /// The memory as it is now.
    fn state(&self) -> &State;

    /// Takes an entry, and makes it last before it returns. Writes nothing if it is none.
    ///
    /// # Errors
    /// If it cannot be written; the run must not go on then.
    fn append(&mut self, entry: JournalEntry) -> Result<(), HostError>;

    /// Takes the entry of an action before it is performed, with what it replaces on this host.
    ///
    /// # Errors
    /// As [`Memory::append`]; the action must not be performed then.
    fn begin(&mut self, begun: Begun, _action: &Action, _view: &dyn View) -> Result<(), HostError> {
        self.append(JournalEntry::Begun(begun))
    }

    /// The host's own key.
    fn key(&self) -> &[u8];
}

/// A memory that lasts as long as the run: a dry run's, and tests'.
#[derive(Debug, Default)]
pub struct Forgetful {
    state: State,
    key: Vec<u8>,
}

impl Forgetful {
    /// Starts from what is remembered, under the host's key.
    #[must_use]
    pub fn new(state: State, key: Vec<u8>) -> Self {
        Self { state, key }
    }
}

impl Memory for Forgetful {
    fn state(&self) -> &State {
        &self.state
    }

    fn append(&mut self, entry: JournalEntry) -> Result<(), HostError> {
        self.state.take(&entry);
        Ok(())
    }

    fn key(&self) -> &[u8] {
        &self.key
    }
}

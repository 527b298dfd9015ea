//! Where a host's memory is kept during a run.

use super::note::{Begun, Note};
use super::state::State;
use crate::host::{Action, HostError, View};

/// Where a host's memory is kept. A dry run's forgets what it is told.
pub trait Memory {
    /// The memory as it is now.
    fn state(&self) -> &State;

    /// Takes a note, and makes it last before it returns. Writes nothing if it is none.
    ///
    /// # Errors
    /// If it cannot be written; the run must not go on then.
    fn note(&mut self, note: Note) -> Result<(), HostError>;

    /// Takes a note of an action before it is performed, with what it replaces on this host.
    ///
    /// # Errors
    /// As [`Memory::note`]; the action must not be performed then.
    fn begin(&mut self, begun: Begun, _action: &Action, _view: &dyn View) -> Result<(), HostError> {
        self.note(Note::Begun(begun))
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

    fn note(&mut self, note: Note) -> Result<(), HostError> {
        self.state.take(&note);
        Ok(())
    }

    fn key(&self) -> &[u8] {
        &self.key
    }
}

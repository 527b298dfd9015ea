//! The agent's way to the controller, which several threads write to.

use crate::protocol::{self, FrameError, FromAgent};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The way to the controller: of the run, and of what says that it lives.
pub(super) struct Wire<'w> {
    to: Mutex<&'w mut (dyn Write + Send)>,
    gone: AtomicBool,
}

impl<'w> Wire<'w> {
    pub(super) fn new(to: &'w mut (dyn Write + Send)) -> Self {
        Self { to: Mutex::new(to), gone: AtomicBool::new(false) }
    }

    /// Tells something, unless nobody listens any more.
    pub(super) fn send(&self, message: &FromAgent) {
        if !self.is_gone() && self.write(message).is_err() {
            self.leave();
        }
    }

    /// Tells something.
    ///
    /// # Errors
    /// As [`protocol::write`].
    pub(super) fn write(&self, message: &FromAgent) -> Result<(), FrameError> {
        protocol::write(*self.to.lock().unwrap_or_else(PoisonError::into_inner), message)
    }

    /// Whether nobody listens any more.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Says that it lives, until the other end of the channel is dropped.
    pub(super) fn beat(&self, over: &Receiver<()>) {
        while over.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            self.send(&FromAgent::Beat);
        }
    }
}

/// How often an agent says that it lives.
const BEAT: Duration = Duration::from_secs(2);

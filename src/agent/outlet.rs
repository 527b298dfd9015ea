//! Sends a run's events to the controller, and asks it about tasks that run once for all hosts.

use crate::engine::{Attempt, Delegation, Outlet, Turn};
use crate::event::Event;
use crate::log::Record;
use crate::protocol::{self, FrameError, FromAgent, ToAgent};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(super) struct SessionOutlet<'a, 'w> {
    pub(super) from: &'a mut dyn Read,
    pub(super) to: &'a Wire<'w>,
    /// How the run ended: told once the host is free for the next.
    pub(super) finished: Option<Event>,
    /// What was logged and not yet sent.
    pub(super) logged: Logged,
}

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

/// Records that wait until their secrets are known.
pub(super) type Logged = Arc<Mutex<Vec<Record>>>;

impl SessionOutlet<'_, '_> {
    pub(super) fn send(&mut self, message: &FromAgent) {
        self.to.send(message);
    }
}

impl Outlet for SessionOutlet<'_, '_> {
    fn event(&mut self, event: Event) {
        if matches!(event, Event::HostFinished(_)) {
            self.finished = Some(event);
        } else {
            self.send(&FromAgent::Event(event));
        }
    }

    fn logged(&mut self, redactor: &Redactor) {
        let records =
            std::mem::take(&mut *self.logged.lock().unwrap_or_else(PoisonError::into_inner));
        for mut record in records {
            record.redact(redactor);
            self.send(&FromAgent::Log(Box::new(record)));
        }
    }

    fn gone(&self) -> bool {
        self.to.is_gone()
    }

    fn run_once(&mut self, task: &str) -> Turn {
        self.send(&FromAgent::RunOnce { task: task.to_owned() });
        match protocol::read(self.from) {
            Ok(Some(ToAgent::Yours)) => Turn::Mine,
            Ok(Some(ToAgent::Done { result })) => Turn::Done(result),
            // Without an answer nothing may be assumed: the run stops here.
            _ => {
                self.to.leave();
                Turn::Done(Value::Null)
            }
        }
    }

    fn next_play(&mut self, _play: usize) -> Option<Map> {
        self.send(&FromAgent::NextPlay);
        match protocol::read(self.from) {
            Ok(Some(ToAgent::Go { variables })) => Some(variables),
            Ok(Some(ToAgent::End)) => None,
            _ => {
                self.to.leave();
                None
            }
        }
    }

    fn delegate(&mut self, request: &Delegation) -> Result<Attempt, Diagnostic> {
        self.send(&FromAgent::Delegate(request.clone()));
        match protocol::read(self.from) {
            Ok(Some(ToAgent::Delegated(answer))) => *answer,
            _ => {
                self.to.leave();
                Err(Diagnostic::new("the controller did not answer for a delegated task"))
            }
        }
    }

    fn run_once_result(&mut self, task: &str, result: &Value) {
        self.send(&FromAgent::RunOnceResult { task: task.to_owned(), result: result.clone() });
    }
}

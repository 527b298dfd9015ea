//! Sends a run's events to the controller, and asks it about tasks that run once for all hosts.

use crate::engine::{Attempt, Delegation, Outlet, Turn};
use crate::event::Event;
use crate::log::Record;
use crate::protocol::{self, FromAgent, ToAgent};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct SessionOutlet<'a> {
    pub(super) from: &'a mut dyn Read,
    pub(super) to: &'a mut dyn Write,
    pub(super) gone: bool,
    /// How the run ended: told once the host is free for the next.
    pub(super) finished: Option<Event>,
    /// What was logged and not yet sent.
    pub(super) logged: Logged,
}

/// Records that wait until their secrets are known.
pub(super) type Logged = Arc<Mutex<Vec<Record>>>;

impl SessionOutlet<'_> {
    pub(super) fn send(&mut self, message: &FromAgent) {
        if !self.gone && protocol::write(self.to, message).is_err() {
            self.gone = true;
        }
    }
}

impl Outlet for SessionOutlet<'_> {
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
        self.gone
    }

    fn run_once(&mut self, task: &str) -> Turn {
        self.send(&FromAgent::RunOnce { task: task.to_owned() });
        match protocol::read(self.from) {
            Ok(Some(ToAgent::Yours)) => Turn::Mine,
            Ok(Some(ToAgent::Done { result })) => Turn::Done(result),
            // Without an answer nothing may be assumed: the run stops here.
            _ => {
                self.gone = true;
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
                self.gone = true;
                None
            }
        }
    }

    fn delegate(&mut self, request: &Delegation) -> Result<Attempt, Diagnostic> {
        self.send(&FromAgent::Delegate(request.clone()));
        match protocol::read(self.from) {
            Ok(Some(ToAgent::Delegated(answer))) => *answer,
            _ => {
                self.gone = true;
                Err(Diagnostic::new("the controller did not answer for a delegated task"))
            }
        }
    }

    fn run_once_result(&mut self, task: &str, result: &Value) {
        self.send(&FromAgent::RunOnceResult { task: task.to_owned(), result: result.clone() });
    }
}

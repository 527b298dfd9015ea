//! Sends a run's events to the controller, and asks it about tasks that run once for all hosts.

use super::others::Asking;
use super::wire::Wire;
use crate::engine::{Attempt, Delegated, Delegation, Next, OtherHosts, Outlet, Turn};
use crate::event::Event;
use crate::log::Record;
use crate::protocol::{self, FrameError, FromAgent, ToAgent};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct SessionOutlet<'a, 'w, 'r> {
    pub(super) from: &'a Mutex<&'r mut (dyn Read + Send)>,
    pub(super) to: &'a Wire<'w>,
    /// Asks for what other hosts have, where anything does.
    pub(super) asking: Option<Arc<Asking>>,
    /// How the run ended: told once the host is free for the next.
    pub(super) finished: Option<Event>,
    /// What was logged and not yet sent.
    pub(super) logged: Logged,
}

/// Records that wait until their secrets are known.
pub(super) type Logged = Arc<Mutex<Vec<Record>>>;

impl SessionOutlet<'_, '_, '_> {
    pub(super) fn send(&mut self, message: &FromAgent) {
        self.to.send(message);
    }

    fn read(&self) -> Result<Option<ToAgent>, FrameError> {
        protocol::read(*self.from.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Outlet for SessionOutlet<'_, '_, '_> {
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
        match self.read() {
            Ok(Some(ToAgent::Yours)) => Turn::Mine,
            Ok(Some(ToAgent::Done { result })) => Turn::Done(result),
            // Without an answer nothing may be assumed: the run stops here.
            _ => {
                self.to.leave();
                Turn::Done(Value::Null)
            }
        }
    }

    fn next(&mut self, ended: bool) -> Next {
        self.send(&FromAgent::NextPlay { ended });
        if let Some(asking) = &self.asking {
            asking.forget();
        }
        match self.read() {
            Ok(Some(ToAgent::Go { variables })) => Next::Play(variables),
            Ok(Some(ToAgent::Work(order))) => Next::Work(order),
            Ok(Some(ToAgent::End)) => Next::End,
            _ => {
                self.to.leave();
                Next::End
            }
        }
    }

    fn worked(&mut self, answer: Result<Attempt, Diagnostic>) {
        self.send(&FromAgent::Worked(Box::new(answer)));
    }

    fn delegate(&mut self, request: &Delegation) -> Result<Delegated, Diagnostic> {
        self.send(&FromAgent::Delegate(request.clone()));
        match self.read() {
            Ok(Some(ToAgent::Delegated(answer))) => *answer,
            _ => {
                self.to.leave();
                Err(Diagnostic::new("the controller did not answer for a delegated task"))
            }
        }
    }

    fn others(&self) -> Option<Arc<dyn OtherHosts>> {
        self.asking.clone().map(|asking| asking as Arc<dyn OtherHosts>)
    }

    fn share(&mut self, values: Map, secret: Vec<String>) {
        self.send(&FromAgent::Shares { values, secret });
    }

    fn run_once_result(&mut self, task: &str, result: &Value) {
        self.send(&FromAgent::RunOnceResult { task: task.to_owned(), result: result.clone() });
    }
}

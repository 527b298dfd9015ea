//! What a run asks about other hosts while it renders: the controller answers, and what it said holds
//! until the next play.

use super::wire::Wire;
use crate::engine::OtherHosts;
use crate::protocol::{self, FromAgent, ToAgent};
use crate::text::Diagnostic;
use crate::value::Value;
use std::collections::HashMap;
use std::io::Read;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Answer = Result<Option<Value>, Diagnostic>;

/// A question, and where its answer goes.
pub(super) struct Question {
    host: String,
    name: String,
    answer: Sender<Answer>,
}

/// Asks from wherever something is rendered.
pub(super) struct Asking {
    to: Mutex<Option<Sender<Question>>>,
    known: Mutex<HashMap<(String, String), Answer>>,
}

impl Asking {
    pub(super) fn new() -> (Self, Receiver<Question>) {
        let (sender, receiver) = mpsc::channel();
        (Self { to: Mutex::new(Some(sender)), known: Mutex::default() }, receiver)
    }

    /// Another play has begun: hosts may have other values by now.
    pub(super) fn forget(&self) {
        lock(&self.known).clear();
    }

    /// Nothing is asked any more.
    pub(super) fn end(&self) {
        lock(&self.to).take();
    }
}

/// Ends it however the run ends: else who passes questions on would wait for more.
pub(super) struct EndsAsking(pub(super) Arc<Asking>);

impl Drop for EndsAsking {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl OtherHosts for Asking {
    fn variable(&self, host: &str, name: &str) -> Answer {
        let key = (host.to_owned(), name.to_owned());
        if let Some(known) = lock(&self.known).get(&key) {
            return known.clone();
        }
        let (answer, answered) = mpsc::channel();
        let (host, name) = key.clone();
        let asked = lock(&self.to).as_ref().map(|to| to.send(Question { host, name, answer }));
        let gone = || Diagnostic::new("the controller did not answer what another host has");
        let answer = match asked {
            Some(Ok(())) => answered.recv().unwrap_or_else(|_| Err(gone())),
            _ => Err(gone()),
        };
        lock(&self.known).insert(key, answer.clone());
        answer
    }
}

/// Passes questions on to the controller, until there are no more.
pub(super) fn pass_on(
    questions: &Receiver<Question>,
    from: &Mutex<&mut (dyn Read + Send)>,
    to: &Wire<'_>,
) {
    for Question { host, name, answer } in questions {
        to.send(&FromAgent::HostVariable { host, name });
        match protocol::read(*lock(from)) {
            Ok(Some(ToAgent::HostVariable(value))) => drop(answer.send(*value)),
            _ => to.leave(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Asking a run to stop: no host is begun any more, and every session is let go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Asks a run to stop, from another thread. An agent that nobody listens to any more ends the task
/// that it is at, remembers what is left, and stops by itself.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    asked: bool,
    next: usize,
    sessions: BTreeMap<usize, Box<dyn Fn() + Send>>,
}

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.asked = true;
        all.sessions.values().for_each(|let_go| let_go());
    }

    /// Whether it was asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    /// Waits so long, or until it is asked.
    pub(super) fn wait(&self, time: Duration) {
        let (asked, heard) = mpsc::channel();
        let _watched = self.watch(move || {
            let _ = asked.send(());
        });
        let _ = heard.recv_timeout(time);
    }

    /// Calls `let_go` when it is asked, or at once if it was, for as long as the answer lives.
    pub(super) fn watch(&self, let_go: impl Fn() + Send + 'static) -> Watched<'_> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.asked {
            let_go();
        }
        let number = all.next;
        all.next += 1;
        all.sessions.insert(number, Box::new(let_go));
        Watched { stop: self, number }
    }
}

/// A session that is let go when its run is to stop.
pub(super) struct Watched<'s> {
    stop: &'s Stop,
    number: usize,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut all = self.stop.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.sessions.remove(&self.number);
    }
}

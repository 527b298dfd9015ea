//! `run_once: true` over the whole rollout: the first host in inventory order that is still in
//! the run does it, the others wait for its result.

use crate::engine::Turn;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, PoisonError};

/// Who runs what, shared by all sessions of a run.
pub(super) struct RunOnceDesk {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// Hosts that are still in the play, by their places in it.
    present: BTreeMap<usize, String>,
    places: HashMap<String, usize>,
    results: HashMap<String, Value>,
}

impl RunOnceDesk {
    pub(super) fn new() -> Self {
        let inner = Inner::default();
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// A play begins for these hosts, in its order: what was run in another is run again.
    pub(super) fn begin(&self, hosts: &[&str]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let hosts = || hosts.iter().map(|host| (*host).to_owned());
        inner.present = (0..).zip(hosts()).collect();
        inner.places = hosts().zip(0..).collect();
        inner.results.clear();
    }

    /// Waits until it is this host's turn, or the task was run by another. `waits` is told for whom.
    pub(super) fn ask(&self, host: &str, task: &str, waits: &dyn Fn(&str)) -> Turn {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(result) = inner.results.get(task) {
                return Turn::Done(result.clone());
            }
            if inner.present.values().next().is_none_or(|first| first == host) {
                return Turn::Mine;
            }
            inner.present.values().take(1).for_each(|first| waits(first));
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn done(&self, task: String, result: Value) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.results.insert(task, result);
        self.changed.notify_all();
    }

    /// A host left the play, however it ended.
    pub(super) fn leave(&self, host: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = inner.places.remove(host) {
            inner.present.remove(&place);
        }
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{RunOnceDesk, Turn, Value};
    use std::sync::Arc;

    #[test]
    fn the_first_host_runs_it_and_the_others_get_its_result() {
        let desk = Arc::new(RunOnceDesk::new());
        desk.begin(&["a", "b"]);
        let waiting = Arc::clone(&desk);
        let other = std::thread::spawn(move || waiting.ask("b", "t", &|_| {}));
        assert_eq!(desk.ask("a", "t", &|_| {}), Turn::Mine);
        desk.done("t".into(), Value::Int(1));
        assert_eq!(other.join().unwrap(), Turn::Done(Value::Int(1)));
    }

    #[test]
    fn the_next_host_runs_it_when_the_first_drops_out() {
        let desk = RunOnceDesk::new();
        desk.begin(&["a", "b"]);
        desk.leave("a");
        assert_eq!(desk.ask("b", "t", &|_| {}), Turn::Mine);
    }

    #[test]
    fn another_play_runs_it_again() {
        let desk = RunOnceDesk::new();
        desk.begin(&["a"]);
        desk.done("t".into(), Value::Int(1));
        desk.begin(&["b"]);
        assert_eq!(desk.ask("b", "t", &|_| {}), Turn::Mine);
    }
}

//! Where the hosts of a run are in its plays: so many work at once, and who has ended a play waits
//! until the next one is begun.

use crate::event::HostStatus;
use crate::value::Map;
use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by all sessions of a run and by who conducts it.
pub(super) struct Steps {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    /// So many more may work.
    free: usize,
    /// Hosts at work in the play that is run.
    busy: HashSet<String>,
    /// Hosts that wait, once it was said how they go on.
    mail: HashMap<String, Option<Map>>,
    /// How hosts have ended.
    ended: HashMap<String, HostStatus>,
}

impl Steps {
    /// At most so many hosts work at once.
    pub(super) fn new(forks: usize) -> Self {
        let inner = Inner {
            free: forks.max(1),
            busy: HashSet::new(),
            mail: HashMap::new(),
            ended: HashMap::new(),
        };
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self, ready: impl Fn(&Inner) -> bool) -> MutexGuard<'_, Inner> {
        let waited = self.changed.wait_while(self.lock(), |inner| !ready(inner));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more host may work, and counts this one as it.
    pub(super) fn begin(&self, host: &str) {
        let mut inner = self.until(|inner| inner.free > 0);
        inner.free -= 1;
        inner.busy.insert(host.to_owned());
    }

    /// A host that waits for its next play may begin it, with these variables; without them it ends.
    pub(super) fn go_on(&self, host: &str, variables: Option<Map>) {
        self.lock().mail.insert(host.to_owned(), variables);
        self.changed.notify_all();
    }

    /// While a host waits for another, its place among those at work is free.
    pub(super) fn aside<T>(&self, host: &str, wait: impl FnOnce() -> T) -> T {
        let mut inner = self.lock();
        let works = inner.busy.contains(host);
        inner.free += usize::from(works);
        drop(inner);
        self.changed.notify_all();
        let waited = wait();
        if works {
            self.until(|inner| inner.free > 0).free -= 1;
        }
        waited
    }

    /// A host has ended a play: waits until it is said how it goes on.
    pub(super) fn next(&self, host: &str) -> Option<Map> {
        self.rest(host);
        let mut inner = self.until(|inner| inner.mail.contains_key(host));
        inner.mail.remove(host).flatten()
    }

    /// A host's session has ended.
    pub(super) fn end(&self, host: &str, status: HostStatus) {
        self.lock().ended.insert(host.to_owned(), status);
        self.rest(host);
    }

    fn rest(&self, host: &str) {
        let mut inner = self.lock();
        if inner.busy.remove(host) {
            inner.free += 1;
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// Waits until no host is at work.
    pub(super) fn idle(&self) {
        drop(self.until(|inner| inner.busy.is_empty()));
    }

    /// Whether a host takes no further part.
    pub(super) fn has_ended(&self, host: &str) -> bool {
        self.lock().ended.contains_key(host)
    }

    /// Whether a host has failed, or could not be reached.
    pub(super) fn has_failed(&self, host: &str) -> bool {
        let inner = self.lock();
        let status = inner.ended.get(host);
        status.is_some_and(|status| !matches!(status, HostStatus::Ok | HostStatus::Changed))
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, Steps};
    use crate::event::HostStatus;
    use std::sync::Arc;

    #[test]
    fn one_works_while_another_waits_for_its_next_play() {
        let steps = Arc::new(Steps::new(1));
        steps.begin("a");
        let waiting = Arc::clone(&steps);
        let a = std::thread::spawn(move || waiting.next("a"));
        // Only once `a` waits is there room for `b`.
        steps.begin("b");
        steps.end("b", HostStatus::Failed);
        steps.idle();
        assert!(steps.has_failed("b") && !steps.has_ended("a"));
        steps.begin("a");
        steps.go_on("a", Some(Map::new()));
        assert_eq!(a.join().unwrap(), Some(Map::new()));
        steps.end("a", HostStatus::Ok);
        steps.idle();
        assert!(steps.has_ended("a") && !steps.has_failed("a"));
    }
}

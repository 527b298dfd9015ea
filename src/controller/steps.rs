//! Where the hosts of a run are in its plays: so many work at once, and who has ended a play waits
//! until the next one is begun.

use crate::engine::{Attempt, Order};
use crate::event::HostStatus;
use crate::text::Diagnostic;
use crate::value::Map;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by all sessions of a run and by who conducts it.
pub(super) struct Steps {
    inner: Mutex<Inner>,
    changed: Condvar,
}

/// What a host does for another, and who waits for what comes of it.
pub(super) struct Work {
    pub(super) asker: String,
    pub(super) order: Box<Order>,
    pub(super) answer: Sender<Result<Attempt, Diagnostic>>,
}

/// How a host that waits goes on.
pub(super) enum Mail {
    /// It begins a play, with these variables.
    Play(Map),
    /// It does this, and waits again.
    Work(Work),
    /// It takes no further part.
    End,
}

struct Inner {
    /// So many more may work.
    free: usize,
    /// Hosts at work in the play that is run.
    busy: HashSet<String>,
    /// Hosts of the batch that is run that have not ended their own part of it.
    ahead: HashSet<String>,
    /// Hosts that wait, once it was said how they go on.
    mail: HashMap<String, Option<Map>>,
    /// What hosts are to do for others, in order.
    works: HashMap<String, VecDeque<Work>>,
    /// How hosts have ended.
    ended: HashMap<String, HostStatus>,
}

impl Steps {
    /// At most so many hosts work at once.
    pub(super) fn new(forks: usize) -> Self {
        let inner = Inner {
            free: forks.max(1),
            busy: HashSet::new(),
            ahead: HashSet::new(),
            mail: HashMap::new(),
            works: HashMap::new(),
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

    /// A batch with these hosts is run next: none of them does anything for another before its own part
    /// of it.
    pub(super) fn batch(&self, hosts: &[&str]) {
        self.lock().ahead = hosts.iter().map(|host| (*host).to_owned()).collect();
    }

    /// Waits until one more host may work, and counts this one as it, unless it has ended meanwhile.
    pub(super) fn begin(&self, host: &str) {
        let mut inner = self.until(|inner| inner.free > 0);
        if !inner.ended.contains_key(host) {
            inner.free -= 1;
            inner.busy.insert(host.to_owned());
        }
    }

    /// Whether a host has not ended its own part of the batch that is run.
    pub(super) fn is_ahead(&self, host: &str) -> bool {
        let inner = self.lock();
        inner.ahead.contains(host) && !inner.ended.contains_key(host)
    }

    /// Has a host do something for another, once it has ended its own part of the batch; how the host
    /// has ended, if it has.
    pub(super) fn post(&self, host: &str, work: Work) -> Result<(), HostStatus> {
        let mut inner = self.lock();
        if let Some(status) = inner.ended.get(host) {
            return Err(*status);
        }
        inner.works.entry(host.to_owned()).or_default().push_back(work);
        drop(inner);
        self.changed.notify_all();
        Ok(())
    }

    /// Who waits for something that a host has not begun.
    pub(super) fn askers(&self, host: &str) -> Vec<String> {
        let inner = self.lock();
        inner.works.get(host).into_iter().flatten().map(|work| work.asker.clone()).collect()
    }

    /// A host does not do what another asked of it.
    pub(super) fn refuse(&self, host: &str, asker: &str, error: &Diagnostic) {
        let mut inner = self.lock();
        let Some(works) = inner.works.get_mut(host) else { return };
        works.retain(|work| {
            if work.asker == asker {
                let _ = work.answer.send(Err(error.clone()));
            }
            work.asker != asker
        });
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

    /// A host waits until it is said how it goes on. `ended`: it has ended its part of a batch.
    pub(super) fn next(&self, host: &str, ended: bool) -> Mail {
        if ended {
            self.rest(host);
        }
        let works = |inner: &Inner| {
            !inner.ahead.contains(host) && inner.works.get(host).is_some_and(|all| !all.is_empty())
        };
        let mut inner = self.until(|inner| inner.mail.contains_key(host) || works(inner));
        if works(&inner)
            && let Some(work) = inner.works.get_mut(host).and_then(VecDeque::pop_front)
        {
            return Mail::Work(work);
        }
        inner.mail.remove(host).flatten().map_or(Mail::End, Mail::Play)
    }

    /// A host's session has ended: nobody waits for what it was to do any more.
    pub(super) fn end(&self, host: &str, status: HostStatus) {
        let mut inner = self.lock();
        inner.ended.insert(host.to_owned(), status);
        inner.works.remove(host);
        drop(inner);
        self.rest(host);
    }

    fn rest(&self, host: &str) {
        let mut inner = self.lock();
        if inner.busy.remove(host) {
            inner.free += 1;
        }
        inner.ahead.remove(host);
        drop(inner);
        self.changed.notify_all();
    }

    /// Waits until no host is at work.
    pub(super) fn idle(&self) {
        drop(self.until(|inner| inner.busy.is_empty()));
    }

    /// How a host has ended, if it has.
    pub(super) fn how_ended(&self, host: &str) -> Option<HostStatus> {
        self.lock().ended.get(host).copied()
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
    use super::{Mail, Map, Steps};
    use crate::event::HostStatus;
    use std::sync::Arc;

    #[test]
    fn one_works_while_another_waits_for_its_next_play() {
        let steps = Arc::new(Steps::new(1));
        steps.begin("a");
        let waiting = Arc::clone(&steps);
        let a = std::thread::spawn(move || waiting.next("a", true));
        // Only once `a` waits is there room for `b`.
        steps.begin("b");
        steps.end("b", HostStatus::Failed);
        steps.idle();
        assert!(steps.has_failed("b") && !steps.has_ended("a"));
        steps.begin("a");
        steps.go_on("a", Some(Map::new()));
        assert!(matches!(a.join().unwrap(), Mail::Play(variables) if variables.is_empty()));
        steps.end("a", HostStatus::Ok);
        steps.idle();
        assert!(steps.has_ended("a") && !steps.has_failed("a"));
    }
}

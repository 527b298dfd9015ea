//! In which order hosts have others do something, so that a dry run and an apply agree: each host's
//! first request in inventory order, then each one's second, and so on. A host that has left the play, or
//! that waits for who is asked, holds up nobody.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by all sessions of a run.
#[derive(Default)]
pub(super) struct Turns {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// Hosts of the batch that may ask others, in inventory order.
    present: Vec<String>,
    /// How often each has asked.
    asked: HashMap<String, usize>,
    /// What each has asked for last: a further try of it is no further request.
    last: HashMap<String, String>,
    /// Who waits for whom.
    waits: HashMap<String, String>,
}

impl Inner {
    /// Whether a host can do nothing before another goes on.
    fn is_behind(&self, host: &str, other: &str) -> bool {
        let mut at = host;
        for _ in 0..=self.waits.len() {
            match self.waits.get(at) {
                Some(next) if next == other => return true,
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }

    /// Whether another host's next request comes before this host's, which is its `number`th.
    fn is_before(&self, host: &str, number: usize) -> bool {
        let mut before = true;
        self.present.iter().any(|other| {
            if other == host {
                before = false;
                return false;
            }
            let next = self.asked.get(other).map_or(1, |asked| asked + 1);
            let first = next < number || (next == number && before);
            first && !self.is_behind(other, host)
        })
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch is begun; these of its hosts may ask others.
    pub(super) fn begin(&self, hosts: impl Iterator<Item = String>) {
        *self.lock() = Inner { present: hosts.collect(), ..Inner::default() };
    }

    /// A host has left the batch, however it ended.
    pub(super) fn leave(&self, host: &str) {
        let mut inner = self.lock();
        inner.present.retain(|present| present != host);
        inner.waits.remove(host);
        self.changed.notify_all();
    }

    /// A host waits for another, or for nobody any more.
    pub(super) fn waits_for(&self, host: &str, other: Option<&str>) {
        let mut inner = self.lock();
        match other {
            Some(other) => inner.waits.insert(host.to_owned(), other.to_owned()),
            None => inner.waits.remove(host),
        };
        self.changed.notify_all();
    }

    /// Whether a host can do nothing before another goes on.
    pub(super) fn is_behind(&self, host: &str, other: &str) -> bool {
        self.lock().is_behind(host, other)
    }

    /// Waits for a host's turn, and passes its request on before anybody else has one. `pass_on` is told
    /// whether the host asked waits for this one; from then on this one waits for it.
    pub(super) fn take<E>(
        &self,
        host: &str,
        request: &str,
        asked: &str,
        pass_on: impl FnOnce(bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut inner = self.lock();
        let again = inner.last.get(host).is_some_and(|last| last == request);
        let number = inner.asked.get(host).copied().unwrap_or(0) + usize::from(!again);
        let waited = self.changed.wait_while(inner, |inner| inner.is_before(host, number));
        inner = waited.unwrap_or_else(PoisonError::into_inner);
        inner.asked.insert(host.to_owned(), number);
        inner.last.insert(host.to_owned(), request.to_owned());
        let passed = pass_on(inner.is_behind(asked, host));
        if passed.is_ok() {
            inner.waits.insert(host.to_owned(), asked.to_owned());
        }
        self.changed.notify_all();
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;
    use std::sync::mpsc;

    /// Hosts in threads of their own, each with its requests; the order in which they were passed on.
    fn order(hosts: &[(&str, usize)], late: &str) -> Vec<String> {
        let turns = Turns::default();
        turns.begin(hosts.iter().map(|(host, _)| (*host).to_owned()));
        let (told, order) = mpsc::channel();
        let (begun, others_begun) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let mut others_begun = Some(others_begun);
            for (host, requests) in hosts {
                let (turns, told) = (&turns, told.clone());
                let begun = (*host != late).then(|| begun.clone());
                let waits = others_begun.take_if(|_| *host == late);
                scope.spawn(move || {
                    drop(begun);
                    if let Some(waits) = waits {
                        let _ = waits.recv();
                    }
                    for number in 1..=*requests {
                        let request = format!("task {number}");
                        let passed = turns.take(host, &request, "db", |_| {
                            told.send(format!("{host}{number}")).map_err(drop)
                        });
                        passed.unwrap();
                        turns.waits_for(host, None);
                    }
                    turns.leave(host);
                });
            }
            drop((begun, told));
        });
        order.iter().collect()
    }

    #[test]
    fn the_order_hinges_on_no_race() {
        for late in ["a", "b", "c"] {
            let told = order(&[("a", 2), ("b", 3), ("c", 1)], late);
            assert_eq!(told, ["a1", "b1", "c1", "a2", "b2", "b3"], "{late} comes late");
        }
    }

    #[test]
    fn who_waits_for_a_host_holds_it_up_in_nothing() {
        let turns = Turns::default();
        turns.begin(["a".to_owned(), "b".to_owned()].into_iter());
        let pass = |behind: bool| if behind { Err(()) } else { Ok(()) };
        assert_eq!(turns.take("a", "x", "b", pass), Ok(()));
        // `a` waits for `b`, which does not wait for the second request of `a`.
        assert_eq!(turns.take("b", "x", "db", pass), Ok(()));
        turns.waits_for("b", None);
        assert_eq!(turns.take("b", "y", "db", pass), Ok(()));
        turns.waits_for("b", None);
        assert_eq!(turns.take("b", "z", "a", pass), Err(()));
    }
}

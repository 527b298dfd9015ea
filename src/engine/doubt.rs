//! What a dry run cannot be sure of in a block: a task that may fail after all, and so what the
//! host and the results are when `rescue` and `always` begin, and when they have ended.

use super::bundle::Purpose;
use super::outcome::Attempt;
use super::run::Runner;
use super::task::Task;
use crate::host::{Action, Host};
use crate::value::{Kind, Known, Map, Node, Origin, Value};
use std::sync::Arc;

/// What a dry run has come by, in order.
#[derive(Debug, Clone)]
pub(super) enum Trace {
    /// An action that was performed, or may be.
    Did(Box<Action>),
    /// Something whose targets are not known in full.
    Unsettled(Vec<String>),
    /// A task that is assumed to succeed; what it did follows.
    MayFail(Doubt),
    /// A result or fact that was set.
    Set(String),
}

/// The run as it stands when a task fails after all.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) origin: Origin,
    pub(super) results: Arc<Map>,
    pub(super) moment: u64,
    pub(super) at: usize,
}

impl Runner<'_> {
    /// Takes note of a task that is assumed to succeed. `at` and `results` are as they were
    /// before it.
    pub(super) fn note_doubt(&mut self, task: &Task, attempt: &Attempt, at: usize) {
        if self.bundle.purpose != Purpose::Check
            || !attempt.may_fail
            || attempt.error().is_some()
            || never_fails(task)
        {
            return;
        }
        let name = task.name.as_str().unwrap_or(&task.id);
        let doubt = Doubt {
            origin: Origin::new(format!("whether `{name}` succeeds")),
            results: Arc::clone(&self.results),
            moment: self.moment,
            at,
        };
        self.trail.insert(at, Trace::MayFail(doubt));
    }

    /// A task whose failure the role takes as an answer: nothing that hinges on its success is
    /// known after it.
    pub(super) fn doubt_answer(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        attempt: &mut Attempt,
        at: usize,
    ) {
        if self.bundle.purpose != Purpose::Check || !attempt.may_fail || attempt.error().is_some() {
            return;
        }
        let name = task.name.as_str().unwrap_or(&task.id);
        let origin = Origin::new(format!("whether `{name}` succeeds"));
        blur(host, &self.trail[at..], &origin);
        for (moment, maybe) in self.started.values_mut() {
            if *moment == self.moment {
                maybe.get_or_insert_with(|| origin.clone());
            }
        }
        if attempt.changed == Known::Is(true) {
            attempt.changed = Known::Unknown(origin.clone());
        }
        if attempt.failed == Known::Is(None) && !never_fails(task) {
            attempt.failed = Known::Unknown(origin);
        }
    }

    /// Keeps a result or a fact for the tasks that follow.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.trace(Trace::Set(name.to_owned()));
        Arc::make_mut(&mut self.results).insert(name.to_owned(), value);
    }

    /// Whether anything was done, or may have been, since `start`.
    pub(super) fn has_acted(&self, start: usize) -> bool {
        self.trail[start..].iter().any(|trace| !matches!(trace, Trace::Set(_)))
    }

    pub(super) fn trace(&mut self, trace: Trace) {
        if self.bundle.purpose == Purpose::Check {
            self.trail.push(trace);
        }
    }

    /// The first task since `start` that may fail after all.
    pub(super) fn first_doubt(&self, start: usize) -> Option<Doubt> {
        self.trail[start..].iter().find_map(|trace| match trace {
            Trace::MayFail(doubt) => Some(doubt.clone()),
            _ => None,
        })
    }

    /// From here on nothing hinges on what may not have been done, because a task before it may
    /// have failed.
    pub(super) fn blur_since(&mut self, host: &mut dyn Host, doubt: &Doubt) {
        blur(host, &self.trail[doubt.at..], &doubt.origin);
        self.results = Arc::new(joined(&self.results, &doubt.results, &doubt.origin));
        self.doubt_starts(doubt);
    }

    pub(super) fn doubt_starts(&mut self, doubt: &Doubt) {
        for (moment, maybe) in self.started.values_mut() {
            if *moment > doubt.moment {
                maybe.get_or_insert_with(|| doubt.origin.clone());
            }
        }
    }
}

fn never_fails(task: &Task) -> bool {
    matches!(task.keywords.failed_when.as_slice(), [Node { kind: Kind::Bool(false), .. }])
}

/// Makes unknown what these touch.
pub(super) fn blur(host: &mut dyn Host, trail: &[Trace], origin: &Origin) {
    for trace in trail {
        match trace {
            // Where it cannot be performed on what it has made itself, its target is unknown too.
            Trace::Did(action) => {
                if host.might(action, origin).is_err() {
                    host.unsettle(&[action.target()], origin);
                }
            }
            Trace::Unsettled(names) => host.unsettle(names, origin),
            Trace::MayFail(_) | Trace::Set(_) => {}
        }
    }
}

/// The results where it is not known which of two ways the run went.
pub(super) fn joined(one: &Map, other: &Map, origin: &Origin) -> Map {
    let mut joined = one.clone();
    for (name, value) in &mut joined {
        if other.get(name) != Some(value) {
            *value = Value::Unknown(origin.clone());
        }
    }
    for name in other.keys() {
        joined.entry(name.clone()).or_insert_with(|| Value::Unknown(origin.clone()));
    }
    joined
}

//! What a dry run cannot be sure of: whether a task succeeds, and so what the host and the results
//! are after it.

use super::bundle::Purpose;
use super::facts::sources_of_all;
use super::flow::Flow;
use super::knowledge::{Doubt, Knowledge, Mark, Trace};
use super::outcome::Attempt;
use super::run::Runner;
use super::task::Task;
use crate::host::Host;
use crate::host::overlay::Overlay;
use crate::value::{Known, Node, NodeKind, Origin, Value};
use std::sync::Arc;

impl Runner<'_> {
    /// Takes note of a task that is assumed to succeed, and began at `since`.
    pub(super) fn note_doubt(&mut self, task: &Task, attempt: &Attempt, since: Mark) {
        if self.bundle.purpose != Purpose::Check
            || !attempt.may_fail
            || attempt.error().is_some()
            || never_fails(task)
        {
            return;
        }
        self.knows.doubt.get_or_insert_with(|| Doubt { origin: success_of(task), since });
    }

    /// A task whose failure the role takes as an answer: nothing that hinges on its success is
    /// known after it. It began at `since`.
    pub(super) fn doubt_answer(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        attempt: &mut Attempt,
        since: Mark,
    ) {
        if self.bundle.purpose != Purpose::Check || !attempt.may_fail || attempt.error().is_some() {
            return;
        }
        let origin = success_of(task);
        self.blur(host, since.at, &origin);
        self.knows.doubt_starts(&Doubt { origin: origin.clone(), since });
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
        Arc::make_mut(&mut self.knows.results).insert(name.to_owned(), value);
    }

    pub(super) fn trace(&mut self, trace: Trace) {
        if self.bundle.purpose == Purpose::Check {
            self.knows.trail.push(trace);
        }
    }

    /// Goes another way from here: with a copy of what is known, on a host that forgets.
    pub(super) fn aside<R>(
        &mut self,
        host: &dyn Host,
        go: impl FnOnce(&mut Self, &mut dyn Host) -> R,
    ) -> (R, Knowledge) {
        let mut scratch = Overlay::new(host.view(), self.bundle);
        let way = self.knows.branch();
        let here = std::mem::replace(&mut self.knows, way);
        let result = go(self, &mut scratch);
        (result, std::mem::replace(&mut self.knows, here))
    }

    /// Goes a way that the run goes only if this turns out so.
    pub(super) fn perhaps(
        &mut self,
        host: &mut dyn Host,
        origin: &Origin,
        go: impl FnOnce(&mut Self, &mut dyn Host) -> Flow,
    ) -> Flow {
        let (flow, way) = self.aside(host, go);
        if let Flow::Stop { .. } = flow {
            // The run goes on only if it does not come to that.
            let since = self.knows.mark();
            self.knows.doubt.get_or_insert_with(|| Doubt { origin: origin.clone(), since });
            self.knows.fail(way);
            return Flow::Go;
        }
        self.join(host, way, origin);
        match flow {
            Flow::Go => Flow::Go,
            _ => Flow::MayEnd(origin.clone()),
        }
    }

    /// Makes unknown on a host what this run has come by since this place of its trail.
    pub(super) fn blur(&mut self, host: &mut dyn Host, at: usize, origin: &Origin) {
        let trail = &self.knows.trail[at..];
        blur(host, trail, origin);
        self.gather_again(host, &sources_of_all(trail));
    }

    /// From here on nothing hinges on which of two ways the run has gone.
    pub(super) fn join(&mut self, host: &mut dyn Host, other: Knowledge, origin: &Origin) {
        blur(host, &other.trail, origin);
        let sources = sources_of_all(&other.trail);
        self.knows.join(other, origin);
        self.gather_again(host, &sources);
    }

    /// From here on nothing hinges on what may not have been done since the doubt.
    pub(super) fn doubt(&mut self, host: &mut dyn Host, doubt: &Doubt) {
        let mut trail = std::mem::take(&mut self.knows.trail);
        let failed = std::mem::take(&mut self.knows.failed);
        self.doubt_trail(host, doubt, &trail, failed);
        trail.append(&mut self.knows.trail);
        self.knows.trail = trail;
    }

    /// The same, after this trail, and perhaps after one of the ways that ended in a failure.
    pub(super) fn doubt_trail(
        &mut self,
        host: &mut dyn Host,
        doubt: &Doubt,
        trail: &[Trace],
        failed: Vec<Knowledge>,
    ) {
        let since = &trail[doubt.since.at..];
        blur(host, since, &doubt.origin);
        self.gather_again(host, &sources_of_all(since));
        self.knows.doubt(doubt, since);
        for way in failed {
            self.join(host, way, &doubt.origin);
        }
    }
}

fn success_of(task: &Task) -> Origin {
    Origin::new(format!("whether `{}` succeeds", task.name.as_str().unwrap_or(&task.id)))
}

fn never_fails(task: &Task) -> bool {
    matches!(task.keywords.failed_when.as_slice(), [Node { kind: NodeKind::Bool(false), .. }])
}

/// Makes unknown what these touch.
fn blur(host: &mut dyn Host, trail: &[Trace], origin: &Origin) {
    for trace in trail {
        match trace {
            Trace::Did(action) => host.doubt(action, origin),
            Trace::Unsettled(names) => host.unsettle(names, origin),
            Trace::Set(_) | Trace::Ran(_) => {}
        }
    }
}

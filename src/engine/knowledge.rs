//! What a run knows by now, as one value: a way that the run may not go is a copy of it that runs
//! on, and is joined again.

use super::flow::Flow;
use super::state::PendingHandler;
use crate::event::TaskRef;
use crate::host::Action;
use crate::resource::Later;
use crate::value::{Known, Map, Origin, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A notification that waits.
#[derive(Debug, Clone)]
pub(super) struct Notified {
    /// The handler's name, or a topic that handlers listen to.
    pub(super) name: String,
    /// The moment of the run; 0 if an earlier run left it.
    pub(super) moment: u64,
    /// Why it may not be notified after all.
    pub(super) uncertain: Option<Origin>,
    /// Units that an earlier run started since: [`PendingHandler::started`].
    pub(super) started: BTreeSet<String>,
}

/// What an earlier run left to notify.
#[derive(Debug, Clone)]
pub(super) struct Recalled {
    pub(super) pending: PendingHandler,
    /// Why this run may have come to its place already.
    pub(super) uncertain: Option<Origin>,
}

/// What a run knows by now.
#[derive(Debug, Clone, Default)]
pub(super) struct Knowledge {
    /// `set_fact`, `register` and `run_once_ROLE`.
    pub(super) results: Arc<Map>,
    /// Of the host, and what the inventory says of it.
    pub(super) facts: Arc<Map>,
    /// Notifications that wait.
    pub(super) notified: Vec<Notified>,
    /// What earlier runs left to notify, until this run has come to its place.
    pub(super) recalled: Vec<Recalled>,
    /// Tasks of `run_once` that ran in this run, by their `id`, and why one may not have.
    pub(super) ran_once: HashMap<String, Option<Origin>>,
    /// When each unit was started in this run, and why it may not have been.
    pub(super) started: HashMap<String, (u64, Option<Origin>)>,
    /// Counts notifications and starts.
    pub(super) moment: u64,
    /// Files that are still to be asked about.
    pub(super) unproven: Vec<Unproven>,
    /// How often this run has come by each task, and by each with what it declares.
    pub(super) passed: HashMap<String, u32>,
    /// What a dry run has come by since the innermost block began, in order.
    pub(super) trail: Vec<Trace>,
    /// The first task since then that may fail after all.
    pub(super) doubt: Option<Doubt>,
    /// Ways that ended in a failure, for what comes after one.
    pub(super) failed: Vec<Knowledge>,
    /// What the tasks of the innermost block have come to.
    pub(super) came_to: CameTo,
    /// Actions that succeeded.
    pub(super) done: usize,
    /// Tasks that a failure kept from being run.
    pub(super) not_run: usize,
    /// Something was changed.
    pub(super) changed: bool,
}

/// A file whose `validate` could not be asked before it took its place.
#[derive(Debug, Clone)]
pub(super) struct Unproven {
    pub(super) later: Later,
    /// The task that wrote it.
    pub(super) task: Box<TaskRef>,
}

/// What the tasks of a block have come to so far.
#[derive(Debug, Clone)]
pub(super) struct CameTo {
    /// One of them changed something.
    changed: Known<bool>,
    /// One of them was not skipped.
    done: Known<bool>,
}

impl Default for CameTo {
    fn default() -> Self {
        Self { changed: Known::Is(false), done: Known::Is(false) }
    }
}

impl CameTo {
    /// One more task, or what a block within has come to.
    pub(super) fn add(&mut self, changed: &Known<bool>, done: &Known<bool>) {
        for (own, new) in [(&mut self.changed, changed), (&mut self.done, done)] {
            if *own != Known::Is(true) && *new != Known::Is(false) {
                own.clone_from(new);
            }
        }
    }

    /// What a block registers.
    pub(super) fn registered(&self, flow: &Flow, tries: Option<Known<i64>>) -> Value {
        let mut map = Map::new();
        map.insert("changed".into(), value(self.changed.as_ref().map(|it| Value::Bool(*it))));
        map.insert("skipped".into(), value(self.done.as_ref().map(|it| Value::Bool(!*it))));
        map.insert("failed".into(), Value::Bool(matches!(flow, Flow::Stop { .. })));
        if let Flow::Stop { error, .. } = flow {
            map.insert("msg".into(), error.message.as_str().into());
        }
        if let Some(tries) = tries {
            map.insert("attempts".into(), value(tries.map(Value::Int)));
        }
        Value::Map(map)
    }
}

fn value(known: Known<Value>) -> Value {
    match known {
        Known::Is(value) => value,
        Known::Unknown(origin) => Value::Unknown(origin),
    }
}

/// What a dry run has come by.
#[derive(Debug, Clone)]
pub(super) enum Trace {
    /// An action that was performed, or may be.
    Did(Box<Action>),
    /// Something whose targets are not known in full.
    Unsettled(Vec<String>),
    /// A result or fact that was set.
    Set(String),
    /// A task of `run_once`, by its `id`.
    Ran(String),
}

/// A point of the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// In the trail.
    pub(super) at: usize,
    pub(super) moment: u64,
}

/// Why it is not known how far the run came after this point.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) origin: Origin,
    pub(super) since: Mark,
}

/// What a block keeps of what is around it.
pub(super) struct Outside {
    trail: Vec<Trace>,
    doubt: Option<Doubt>,
    came_to: CameTo,
}

impl Knowledge {
    pub(super) const fn mark(&self) -> Mark {
        Mark { at: self.trail.len(), moment: self.moment }
    }

    /// Begins a block: what it comes by is its own until it ends.
    pub(super) fn begin(&mut self) -> Outside {
        Outside {
            trail: std::mem::take(&mut self.trail),
            doubt: self.doubt.take(),
            came_to: std::mem::take(&mut self.came_to),
        }
    }

    /// Ends a block: what it has come by, its surroundings have.
    pub(super) fn end(&mut self, outside: Outside) {
        let Outside { mut trail, doubt, mut came_to } = outside;
        came_to.add(&self.came_to.changed, &self.came_to.done);
        self.came_to = came_to;
        let before = trail.len();
        trail.append(&mut self.trail);
        self.trail = trail;
        let inner = self.doubt.take().map(|mut inner| {
            inner.since.at += before;
            inner
        });
        self.doubt = doubt.or(inner);
    }

    /// A copy that has come by nothing yet: another way to go on from here.
    pub(super) fn branch(&self) -> Self {
        Self {
            results: Arc::clone(&self.results),
            facts: Arc::clone(&self.facts),
            notified: self.notified.clone(),
            recalled: self.recalled.clone(),
            ran_once: self.ran_once.clone(),
            started: self.started.clone(),
            unproven: self.unproven.clone(),
            passed: self.passed.clone(),
            came_to: self.came_to.clone(),
            trail: Vec::new(),
            doubt: None,
            failed: Vec::new(),
            ..*self
        }
    }

    /// It may be that nothing since the doubt has happened; the trail since then tells what.
    pub(super) fn doubt(&mut self, doubt: &Doubt, trail: &[Trace]) {
        let Doubt { origin, since } = doubt;
        let results = Arc::make_mut(&mut self.results);
        for trace in trail {
            match trace {
                Trace::Set(name) => {
                    results.insert(name.clone(), Value::Unknown(origin.clone()));
                }
                Trace::Ran(task) => {
                    let maybe = self.ran_once.entry(task.clone()).or_default();
                    maybe.get_or_insert_with(|| origin.clone());
                }
                Trace::Did(_) | Trace::Unsettled(_) => {}
            }
        }
        self.doubt_starts(doubt);
        for call in self.notified.iter_mut().filter(|call| call.moment > since.moment) {
            call.uncertain.get_or_insert_with(|| origin.clone());
        }
    }

    /// It may be that nothing was started since the doubt.
    pub(super) fn doubt_starts(&mut self, doubt: &Doubt) {
        for (moment, maybe) in self.started.values_mut() {
            if *moment > doubt.since.moment {
                maybe.get_or_insert_with(|| doubt.origin.clone());
            }
        }
    }

    /// Either this or the other way was gone: what differs is not known, and what was done on the
    /// other may have been.
    pub(super) fn join(&mut self, other: Self, origin: &Origin) {
        let since = self.mark();
        self.count(&other);
        if let Some(Doubt { origin, .. }) = other.doubt {
            self.doubt.get_or_insert(Doubt { origin, since });
        }
        self.trail.extend(other.trail);
        self.failed.extend(other.failed);
        if !Arc::ptr_eq(&self.results, &other.results) {
            join_results(Arc::make_mut(&mut self.results), &other.results, origin);
        }
        join_notified(&mut self.notified, other.notified, origin);
        join_started(&mut self.started, other.started, origin);
        for (key, count) in other.passed {
            let own = self.passed.entry(key).or_default();
            *own = count.max(*own);
        }
        for (own, other) in [
            (&mut self.came_to.changed, other.came_to.changed),
            (&mut self.came_to.done, other.came_to.done),
        ] {
            if *own != other {
                *own = Known::Unknown(origin.clone());
            }
        }
        join_recalled(&mut self.recalled, &other.recalled, origin);
        for (task, own) in &mut self.ran_once {
            if !other.ran_once.contains_key(task) {
                own.get_or_insert_with(|| origin.clone());
            }
        }
        for (task, maybe) in other.ran_once {
            let own = self.ran_once.entry(task).or_insert_with(|| Some(origin.clone()));
            *own = own.take().or(maybe);
        }
    }

    /// A way that ended in a failure: the run goes on only if it did not go there.
    pub(super) fn fail(&mut self, way: Self) {
        self.count(&way);
        self.failed.push(way);
    }

    /// What was done on another way counts all the same.
    fn count(&mut self, other: &Self) {
        self.moment = self.moment.max(other.moment);
        self.done = self.done.max(other.done);
        self.not_run = self.not_run.max(other.not_run);
        self.changed |= other.changed;
    }

    /// Goes back to what was known on one way, with what has come since `mark` on every way.
    pub(super) fn settle(&mut self, before: Self, mark: Mark) {
        let mut results = Arc::unwrap_or_clone(before.results);
        for trace in &self.trail[mark.at..] {
            if let Trace::Set(name) = trace
                && let Some(value) = self.results.get(name)
            {
                results.insert(name.clone(), value.clone());
            }
        }
        self.results = Arc::new(results);
        for (unit, start) in before.started {
            if self.started.get(&unit).is_some_and(|(moment, _)| *moment <= mark.moment) {
                self.started.insert(unit, start);
            }
        }
        for call in self.notified.iter_mut().filter(|call| call.moment <= mark.moment) {
            let same = |was: &&Notified| was.name == call.name && was.moment == call.moment;
            if let Some(was) = before.notified.iter().find(same) {
                call.uncertain.clone_from(&was.uncertain);
            }
        }
    }
}

fn join_results(own: &mut Map, other: &Map, origin: &Origin) {
    for (name, value) in own.iter_mut() {
        if other.get(name) != Some(value) {
            *value = Value::Unknown(origin.clone());
        }
    }
    for name in other.keys().filter(|name| !own.contains_key(*name)).cloned().collect::<Vec<_>>() {
        own.insert(name, Value::Unknown(origin.clone()));
    }
}

/// What only one way has notified is not surely notified; nor what only one has left to handle.
fn join_notified(own: &mut Vec<Notified>, other: Vec<Notified>, origin: &Origin) {
    let called = |call: &Notified| (call.name.clone(), call.moment);
    let known: HashSet<_> = own.iter().map(called).collect();
    let there: HashMap<_, _> =
        other.iter().map(|call| (called(call), call.uncertain.clone())).collect();
    for call in own.iter_mut() {
        let doubt = there.get(&called(call)).cloned().unwrap_or_else(|| Some(origin.clone()));
        call.uncertain = call.uncertain.take().or(doubt);
    }
    for mut call in other.into_iter().filter(|call| !known.contains(&called(call))) {
        call.uncertain.get_or_insert_with(|| origin.clone());
        own.push(call);
    }
}

/// What one way has come by already does not wait for certain.
fn join_recalled(own: &mut [Recalled], other: &[Recalled], origin: &Origin) {
    for waiting in own {
        let there = other.iter().find(|there| there.pending == waiting.pending);
        let doubt = there.map_or_else(|| Some(origin.clone()), |there| there.uncertain.clone());
        waiting.uncertain = waiting.uncertain.take().or(doubt);
    }
}

type Started = HashMap<String, (u64, Option<Origin>)>;

fn join_started(own: &mut Started, mut other: Started, origin: &Origin) {
    for (unit, (moment, maybe)) in own.iter_mut() {
        match other.remove(unit) {
            Some((same, doubt)) if same == *moment => *maybe = maybe.take().or(doubt),
            there => {
                *moment = there.map_or(*moment, |(there, _)| there.max(*moment));
                maybe.get_or_insert_with(|| origin.clone());
            }
        }
    }
    for (unit, (moment, maybe)) in other {
        own.insert(unit, (moment, maybe.or_else(|| Some(origin.clone()))));
    }
}

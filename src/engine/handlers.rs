//! Handlers: notified before the first action of a task, remembered until they succeeded.

use super::bundle::Purpose;
use super::context::{Called, Context, Reach};
use super::flow::Flow;
use super::item::Item;
use super::journal_entry::JournalEntry;
use super::knowledge::{Notified, Recalled};
use super::run::Runner;
use super::scope::Scopes;
use super::state::PendingHandler;
use super::task::Task;
use crate::event::Event;
use crate::host::Host;
use crate::text::{Diagnostic, with_article};
use crate::value::{Known, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

impl<'a> Runner<'a> {
    /// Takes over what earlier runs left to do. Each waits for its place: what stands between the
    /// beginning and the task that notified it may be what it needs.
    pub(super) fn recall_pending(&mut self) {
        for pending in self.memory.state().pending.clone() {
            if self.is_answered(&pending.name) {
                self.knows.recalled.push(Recalled { pending, uncertain: None });
            } else if self.bundle.speaks_for(&pending.role) {
                self.tell(Event::Warning(
                    Diagnostic::new(format!(
                        "handler `{}` of role `{}` was waiting and is dropped",
                        pending.name, pending.role
                    ))
                    .help(
                        "this host's roles no longer have it; run by hand what it would have done",
                    ),
                ));
                let forget = self.memory.append(JournalEntry::Handled(vec![pending]));
                self.warn_if_failed(forget);
            }
        }
    }

    /// What an earlier run's task notified, now that the run has come to that task again.
    pub(super) fn recall(&mut self, task: &str) {
        let recalled = std::mem::take(&mut self.knows.recalled);
        let (here, later) = recalled.into_iter().partition(|one| one.pending.task == task);
        self.knows.recalled = later;
        self.notify_again(here);
    }

    /// What is left of earlier runs' notifications when the play's last task was passed, and what it
    /// answers to. Where tasks were left out, it goes on waiting for them.
    pub(super) fn recall_the_rest(&mut self) {
        if self.bundle.is_limited() {
            return;
        }
        let recalled = std::mem::take(&mut self.knows.recalled);
        let answered = |one: &Recalled| !self.answering(&one.pending.name).is_empty();
        let (rest, others) = recalled.into_iter().partition(answered);
        self.knows.recalled = others;
        self.notify_again(rest);
    }

    /// Whether any play has a handler that a notification calls.
    fn is_answered(&self, notification: &str) -> bool {
        let roles = self.bundle.plays.iter().flat_map(|play| &play.library);
        let roles = roles.filter_map(|name| self.bundle.library.get(name));
        roles.flat_map(|role| &role.handlers).any(|one| {
            one.name.as_str() == Some(notification)
                || one.keywords.listen.iter().any(|topic| topic == notification)
        })
    }

    fn notify_again(&mut self, recalled: Vec<Recalled>) {
        let again = |Recalled { pending, uncertain }| {
            let PendingHandler { name, started, .. } = pending;
            Notified { name, moment: 0, uncertain, started }
        };
        self.knows.notified.extend(recalled.into_iter().map(again));
    }

    /// The handlers that wait from a task's first action on.
    pub(super) fn to_notify(
        &self,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Vec<PendingHandler>, Diagnostic> {
        if context.reach != Reach::Certain {
            return Ok(Vec::new());
        }
        let task = item.task;
        let waits = |name: String| PendingHandler {
            role: task.role.clone(),
            name,
            task: task.id.clone(),
            ..PendingHandler::default()
        };
        Ok(self.notify_names(task, &item.scopes)?.into_iter().map(waits).collect())
    }

    fn notify_names(&self, task: &Task, scopes: &Scopes) -> Result<Vec<String>, Diagnostic> {
        let scope = scopes.scope();
        let mut names = Vec::new();
        for node in &task.keywords.notify {
            let known = names.len();
            match self.templates.node(node, &scope)? {
                Value::Str(name) => names.push(name),
                Value::List(items) => {
                    names.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                other => {
                    return Err(Diagnostic::new(format!(
                        "a handler's name is text, not {}",
                        with_article(other.kind())
                    ))
                    .at(node.span));
                }
            }
            let answered = |name: &&String| !self.answering(name).is_empty();
            if let Some(name) = names[known..].iter().find(|name| !answered(name)) {
                let message = format!("no handler is called `{name}`, or listens to it");
                return Err(Diagnostic::new(message).at(node.span));
            }
        }
        Ok(names)
    }

    /// After a task: its handlers wait if it changed, and no longer if it did not after all.
    pub(super) fn notify(
        &mut self,
        task: &Task,
        context: &Context,
        scopes: &Scopes,
        changed: &Known<bool>,
    ) {
        let Ok(names) = self.notify_names(task, scopes) else {
            return;
        };
        if names.is_empty() {
            return;
        }
        let uncertain = match (changed, &context.reach) {
            (Known::Is(false), _) => {
                self.forget_unless_notified(task, &names);
                return;
            }
            (Known::Unknown(origin), _) | (_, Reach::OnlyIf(origin)) => Some(origin.clone()),
            (Known::Is(true), _) => None,
        };
        self.knows.moment += 1;
        for name in names {
            let moment = self.knows.moment;
            let uncertain = uncertain.clone();
            self.knows.notified.push(Notified {
                name,
                moment,
                uncertain,
                started: BTreeSet::new(),
            });
        }
    }

    /// `changed_when` may say that an action was no change.
    fn forget_unless_notified(&mut self, task: &Task, names: &[String]) {
        let waits = |name: &&String| {
            self.knows.notified.iter().any(|other| other.name == **name)
                || self.knows.recalled.iter().any(|other| other.pending.name == **name)
        };
        let stale = |pending: &PendingHandler| {
            let mut names = names.iter().filter(|name| !waits(name));
            names.any(|name| pending.is_same(&task.role, name))
        };
        let stale: Vec<_> =
            self.memory.state().pending.iter().filter(|one| stale(one)).cloned().collect();
        if !stale.is_empty() {
            let forget = self.memory.append(JournalEntry::Handled(stale));
            self.warn_if_failed(forget);
        }
    }

    /// Runs the notified handlers in order of definition, each once, and then those that handlers
    /// have notified after their turn.
    pub(super) fn flush_handlers(&mut self, host: &mut dyn Host, reach: &Reach) -> Flow {
        if self.bundle.purpose == Purpose::Verify {
            return Flow::Go;
        }
        let handlers: Vec<_> = self
            .handlers()
            .flat_map(|(name, handlers)| handlers.iter().map(move |one| (name, one)))
            .collect();
        // The moment at which each has run in this flush.
        let mut ran: Vec<Option<u64>> = vec![None; handlers.len()];
        for _ in 0..=handlers.len() {
            let mut still = false;
            for (index, (role, handler)) in handlers.iter().enumerate() {
                let calls = self.calls(index, ran[index]);
                if calls.is_empty() {
                    continue;
                }
                still = true;
                ran[index] = Some(self.knows.moment);
                match self.handle(host, role, handler, &calls, reach) {
                    Flow::Go | Flow::MayEnd(_) => {}
                    flow => return flow,
                }
                // Forgotten at once: what a kill leaves is only what has not succeeded.
                let waits = |call: &Notified| {
                    let others = self.answering(&call.name);
                    others.into_iter().any(|other| ran[other].is_none_or(|ran| call.moment > ran))
                };
                self.forget(&calls.into_iter().filter(|call| !waits(call)).collect::<Vec<_>>());
            }
            if !still {
                let called = std::mem::take(&mut self.knows.notified);
                self.forget(&called);
                return Flow::Go;
            }
        }
        let names: Vec<_> = self.knows.notified.iter().map(|call| call.name.clone()).collect();
        let (_, last) = handlers[handlers.len() - 1];
        let error = Diagnostic::new("handlers notify each other without an end")
            .note(format!("notified: {}", names.join(", ")));
        self.stop(last, &self.role_context(&last.role), error)
    }

    /// The handlers of the play, by role: the play's own are the last.
    fn handlers(&self) -> impl Iterator<Item = (&'a str, &'a [Task])> + use<'a> {
        let bundle = self.bundle;
        let names = self.part().into_iter().flat_map(|play| &play.library);
        names
            .filter_map(|name| Some((name.as_str(), bundle.library.get(name)?.handlers.as_slice())))
    }

    /// What calls a handler that has run at this moment, or not yet.
    fn calls(&self, handler: usize, ran: Option<u64>) -> Vec<Notified> {
        let mut answering = HashMap::new();
        let mut calls = self.knows.notified.clone();
        calls.retain(|call| {
            let known: &mut Vec<usize> =
                answering.entry(call.name.clone()).or_insert_with(|| self.answering(&call.name));
            known.contains(&handler) && ran.is_none_or(|ran| call.moment > ran)
        });
        calls
    }

    /// The handlers that a notification calls, by their place among all. As in Ansible, of those of
    /// one name only one is called: the last role's, and its first.
    fn answering(&self, notification: &str) -> Vec<usize> {
        let mut place = 0;
        let mut roles: Vec<Vec<(usize, &Task)>> = Vec::new();
        for (_, of_role) in self.handlers() {
            let handlers = of_role.iter().zip(place..).map(|(one, place)| (place, one));
            roles.push(handlers.collect());
            place += of_role.len();
        }
        let handlers = || roles.iter().rev().flatten();
        let named = handlers().find(|(_, one)| one.name.as_str() == Some(notification));
        let mut known = HashSet::new();
        let listens = handlers().filter(|(_, one)| {
            let topics = &one.keywords.listen;
            // One without a name of its own is told by nothing else.
            topics.iter().any(|topic| topic == notification)
                && (one.name.span == one.span || known.insert(one.name.as_str()))
        });
        listens.chain(named).map(|(place, _)| *place).collect()
    }

    fn handle(
        &mut self,
        host: &mut dyn Host,
        role: &str,
        handler: &Task,
        calls: &[Notified],
        reach: &Reach,
    ) -> Flow {
        let mut context = Context { reach: reach.clone(), ..self.role_context(role) };
        let surely = calls.iter().filter(|call| call.uncertain.is_none());
        let certain = surely.map(|call| call.moment).max();
        let doubt = calls.iter().find_map(|call| call.uncertain.clone());
        let last = calls.iter().map(|call| call.moment).max().unwrap_or_default();
        let started = calls.iter().map(|call| call.started.clone());
        let started = started.reduce(|all, more| &all & &more).unwrap_or_default();
        context.handler = Some(Called { last, certain: certain.zip(doubt.clone()), started });
        if let (None, Some(origin)) = (certain, doubt) {
            let context = context.only_if(&origin);
            return self.perhaps(host, &origin, |runner, host| {
                runner.list(host, std::slice::from_ref(handler), &context)
            });
        }
        self.list(host, std::slice::from_ref(handler), &context)
    }

    /// Their handlers have succeeded.
    fn forget(&mut self, called: &[Notified]) {
        let done =
            |pending: &&PendingHandler| called.iter().any(|other| other.name == pending.name);
        let done: Vec<_> = self.memory.state().pending.iter().filter(done).cloned().collect();
        if !done.is_empty() {
            let forget = self.memory.append(JournalEntry::Handled(done));
            self.warn_if_failed(forget);
        }
    }

    /// The names of handlers that the next run will run.
    pub(super) fn waiting_handlers(&self) -> Vec<String> {
        if self.bundle.purpose != Purpose::Apply {
            return Vec::new();
        }
        let mut names: Vec<String> =
            self.memory.state().pending.iter().map(|pending| pending.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn warn_if_failed(&mut self, result: Result<(), crate::host::HostError>) {
        if let Err(error) = result {
            self.tell(Event::Warning(error.diagnostic()));
        }
    }
}

//! `run_once` in its four scopes.

use super::context::{Context, Reach};
use super::control::Truth;
use super::flow::Flow;
use super::item::Item;
use super::journal_entry::JournalEntry;
use super::knowledge::Trace;
use super::outlet::Turn;
use super::run::Runner;
use super::scope::Scopes;
use super::task::{Body, RunOnce, Task};
use super::telling::id;
use crate::event::{Ran, Reason, TaskReport, TaskStatus};
use crate::value::{Origin, Sha256, Value};
use std::cell::OnceCell;

impl Runner<'_> {
    /// If the task need not run again: how the list goes on.
    pub(super) fn settled_before(
        &mut self,
        task: &Task,
        context: &Context,
        scopes: &Scopes,
    ) -> Option<Flow> {
        let scope = task.keywords.run_once?;
        // What this run has perhaps done the memory knows only perhaps.
        if self.may_have_run(task).is_some() {
            return None;
        }
        let when = match scope {
            RunOnce::Host if self.knows.ran_once.contains_key(once_id(task)) => Ran::HereInThisRun,
            RunOnce::Ever if self.memory.state().ever.contains_key(once_id(task)) => {
                Ran::HereBefore
            }
            RunOnce::UntilChanged
                if self.memory.state().until_changed.get(once_id(task)).is_some_and(|known| {
                    self.task_hash(task, context, scopes).as_ref() == Some(known)
                }) =>
            {
                Ran::HereUnchanged
            }
            RunOnce::Run => match self.outlet.run_once(&id(task, context, None)) {
                Turn::Mine => return None,
                Turn::Done(result) => {
                    if let Body::SetFact(_) = &task.body {
                        self.set_facts_of(&result);
                    }
                    self.register(task, result);
                    Ran::Elsewhere
                }
            },
            _ => return None,
        };
        let status = TaskStatus::Skipped;
        let reference = self.reference(task, context, None);
        self.finish(TaskReport {
            task: reference,
            status,
            reason: Some(Reason::RanAlready { when }),
            change: None,
            actions: Vec::new(),
            not_needed: Vec::new(),
            output: None,
            error: None,
            ms: 0,
        });
        Some(Flow::Go)
    }

    /// What a `set_fact` on another host set, with every item of its loop.
    fn set_facts_of(&mut self, result: &Value) {
        let items = match result.get("results").map(Value::exposed) {
            Some(Value::List(items)) => items.as_slice(),
            _ => std::slice::from_ref(result),
        };
        let facts = items.iter().filter_map(|item| item.get("ansible_facts")?.as_map());
        for (name, value) in facts.flatten() {
            self.set(name, value.clone());
        }
    }

    /// Why it is not known whether the task need not run again.
    pub(super) fn may_have_run(&self, task: &Task) -> Option<Origin> {
        let on_host = task.keywords.run_once.is_some_and(|scope| scope != RunOnce::Run);
        self.knows.ran_once.get(once_id(task)).filter(|_| on_host).cloned().flatten()
    }

    /// Remembers that a task ran: after it succeeded, never before.
    pub(super) fn ran_once(&mut self, task: &Task, context: &Context, result: &Value) {
        let Some(scope) = task.keywords.run_once else {
            return;
        };
        let scopes = self.scopes(task, context);
        if scope == RunOnce::Run {
            self.outlet.run_once_result(&id(task, context, None), result);
        }
        let asked = self.truth(&self.conditions(task, context), &scopes);
        let maybe = match (result.get("failed"), asked) {
            (Some(Value::Bool(true)), _) | (_, Ok(Truth::No) | Err(_)) => return,
            (_, Ok(Truth::Unknown(origin))) => Some(origin),
            (Some(Value::Unknown(origin)), _) => Some(origin.clone()),
            (_, Ok(Truth::Yes)) => None,
        };
        let sure = maybe.is_none() && context.reach == Reach::Certain;
        let id = once_id(task).to_owned();
        self.trace(Trace::Ran(id.clone()));
        self.knows.ran_once.insert(id.clone(), maybe);
        if !sure {
            return;
        }
        let run = self.bundle.run.clone();
        let kept = match scope {
            RunOnce::Run | RunOnce::Host => return,
            RunOnce::Ever => self.memory.append(JournalEntry::Ever { id, run }),
            RunOnce::UntilChanged => {
                // What cannot be told in full is not known to be the same next time.
                let Some(hash) = self.task_hash(task, context, &scopes) else { return };
                self.memory.append(JournalEntry::UntilChanged { id, hash })
            }
        };
        if let Err(error) = kept {
            self.tell(crate::event::Event::Warning(error.diagnostic()));
        }
    }

    /// Of the rendered task with all its items and the content of its files, under the host's key;
    /// `None` if something of it is unknown.
    fn task_hash(&self, task: &Task, context: &Context, scopes: &Scopes) -> Option<Sha256> {
        let rendered = match &task.keywords.loop_over {
            None => vec![self.rendered(task, context, scopes.clone())?],
            Some(list) => {
                let items = self.templates.node(list, &scopes.keeping_scope()).ok()?;
                let Value::List(items) = items.exposed() else {
                    return None;
                };
                let control = task.keywords.loop_control.as_ref();
                let name = control.and_then(|control| control.loop_var.as_deref());
                let render = |item: &Value| {
                    let mut scopes = scopes.clone();
                    let vars = std::sync::Arc::make_mut(&mut scopes.loop_vars);
                    vars.insert(name.unwrap_or("item").to_owned(), item.clone());
                    self.rendered(task, context, scopes)
                };
                items.iter().map(render).collect::<Option<_>>()?
            }
        };
        Some(self.keyed(&serde_json::Value::from(rendered).to_string()))
    }

    fn rendered(
        &self,
        task: &Task,
        context: &Context,
        scopes: Scopes,
    ) -> Option<serde_json::Value> {
        let value = match &task.body {
            Body::Resource { kind, params } => {
                let kind = crate::resource::find(kind)?;
                let mut value = self.templates.node(params, &scopes.scope()).ok()?;
                let id = task.id.clone();
                let key = OnceCell::new();
                let item = Item { task, id, key, label: None, index: None, scopes };
                self.fill_in(kind, &mut value, params, &item, context).ok()?;
                value
            }
            Body::SetFact(node) => self.templates.node(node, &scopes.keeping_scope()).ok()?,
            other => Value::Str(format!("{other:?}")),
        };
        value.unknown().is_none().then(|| value.to_json_exposed())
    }
}

pub(super) fn once_id(task: &Task) -> &str {
    task.keywords.once_id.as_deref().unwrap_or(&task.id)
}

//! Conditions, and the tasks that only compute: `set_fact`, `assert`, `fail`, `debug`.

use super::context::Context;
use super::outcome::Attempt;
use super::run::Runner;
use super::scope::Scopes;
use super::task::{Body, Task};
use crate::event::{Expected, Reason};
use crate::text::Diagnostic;
use crate::value::{Known, Map, Node, Origin, Value};

/// What a list of conditions comes to; a false one wins over an unknown one.
pub(super) enum Truth {
    Yes,
    No,
    Unknown(Origin),
}

impl Runner<'_> {
    /// The conditions around a task and its own, in the order in which they are asked.
    pub(super) fn conditions(&self, task: &Task, context: &Context) -> Vec<Node> {
        context.when.iter().chain(&task.keywords.when).cloned().collect()
    }

    pub(super) fn truth(&self, conditions: &[Node], scopes: &Scopes) -> Result<Truth, Diagnostic> {
        if conditions.is_empty() {
            return Ok(Truth::Yes);
        }
        let scope = scopes.scope();
        let mut unknown = None;
        for condition in conditions {
            match self.templates.truth(condition, &scope)? {
                Known::Is(true) => {}
                Known::Is(false) => return Ok(Truth::No),
                Known::Unknown(origin) => unknown = unknown.or(Some(origin)),
            }
        }
        Ok(unknown.map_or(Truth::Yes, Truth::Unknown))
    }

    /// Runs a task that declares nothing; `None` if it declares a resource.
    pub(super) fn compute(
        &mut self,
        task: &Task,
        scopes: &Scopes,
    ) -> Option<Result<Attempt, Diagnostic>> {
        match &task.body {
            Body::SetFact(node) => Some(self.set_fact(node, scopes)),
            Body::Assert { that, fail_msg } => Some(self.assert(that, fail_msg.as_ref(), scopes)),
            Body::Fail(msg) => Some(self.fail(msg.as_ref(), task, scopes)),
            Body::Debug(msg) => Some(
                self.templates
                    .node(msg, &scopes.scope())
                    .map(|value| Attempt::ok().because(Reason::Message { message: said(&value) })),
            ),
            _ => None,
        }
    }

    fn set_fact(&mut self, node: &Node, scopes: &Scopes) -> Result<Attempt, Diagnostic> {
        let facts = self.facts_of(node, scopes)?;
        for (name, value) in &facts {
            self.set(name, value.clone());
        }
        let mut attempt = Attempt::ok();
        attempt.result.insert("ansible_facts".into(), Value::Map(facts));
        Ok(attempt)
    }

    /// What a `set_fact` sets.
    pub(super) fn facts_of(&self, node: &Node, scopes: &Scopes) -> Result<Map, Diagnostic> {
        let scope = scopes.keeping_scope();
        let entries = node.entries().iter().filter(|(key, _)| key.name != "cacheable");
        let facts =
            entries.map(|(key, value)| Ok((key.name.clone(), self.templates.node(value, &scope)?)));
        facts.collect()
    }

    fn assert(
        &self,
        that: &[Node],
        fail_msg: Option<&Node>,
        scopes: &Scopes,
    ) -> Result<Attempt, Diagnostic> {
        let scope = scopes.scope();
        for expression in that {
            match self.templates.truth(expression, &scope)? {
                Known::Is(true) => {}
                Known::Is(false) => {
                    let message = match fail_msg {
                        Some(msg) => said(&self.templates.node(msg, &scope)?),
                        None => "this does not hold".to_owned(),
                    };
                    return Ok(Attempt::failed(Diagnostic::new(message).at(expression.span)));
                }
                Known::Unknown(origin) => {
                    return Ok(Attempt::ok().assuming(Expected::Hold, &origin));
                }
            }
        }
        Ok(Attempt::ok())
    }

    fn fail(
        &self,
        msg: Option<&Node>,
        task: &Task,
        scopes: &Scopes,
    ) -> Result<Attempt, Diagnostic> {
        let message = match msg {
            Some(msg) => said(&self.templates.node(msg, &scopes.scope())?),
            None => "failed as requested".to_owned(),
        };
        Ok(Attempt::failed(Diagnostic::new(message).at(task.span)))
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

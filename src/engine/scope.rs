//! What names mean to a task: every layer of variables, weakest last, rendered when asked for.

use super::outlet::OtherHosts;
use super::task::LoopControl;
use crate::template::{LookupKey, Scope, Templates};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Key, Map, Node, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Variables as written: a name and what it stands for, unrendered.
pub type Layer = Arc<Vec<(Key, Node)>>;

/// The layers that one task sees. Cheap to clone: everything is shared.
#[derive(Clone)]
pub struct Scopes {
    templates: Arc<Templates>,
    redactor: Redactor,
    /// `-e`.
    pub extra: Layer,
    /// Loop variables.
    pub loop_vars: Arc<Map>,
    /// What a play gives its roles right beside their names, the nearest last.
    pub params: Vec<Layer>,
    /// `set_fact`, `register`, `run_once_ROLE`.
    pub results: Arc<Map>,
    /// Task and include variables, the nearest last.
    pub frames: Vec<Layer>,
    /// The role's `vars/`, then those of the roles that include it.
    pub role_vars: Vec<Layer>,
    /// The play's own, the strongest of each.
    pub play: Layer,
    /// The winning inventory variables.
    pub inventory: Layer,
    /// The role's `defaults/`, then those of the roles that include it.
    pub role_defaults: Vec<Layer>,
    /// `inventory_hostname` and its like; facts.
    pub facts: Arc<Map>,
    /// Names that are secret wherever their value comes from.
    pub secrets: Arc<Vec<String>>,
    /// What was looked up on the controller.
    pub lookups: Arc<HashMap<LookupKey, Node>>,
    /// Who tells of other hosts.
    pub others: Option<Arc<dyn OtherHosts>>,
}

impl Scopes {
    /// Nothing set yet. The redactor learns every secret that is rendered.
    pub fn new(templates: Arc<Templates>, redactor: Redactor) -> Self {
        Self {
            templates,
            redactor,
            extra: Layer::default(),
            loop_vars: Arc::default(),
            params: Vec::new(),
            results: Arc::default(),
            frames: Vec::new(),
            role_vars: Vec::new(),
            play: Layer::default(),
            inventory: Layer::default(),
            role_defaults: Vec::new(),
            facts: Arc::default(),
            secrets: Arc::default(),
            lookups: Arc::default(),
            others: None,
        }
    }

    /// Sets a loop's variables.
    pub fn set_item(&mut self, control: &LoopControl, index: usize, item: &Value) {
        let vars = Arc::make_mut(&mut self.loop_vars);
        vars.insert(control.variable().to_owned(), item.clone());
        if let Some(index_var) = &control.index_var {
            vars.insert(index_var.clone(), Value::Int(position(index)));
        }
    }

    /// The scope that templates ask. What they write of a secret is known from then on.
    #[must_use]
    pub fn scope(&self) -> Arc<dyn Scope> {
        self.seen(false)
    }

    /// The scope of what stays a value: items of a loop, facts. What is secret in it is marked, and
    /// known once it is written; much of what came with it never is.
    #[must_use]
    pub fn keeping_scope(&self) -> Arc<dyn Scope> {
        self.seen(true)
    }

    fn seen(&self, keeps: bool) -> Arc<dyn Scope> {
        Arc::new(TaskScope {
            scopes: self.clone(),
            rendered: Arc::default(),
            rendering: Vec::new(),
            keeps,
        })
    }

    fn written(&self, name: &str) -> Option<&Node> {
        let nearest_first = std::iter::empty()
            .chain(self.frames.iter().rev())
            .chain(self.role_vars.iter())
            .chain([&self.play, &self.inventory])
            .chain(self.role_defaults.iter());
        nearest_first.into_iter().find_map(|layer| find(layer, name))
    }
}

/// An item's place, as a value.
pub(super) fn position(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

fn find<'a>(layer: &'a Layer, name: &str) -> Option<&'a Node> {
    layer.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
}

/// One evaluation's view of the layers.
struct TaskScope {
    scopes: Scopes,
    /// Variables that were rendered for this task already.
    rendered: Arc<Mutex<HashMap<String, Value>>>,
    /// Variables whose rendering led here: a name that stands in it again is a cycle.
    rendering: Vec<String>,
    /// What is rendered stays a value.
    keeps: bool,
}

impl TaskScope {
    fn render(&self, name: &str, node: &Node) -> Result<Value, Diagnostic> {
        if let Some(value) = lock(&self.rendered).get(name) {
            return Ok(value.clone());
        }
        if !node.has_template() {
            return Ok(node.to_value());
        }
        if self.rendering.iter().any(|outer| outer == name) {
            let path = self.rendering.join("` → `");
            return Err(Diagnostic::new(format!("variable `{name}` is defined by itself"))
                .at(node.span)
                .note(format!("`{path}` → `{name}`")));
        }
        let mut rendering = self.rendering.clone();
        rendering.push(name.to_owned());
        let inner: Arc<dyn Scope> = Arc::new(Self {
            scopes: self.scopes.clone(),
            rendered: Arc::clone(&self.rendered),
            rendering,
            keeps: true,
        });
        let value = self.scopes.templates.node(node, &inner)?;
        lock(&self.rendered).insert(name.to_owned(), value.clone());
        Ok(value)
    }
}

impl Scope for TaskScope {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
        let scopes = &self.scopes;
        let found = if let Some(node) = find(&scopes.extra, name) {
            Some(self.render(name, node)?)
        } else if let Some(value) = scopes.loop_vars.get(name) {
            Some(value.clone())
        } else if let Some(node) = scopes.params.iter().rev().find_map(|layer| find(layer, name)) {
            Some(self.render(name, node)?)
        } else if let Some(value) = scopes.results.get(name) {
            Some(value.clone())
        } else if let Some(node) = scopes.written(name) {
            Some(self.render(name, node)?)
        } else {
            scopes.facts.get(name).cloned()
        };
        let secret = scopes.secrets.iter().any(|secret| secret == name);
        Ok(if secret { found.map(Value::into_secret) } else { found })
    }

    fn of_host(&self, host: &str, name: &str) -> Result<Option<Value>, Diagnostic> {
        let own = self.scopes.facts.get("inventory_hostname").and_then(Value::as_str);
        // Of itself a host knows what it was sent; the rest it is not the only one to ask for.
        if own == Some(host)
            && let Some(value) = self.lookup(name)?
        {
            return Ok(Some(value));
        }
        match &self.scopes.others {
            Some(others) => others.variable(host, name),
            None => {
                let message = format!("`{name}` of host `{host}` cannot be asked for here");
                Err(Diagnostic::new(message))
            }
        }
    }

    fn looked_up(&self, lookup: &LookupKey) -> Option<Value> {
        self.scopes.lookups.get(lookup).map(Node::to_value)
    }

    fn wrote(&self, secret: &str) {
        if !self.keeps {
            self.scopes.redactor.add([secret]);
        }
    }

    fn names(&self) -> Vec<String> {
        let scopes = &self.scopes;
        let written = std::iter::once(&scopes.extra)
            .chain(&scopes.params)
            .chain(&scopes.frames)
            .chain(&scopes.role_vars)
            .chain([&scopes.play, &scopes.inventory])
            .chain(&scopes.role_defaults);
        let written = written.flat_map(|layer| layer.iter().map(|(key, _)| key.name.clone()));
        let values = [&scopes.loop_vars, &scopes.results, &scopes.facts];
        written.chain(values.into_iter().flat_map(|map| map.keys().cloned())).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

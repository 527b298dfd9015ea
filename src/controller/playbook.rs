//! The plays of a run: read, typed, each with the hosts that it is for.

use super::loaded_role::LoadedRole;
use super::options::{Ask, LoadOptions};
use crate::config::{
    Inventory, LayerKind, Layers, Play, Prompt, Reader, Role, Surroundings, ad_hoc, read_playbooks,
    select_any,
};
use crate::engine::scope::Scopes;
use crate::engine::typing::{TypedPlay, type_play};
use crate::template::Templates;
use crate::text::{Diagnostic, Redactor, Span};
use crate::value::{HostName, Node, NodeKind, Value};
use indexmap::IndexSet;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

/// A play as it is once it was loaded.
pub(super) struct LoadedPlay {
    pub(super) play: Play,
    pub(super) typed: TypedPlay,
    /// Whom it is for, in its order.
    pub(super) hosts: Vec<HostName>,
}

/// Reads the playbooks that a run is of, and finds each play's hosts.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn load(
    options: &LoadOptions,
    inventory: &mut Inventory,
    extra: &mut Layers,
    reader: &mut Reader<'_>,
) -> Result<Vec<LoadedPlay>, Vec<Diagnostic>> {
    let private = RefCell::new(Vec::new());
    let render = |node: &Node| rendered(node, extra);
    let answer = |prompt: &Prompt| {
        private.borrow_mut().extend(prompt.private.then(|| prompt.name.name.clone()));
        answered(prompt, extra, options.ask)
    };
    let around = Surroundings { render: &render, answer: &answer };
    let plays = match &options.ad_hoc {
        Some(written) => vec![ad_hoc(written, &around, reader)?],
        None => read_playbooks(&options.playbooks, &around, reader)?,
    };
    // What would not be shown as it is typed is not to be seen where `-e` gives it either.
    private.into_inner().iter().for_each(|name| extra.hide(name));
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for play in plays {
        let mut typed = type_play(&play);
        errors.append(&mut typed.errors);
        match hosts_of(&play, inventory, reader) {
            Ok(hosts) => found.push(LoadedPlay { play, typed, hosts }),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// The hosts that a play names, in its order. A playbook that names `localhost` need not have it in
/// an inventory.
fn hosts_of(
    play: &Play,
    inventory: &mut Inventory,
    reader: &Reader<'_>,
) -> Result<Vec<HostName>, Diagnostic> {
    let (pattern, span) = &play.hosts;
    if pattern == "localhost" && inventory.host(pattern).is_none() {
        return Ok(vec![inventory.add_localhost(*span)?]);
    }
    let mut hosts = select_any(inventory, pattern, reader).map_err(|error| error.at(*span))?;
    play.rollout.order.apply(&mut hosts, HostName::to_string);
    Ok(hosts)
}

/// Leaves only these hosts in plays. All that are in one, in this order; where no limit was asked for,
/// `localhost` too that a play alone names.
pub(super) fn limit(plays: &mut [LoadedPlay], hosts: &[HostName], asked: bool) -> Vec<HostName> {
    let mut kept: IndexSet<HostName> = hosts.iter().cloned().collect();
    if !asked {
        kept.extend(plays.iter().flat_map(|play| play.hosts.iter().cloned()));
    }
    for play in plays.iter_mut() {
        play.hosts.retain(|host| kept.contains(host));
    }
    let used: HashSet<&HostName> = plays.iter().flat_map(|play| &play.hosts).collect();
    kept.iter().filter(|host| used.contains(host)).cloned().collect()
}

impl LoadedPlay {
    /// Its own role as the run has it, with the names of all that the play hands on.
    pub(super) fn add_names(&self, own: &mut LoadedRole, templates: &Templates) {
        let roles = &self.play.own.dependencies;
        own.names.add_play(&self.typed, roles.iter().flat_map(|role| &role.params), templates);
        own.typed.tasks.secrets.extend(
            own.typed
                .tasks
                .vars
                .iter()
                .filter(|(_, node)| node.secret)
                .map(|(key, _)| key.name.clone()),
        );
    }

    /// The role that holds its own tasks.
    pub(super) fn own(&self) -> &Role {
        &self.play.own
    }

    /// What it is called where roles are called by their names.
    pub(super) fn key(&self) -> &str {
        &self.play.own.name
    }

    /// Adds what it sets to a host's variables.
    pub(super) fn add_to(&self, layers: &mut Layers) {
        for (kind, key, node) in &self.play.settings {
            layers.add_entries(kind, &[(key.clone(), node.clone())]);
        }
    }

    /// The same, and what it gives its roles.
    pub(super) fn add_all_to(&self, layers: &mut Layers) {
        self.add_to(layers);
        for role in &self.play.own.dependencies {
            let name: Arc<str> = role.name.as_str().into();
            layers.add_entries(&LayerKind::RoleUseVar(Arc::clone(&name)), &role.vars);
            layers.add_entries(&LayerKind::RoleParam(name), &role.params);
        }
    }
}

/// A text that must be known before any host is: its templates may name what `-e` sets.
fn rendered(node: &Node, extra: &Layers) -> Result<Node, Diagnostic> {
    if !node.has_template() {
        return Ok(node.clone());
    }
    let mut scopes = Scopes::new(Arc::new(Templates::new()), Redactor::default());
    scopes.extra = Arc::new(extra.names().filter_map(|name| extra.entry(name)).collect());
    let value = Templates::new().node(node, &scopes.scope())?;
    let kind = kind_of(&value, node.span)
        .ok_or_else(|| Diagnostic::new("this must be plain text or a number").at(node.span))?;
    Ok(Node { kind, span: node.span, secret: node.secret || value.has_secret() })
}

fn kind_of(value: &Value, span: Span) -> Option<NodeKind> {
    Some(match value.exposed() {
        Value::Bool(value) => NodeKind::Bool(*value),
        Value::Int(value) => NodeKind::Int(*value),
        Value::Float(value) => NodeKind::Float(*value),
        Value::Str(text) => NodeKind::Str(text.clone()),
        Value::List(items) => {
            let node = |value| Some(Node { kind: kind_of(value, span)?, span, secret: false });
            NodeKind::List(items.iter().map(node).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// What a person answers; `None` where `-e` sets the variable.
fn answered(prompt: &Prompt, extra: &Layers, ask: Option<Ask>) -> Result<Option<Node>, Diagnostic> {
    let name = &prompt.name;
    if extra.get(&name.name).is_some() {
        return Ok(None);
    }
    let missing = || {
        Diagnostic::new(format!("nobody is there to be asked for `{}`", name.name))
            .at(name.span)
            .help(format!("set it with `-e {}=…`, or `-e @FILE` where it is secret", name.name))
    };
    let typed = ask.ok_or_else(missing)?(prompt)?;
    let node = match (typed, &prompt.default) {
        (Some(text), Some(default)) if text.is_empty() => (text, Some(default.clone())),
        (Some(text), _) => (text, None),
        (None, _) => return Err(missing()),
    };
    Ok(Some(match node {
        (_, Some(default)) => default,
        (text, None) => Node { kind: NodeKind::Str(text), span: name.span, secret: false },
    }))
}

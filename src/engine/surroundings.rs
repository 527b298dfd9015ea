//! What the tasks of a play and of a role find around them: variables, files, what they inherit.

use super::bundle::{PlayPart, RoleCall, RoleTasks};
use super::context::{Context, Reach};
use super::run::Runner;
use super::scope::Scopes;
use super::typing::merged;
use crate::resource::Kind;
use crate::text::{SourceId, Span};
use crate::value::{Key, Node, NodeKind};
use std::sync::Arc;

impl<'a> Runner<'a> {
    /// The play that is run.
    pub(super) fn part(&self) -> Option<&'a PlayPart> {
        self.bundle.plays.get(self.play)
    }

    /// Whether a role of the library is no role, but what the play itself has.
    pub(super) fn is_play_s_own(&self, role: &str) -> bool {
        self.part().is_some_and(|play| play.own.as_deref() == Some(role))
    }

    /// A task's parameters with those that `module_defaults` of the play adds.
    pub(super) fn with_defaults(&self, kind: &Kind, params: &Node) -> Option<Node> {
        let defaults = self.part()?.module_defaults.get(kind.name)?;
        Some(merged(params, defaults))
    }

    /// What everything in the play finds. As in Ansible, its roles' variables are there for all of
    /// it, the later role's before the earlier's, and before all of them a role's own for itself.
    pub(super) fn context(&self) -> Context {
        let bundle = self.bundle;
        let mut scopes = Scopes::new(Arc::clone(&self.templates), self.redactor.clone());
        scopes.extra = Arc::new(bundle.extra.clone());
        scopes.inventory = Arc::new(bundle.inventory.clone());
        scopes.lookups = Arc::new(bundle.lookups.iter().cloned().collect());
        scopes.others = self.outlet.others();
        let context = Context {
            scopes,
            role: String::new(),
            when: Vec::new(),
            tags: Vec::new(),
            environment: Vec::new(),
            ignore_errors: None,
            no_log: None,
            reach: Reach::Certain,
            within: String::new(),
            guarded: false,
            handler: None,
        };
        let Some(play) = self.part() else { return context };
        let mut context = context.inside(&play.keywords);
        let own = play.own.as_ref().and_then(|own| bundle.library.get(own));
        if let Some(own) = own {
            context.scopes.play = Arc::new(own.vars.clone());
            for call in play.stages.iter().flatten().filter(|call| !self.is_play_s_own(&call.name))
            {
                if let Some(role) = bundle.library.get(&call.name) {
                    bring(&mut context, role);
                }
            }
        }
        context
    }

    /// The surroundings of a role's own tasks, or the play's, outside of the order of the play: a
    /// handler's.
    pub(super) fn role_context(&self, role: &str) -> Context {
        let context = self.enter(role, &self.context());
        let stages = self.part().map(|play| play.stages.as_slice()).unwrap_or_default();
        let mut calls = stages.iter().rev().flat_map(|calls| calls.iter().rev());
        let Some(call) = calls.find(|call| call.name == role) else { return context };
        let mut context = context;
        for keywords in call.keywords.iter().filter(|keywords| !keywords.vars.is_empty()) {
            context.scopes.frames.push(Arc::new(keywords.vars.clone()));
        }
        give(&mut context, call);
        context
    }

    /// Where a call's tasks are run.
    pub(super) fn enter_call(&self, call: &RoleCall, outer: &Context) -> Context {
        let mut context = self.enter(&call.name, outer);
        for keywords in &call.keywords {
            context = context.inside(keywords);
        }
        give(&mut context, call);
        context
    }

    /// The surroundings of a role that is included from `outer`.
    pub(super) fn enter(&self, role: &str, outer: &Context) -> Context {
        let mut context = outer.clone();
        role.clone_into(&mut context.role);
        if let Some(tasks) = self.bundle.library.get(role).filter(|_| !self.is_play_s_own(role)) {
            bring(&mut context, tasks);
            context.scopes.role_vars.insert(0, Arc::new(own_name(role)));
            let mut secrets = context.scopes.secrets.to_vec();
            secrets.extend(tasks.secrets.iter().cloned());
            context.scopes.secrets = Arc::new(secrets);
        }
        context
    }
}

/// A role's variables, before those that are there.
fn bring(context: &mut Context, role: &RoleTasks) {
    context.scopes.role_vars.insert(0, Arc::new(role.vars.clone()));
    context.scopes.role_defaults.insert(0, Arc::new(role.defaults.clone()));
}

fn give(context: &mut Context, call: &RoleCall) {
    if !call.params.is_empty() {
        context.scopes.params.push(Arc::new(call.params.clone()));
    }
}

/// What a role is called, for its tasks.
fn own_name(role: &str) -> Vec<(Key, Node)> {
    let span = Span { source: SourceId(u32::MAX), line: 1, column: 1, len: 0 };
    let name = || Node { kind: NodeKind::Str(role.to_owned()), span, secret: false };
    ["role_name", "ansible_role_name"].map(|key| (Key { name: key.into(), span }, name())).into()
}

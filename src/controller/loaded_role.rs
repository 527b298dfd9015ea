//! A role as it was read, typed, with the names that it uses.

use crate::config::Role;
use crate::engine::bundle::Include;
use crate::engine::names::{self, Names};
use crate::engine::typing::{TypedRole, type_role};
use crate::template::{Name, Named, Templates};
use crate::text::{Diagnostic, Sources};
use crate::value::{Key, Node};
use indexmap::IndexMap;

/// A role, as written and as typed.
pub(super) struct LoadedRole {
    pub(super) role: Role,
    pub(super) typed: TypedRole,
    pub(super) names: Names,
    /// What each of its variables names.
    pub(super) variables: Vec<(String, Named)>,
}

impl LoadedRole {
    /// Types a role, and tells everything wrong with it.
    pub(super) fn of(
        role: Role,
        sources: &Sources,
        templates: &Templates,
    ) -> (Self, Vec<Diagnostic>) {
        let mut typed = type_role(&role, sources);
        let mut errors = std::mem::take(&mut typed.errors);
        let mut names = names::of_role(&typed.tasks, templates);
        errors.append(&mut names.errors);
        let mut loaded = Self { role, typed, names, variables: Vec::new() };
        let own = variables_of(&loaded);
        loaded.variables =
            own.map(|(key, node)| (key.name.clone(), templates.names(node))).collect();
        (loaded, errors)
    }

    /// Every use of a variable in it.
    pub(super) fn names_used(&self) -> impl Iterator<Item = &Name> {
        self.names.used.iter()
    }

    /// Files of other roles that it includes and that are not there.
    pub(super) fn missing_task_files(&self, roles: &IndexMap<String, Self>) -> Vec<Diagnostic> {
        let missing = self.typed.includes.iter().filter(|include| {
            let target = roles.get(&include.role).map(|target| &target.typed.tasks.tasks);
            target.is_some_and(|tasks| !tasks.contains_key(&include.file))
        });
        let error = |include: &Include| {
            let message = format!("role `{}` has no tasks/{}", include.role, include.file);
            let tasks = roles.get(&include.role).map(|target| &target.typed.tasks.tasks);
            let known = tasks.into_iter().flatten().map(|(file, _)| file.as_str());
            let help = match crate::text::nearest(&include.file, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("put it into roles/{}/tasks/", include.role),
            };
            Diagnostic::new(message).at(include.span).help(help)
        };
        missing.map(error).collect()
    }
}

/// The variables that a role brings, and what it gives those that it needs.
pub(super) fn variables_of(role: &LoadedRole) -> impl Iterator<Item = &(Key, Node)> {
    let given = role.role.dependencies.iter().flat_map(|needed| &needed.vars);
    let tasks = &role.typed.tasks;
    tasks.defaults.iter().chain(&tasks.vars).chain(given)
}

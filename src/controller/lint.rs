//! Whether roles can be run, each by itself, and everything that keeps one from it: found by the
//! code that loads a run's roles, so that the two never disagree.

use super::load::role_path;
use super::loaded_role::{LoadedRole, variables_of};
use super::lookups::inside;
use super::names::supplied_by;
use super::options::LoadOptions;
use super::{cycles, embedded, notified};
use crate::config::{Files, InventoryPaths, RolePath, RolePlace, Roles, Vault};
use crate::engine::names::{is_ansible_s_own, is_supplied, undefined};
use crate::template::{LookupKind, Templates};
use crate::text::{Diagnostic, Lack, Sources, Span};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Which roles.
#[derive(Debug, Clone, Default)]
pub struct LintOptions {
    /// A folder of roles, a folder with `roles/` in it, or one role. Without it: the roles that
    /// an inventory's hosts could be given, the built-in ones too.
    pub folder: Option<PathBuf>,
    /// The inventories beside which roles are looked for.
    pub inventory: InventoryPaths,
    /// `--roles-path`, in order.
    pub roles_path: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug)]
pub struct Linted {
    /// Every role, by name.
    pub roles: Vec<LintedRole>,
    /// What the needs' places point into.
    pub sources: Sources,
}

/// One role.
#[derive(Debug)]
pub struct LintedRole {
    /// Its name.
    pub name: String,
    /// Variables that it needs and that no role sets: the inventory has to.
    pub asks: Vec<String>,
    /// Files that it looks up and does not bring: they have to lie beside the inventory.
    pub files: Vec<String>,
    /// Everything that keeps it from running, by place; none: it runs.
    pub needs: Vec<Diagnostic>,
}

/// Looks at roles; no host is asked for.
///
/// # Errors
/// There is no role where they are said to be.
pub fn lint(options: &LintOptions, files: &dyn Files, vault: &Vault) -> Result<Linted, Diagnostic> {
    let (path, names) = match &options.folder {
        Some(folder) => of_folder(folder, files)?,
        None => {
            let load = LoadOptions {
                inventory: options.inventory.clone(),
                roles_path: options.roles_path.clone(),
                ..LoadOptions::default()
            };
            let path = role_path(&load, files);
            let names = path.names();
            (path, names)
        }
    };
    let mut lint = Lint { path, vault, sources: Sources::default(), roles: IndexMap::new() };
    lint.read(&names);
    let mut roles = lint.verdicts(names);
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Linted { roles, sources: lint.sources })
}

/// The roles of a folder: those of `roles/` in it, the folder itself, or its members.
fn of_folder<'f>(
    folder: &Path,
    files: &'f dyn Files,
) -> Result<(RolePath<'f>, Vec<String>), Diagnostic> {
    let place = |folder: &Path| RolePlace {
        label: folder.display().to_string(),
        folder: folder.to_owned(),
        files,
    };
    let members = |place: &RolePlace<'_>| -> Vec<String> {
        let found = files.list(&place.folder).ok().flatten().unwrap_or_default();
        let names = found.iter().filter_map(|name| name.strip_suffix('/'));
        names.filter(|name| place.is_role(&place.folder.join(name))).map(str::to_owned).collect()
    };
    let (inside, here) = (place(&folder.join("roles")), place(folder));
    let (mut found, mut names) = (inside, Vec::new());
    names.extend(members(&found));
    if let (true, true, Some(name), Some(parent)) =
        (names.is_empty(), here.is_role(folder), folder.file_name(), folder.parent())
    {
        names.push(name.to_string_lossy().into_owned());
        found = place(parent);
    } else if names.is_empty() {
        names.extend(members(&here));
        found = here;
    }
    if names.is_empty() {
        return Err(Diagnostic::new(format!("there is no role in {}", folder.display()))
            .help("name a folder that holds roles, or one role with its `tasks/`"));
    }
    Ok((RolePath { places: vec![found, embedded::place()] }, names))
}

struct Lint<'f> {
    path: RolePath<'f>,
    vault: &'f Vault,
    sources: Sources,
    /// Every role that was asked for or is reached, with what is wrong with it.
    roles: IndexMap<String, (LoadedRole, Vec<Diagnostic>)>,
}

impl Lint<'_> {
    /// Reads roles and those that they include or depend on, as far as they are there.
    fn read(&mut self, names: &[String]) {
        let templates = Templates::new();
        let mut open: Vec<String> = names.iter().rev().cloned().collect();
        while let Some(name) = open.pop() {
            if self.roles.contains_key(&name) {
                continue;
            }
            let (role, mut needs) = self.path.read(&name, None, &mut self.sources, self.vault);
            let Some(role) = role else { continue };
            let (loaded, found) = LoadedRole::of(role, &self.sources, &templates);
            needs.extend(found);
            open.extend(uses(&loaded).into_iter().map(|(used, _)| used.to_owned()));
            self.roles.insert(name, (loaded, needs));
        }
    }

    fn verdicts(&mut self, names: Vec<String>) -> Vec<LintedRole> {
        let (loaded, mut needs): (IndexMap<_, _>, IndexMap<_, _>) = std::mem::take(&mut self.roles)
            .into_iter()
            .map(|(name, (loaded, needs))| ((name.clone(), loaded), (name, needs)))
            .unzip();
        let roles: Roles = loaded.values().map(|loaded| loaded.role.clone()).collect();
        let circles: Vec<Diagnostic> =
            roles.cycle().into_iter().chain(cycles::of_roles(&loaded)).collect();
        let (mut asks, mut files) = (IndexMap::new(), IndexMap::new());
        for (name, role) in &loaded {
            let Some(needs) = needs.get_mut(name) else { continue };
            needs.extend(role.missing_task_files(&loaded));
            needs.extend(circles.iter().filter(|error| self.is_in(error, role)).cloned());
            for (used, span) in
                uses(role).into_iter().filter(|(used, _)| !loaded.contains_key(*used))
            {
                let missing = self.path.read(used, Some(span), &mut self.sources, self.vault).1;
                needs.extend(missing);
            }
            needs.extend(notified::unanswered(role, &reached(role, &loaded)));
            asks.insert(name.clone(), variables(role, &loaded, needs));
            files.insert(name.clone(), looked_up(role, needs));
        }
        needed_roles(&loaded, &mut needs);
        let verdict = |name: String| {
            let asks = asks.swap_remove(&name).unwrap_or_default();
            let files = files.swap_remove(&name).unwrap_or_default();
            let mut needs = match needs.swap_remove(&name) {
                Some(needs) => needs,
                None => self.path.read(&name, None, &mut self.sources, self.vault).1,
            };
            needs.sort_by_key(|need| need.span);
            needs.dedup();
            LintedRole { name, asks, files, needs }
        };
        names.into_iter().map(verdict).collect()
    }

    /// Whether an error stands in one of a role's files.
    fn is_in(&self, error: &Diagnostic, loaded: &LoadedRole) -> bool {
        let path = error.span.and_then(|span| self.sources.path(span.source));
        path.is_some_and(|path| path.starts_with(&loaded.role.folder))
    }
}

/// The roles that a role names, with the place.
fn uses(loaded: &LoadedRole) -> Vec<(&str, Span)> {
    let includes = loaded.typed.includes.iter().map(|include| (&*include.role, include.span));
    let needed = loaded.role.dependencies.iter().map(|needed| (&*needed.name, needed.span));
    includes.chain(needed).collect()
}

/// A role that uses one which does not run, does not run either.
fn needed_roles(
    loaded: &IndexMap<String, LoadedRole>,
    needs: &mut IndexMap<String, Vec<Diagnostic>>,
) {
    let mut broken: HashSet<String> =
        needs.iter().filter(|(_, needs)| !needs.is_empty()).map(|(name, _)| name.clone()).collect();
    loop {
        let before = broken.len();
        let users = loaded
            .iter()
            .filter(|(_, role)| uses(role).into_iter().any(|(used, _)| broken.contains(used)));
        let users: Vec<String> = users.map(|(name, _)| name.clone()).collect();
        broken.extend(users);
        if broken.len() == before {
            break;
        }
    }
    for (name, role) in loaded {
        let found = uses(role).into_iter().filter(|(used, _)| broken.contains(*used));
        let found = found.map(|(used, span)| {
            Diagnostic::new(format!("role `{used}` does not run itself"))
                .lacks(Lack::Role(used.to_owned()))
                .at(span)
                .help("see what that one needs")
        });
        needs.entry(name.clone()).or_default().extend(found);
    }
}

/// What the inventory must set for a role; what only Ansible would is a need.
fn variables(
    role: &LoadedRole,
    roles: &IndexMap<String, LoadedRole>,
    needs: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let reached = reached(role, roles);
    let mut known: HashSet<&str> = reached.iter().flat_map(|role| supplied_by(role)).collect();
    let given =
        reached.iter().flat_map(|role| &role.role.dependencies).flat_map(|needed| &needed.vars);
    known.extend(given.map(|(key, _)| key.name.as_str()));
    let missing = |name: &str| !known.contains(name) && !is_supplied(name);
    let mut asks = BTreeSet::new();
    for name in role.names.used.iter().filter(|name| missing(&name.name)) {
        if is_ansible_s_own(&name.name) {
            needs.push(undefined(name, known.iter().copied()));
        } else {
            asks.insert(name.name.clone());
        }
    }
    let specs = role.role.argument_specs.iter().filter_map(|specs| specs.0.get("main"));
    for (name, argument) in specs.flat_map(|spec| &spec.options) {
        if argument.required && missing(name) {
            asks.insert(name.clone());
        }
    }
    asks.into_iter().collect()
}

/// Files that a role looks up and does not bring; what leads out of its folder is a need.
fn looked_up(role: &LoadedRole, needs: &mut Vec<Diagnostic>) -> Vec<String> {
    let templates = Templates::new();
    let of_variables = variables_of(role).flat_map(|(_, node)| templates.names(node).lookups);
    let of_tasks = role.names.lookups.iter().chain(&role.names.delegated_lookups).cloned();
    let all = of_tasks.chain(of_variables);
    let mut files = BTreeSet::new();
    for lookup in all.filter(|lookup| lookup.key.kind == LookupKind::File) {
        match inside(&lookup.key.term) {
            Ok(path) if role.role.files.contains_key(&*path.to_string_lossy()) => {}
            Ok(path) => {
                files.insert(path.to_string_lossy().into_owned());
            }
            Err(error) => needs.push(error.at(lookup.span)),
        }
    }
    files.into_iter().collect()
}

/// A role with every role that it includes or depends on.
fn reached<'r>(
    role: &'r LoadedRole,
    roles: &'r IndexMap<String, LoadedRole>,
) -> Vec<&'r LoadedRole> {
    let mut found: Vec<&LoadedRole> = vec![role];
    let mut at = 0;
    while let Some(role) = found.get(at).copied() {
        let next = uses(role).into_iter().filter_map(|(used, _)| roles.get(used));
        for role in next {
            if !found.iter().any(|known| known.role.name == role.role.name) {
                found.push(role);
            }
        }
        at += 1;
    }
    found
}

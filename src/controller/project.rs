//! Everything a person wrote, loaded and checked before any host is touched.

use super::connection::{Connection, Root};
use super::embedded;
use super::host_plan::{self, HostPlan};
use super::lookups::{self, Answers, Environment, variables_of};
use super::{names, notified, roleless, tags};
use crate::config::{
    ExtraVars, Files, Inventory, InventoryPaths, Layers, Reader, Role, RolePath, RolePlace, Roles,
    Vault,
};
use crate::engine::bundle::Include;
use crate::engine::names::{self as engine_names, Names};
use crate::engine::typing::{TypedRole, type_role};
use crate::template::{Named, Templates};
use crate::text::{Diagnostic, Sources};
use crate::value::HostName;
use indexmap::{IndexMap, IndexSet};
use std::path::{Path, PathBuf};

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The inventories.
    pub inventory: InventoryPaths,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--roles-path`, in order.
    pub roles_path: Vec<PathBuf>,
    /// `-e`, in order.
    pub extra: Vec<String>,
    /// `--tags`.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// Reads this machine's environment; without it every variable is unset.
    pub environment: Option<Environment>,
    /// How the agent comes to be root.
    pub root: Root,
    /// For a run: an inventory that declares nothing is a mistake then.
    pub runs: bool,
}

/// What is wrong with a project, and the texts to show it in.
#[derive(Debug)]
pub struct LoadErrors {
    /// Each with its place.
    pub diagnostics: Vec<Diagnostic>,
    /// What the places point into.
    pub sources: Sources,
}

/// A project that can be run.
pub struct Project {
    /// Who is managed.
    pub inventory: Inventory,
    /// What diagnostics point into.
    pub sources: Sources,
    pub(super) hosts: IndexMap<HostName, HostPlan>,
    pub(super) roles: IndexMap<String, LoadedRole>,
    pub(super) extra: Layers,
    /// The inventories' folders.
    pub(super) folders: Vec<PathBuf>,
    /// What was looked up on this machine.
    pub(super) answers: Answers,
    pub(super) tags: Vec<String>,
    pub(super) skip_tags: Vec<String>,
    pub(super) root: Root,
}

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
        let mut names = engine_names::of_role(&typed.tasks, templates);
        errors.append(&mut names.errors);
        let mut loaded = Self { role, typed, names, variables: Vec::new() };
        let own = variables_of(&loaded);
        loaded.variables =
            own.map(|(key, node)| (key.name.clone(), templates.names(node))).collect();
        (loaded, errors)
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

impl Project {
    /// Loads an inventory, the roles of its hosts, and checks them against each other.
    ///
    /// # Errors
    /// Everything that is wrong; no host was touched.
    pub fn load(
        options: &LoadOptions,
        files: &dyn Files,
        vault: &Vault,
    ) -> Result<Self, Box<LoadErrors>> {
        let mut sources = Sources::default();
        match Self::read(options, files, vault, &mut sources) {
            Ok(project) => Ok(Self { sources, ..project }),
            Err(diagnostics) => Err(Box::new(LoadErrors { diagnostics, sources })),
        }
    }

    fn read(
        options: &LoadOptions,
        files: &dyn Files,
        vault: &Vault,
        sources: &mut Sources,
    ) -> Result<Self, Vec<Diagnostic>> {
        let one = |error| vec![error];
        let mut reader = Reader { files, sources, vault };
        let inventory = Inventory::load(&options.inventory, &mut reader)?;
        let mut extra = Layers::default();
        ExtraVars::read(&options.extra, &mut reader)?.add_to(&mut extra);
        let hosts: Vec<HostName> = match &options.limit {
            Some(pattern) => crate::config::select(&inventory, pattern, &reader).map_err(one)?,
            None => inventory.hosts().map(|host| host.name.clone()).collect(),
        };
        let path = role_path(options, files);
        let mut read = Roles::default();
        let roles = load_roles(&inventory, &hosts, &path, &mut read, &mut reader)?;
        let mut project = Self {
            inventory,
            sources: Sources::default(),
            hosts: IndexMap::new(),
            roles,
            extra,
            folders: options.inventory.folders(files),
            answers: Answers::new(),
            tags: options.tags.clone(),
            skip_tags: options.skip_tags.clone(),
            root: options.root.clone(),
        };
        let own = host_plan::CONNECTION;
        project.answers = lookups::answer(&project, &hosts, own, options.environment, &mut reader)?;
        let mut errors = Vec::new();
        for host in hosts {
            match host_plan::plan(&project, &read, &host) {
                Ok(plan) => {
                    project.hosts.insert(host, plan);
                }
                Err(found) => errors.extend(found),
            }
        }
        errors.extend(names::check(&project, reader.sources));
        errors.extend(notified::check(&project));
        errors.extend(tags::check(&project));
        if options.runs {
            errors.extend(roleless::check(&project));
        }
        errors.dedup();
        if errors.is_empty() { Ok(project) } else { Err(errors) }
    }

    /// The hosts that a run is about, in inventory order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hosts.keys().map(HostName::as_str)
    }

    /// Whether any of them is this machine itself, reached without another program.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        self.hosts.values().any(|plan| plan.connection == Connection::Local)
    }

    pub(super) fn connection(&self, host: &str) -> &Connection {
        self.hosts.get(host).map_or(&Connection::Local, |plan| &plan.connection)
    }
}

/// `roles/` beside each inventory or its parent, then `--roles-path`, then the built-in ones.
pub(super) fn role_path<'a>(options: &LoadOptions, files: &'a dyn Files) -> RolePath<'a> {
    let mut folders: IndexSet<PathBuf> = IndexSet::new();
    for beside in options.inventory.folders(files) {
        folders.insert(beside.join("roles"));
        folders.extend(beside.parent().map(|parent| parent.join("roles")));
        if beside.as_os_str().is_empty() || beside == Path::new(".") {
            folders.insert(PathBuf::from("../roles"));
        }
    }
    folders.extend(options.roles_path.iter().cloned());
    let place = |folder: PathBuf| RolePlace { label: folder.display().to_string(), folder, files };
    let mut places: Vec<RolePlace<'a>> = folders.into_iter().map(place).collect();
    places.push(embedded::place());
    RolePath { places }
}

/// Every role that the hosts can reach, each loaded and typed once.
fn load_roles(
    inventory: &Inventory,
    hosts: &[HostName],
    path: &RolePath<'_>,
    read: &mut Roles,
    reader: &mut Reader<'_>,
) -> Result<IndexMap<String, LoadedRole>, Vec<Diagnostic>> {
    let templates = Templates::new();
    let mut roles: IndexMap<String, LoadedRole> = IndexMap::new();
    let mut wanted = IndexMap::new();
    for host in hosts.iter().filter_map(|host| inventory.host(host.as_str())) {
        for (name, span) in inventory.roles_of(host) {
            wanted.entry(name).or_insert(Some(span));
        }
    }
    let mut errors = Vec::new();
    while !wanted.is_empty() {
        let found = read.load(wanted.drain(..), path, reader.sources, reader.vault);
        errors.extend(found.err().into_iter().flatten());
        let new: Vec<Role> =
            read.iter().filter(|role| !roles.contains_key(&role.name)).cloned().collect();
        for role in new {
            let (loaded, found) = LoadedRole::of(role, reader.sources, &templates);
            errors.extend(found);
            for include in &loaded.typed.includes {
                if read.get(&include.role).is_none() {
                    wanted.insert(include.role.clone(), Some(include.span));
                }
            }
            roles.insert(loaded.role.name.clone(), loaded);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
    }
    errors.extend(roles.values().flat_map(|loaded| loaded.missing_task_files(&roles)));
    errors.extend(super::cycles::of_roles(&roles));
    if errors.is_empty() { Ok(roles) } else { Err(errors) }
}

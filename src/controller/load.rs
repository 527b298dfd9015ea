//! Loads a project: reads what a person wrote, and lets every check pass over it.

use super::agent_programs::AgentPrograms;
use super::loaded_role::LoadedRole;
use super::options::LoadOptions;
use super::playbook::{self, LoadedPlay};
use super::project::{Answers, LoadErrors, Project};
use super::{cycles, embedded, host_plan, lookups, names, notified, roleless, tags, ways};
use crate::config::{
    ExtraVars, Files, Inventory, Layers, Reader, Role, RolePath, RolePlace, Roles, Vault,
};
use crate::template::Templates;
use crate::text::{Diagnostic, Sources};
use crate::value::HostName;
use indexmap::{IndexMap, IndexSet};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
        let _span = tracing::info_span!("load").entered();
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
        let paths = options.inventory.clone().beside(&options.playbooks);
        let mut inventory = Inventory::load(&paths, &mut reader)?;
        let mut extra = Layers::default();
        ExtraVars::read(&options.extra, &mut reader)?.add_to(&mut extra);
        let mut hosts: Vec<HostName> = match &options.limit {
            Some(pattern) => crate::config::select(&inventory, pattern, &reader).map_err(one)?,
            None => inventory.hosts().map(|host| host.name.clone()).collect(),
        };
        let has_playbook = !options.playbooks.is_empty() || options.ad_hoc.is_some();
        let mut plays = playbook::load(options, &mut inventory, &mut extra, &mut reader)?;
        if has_playbook {
            hosts = playbook::limit(&mut plays, &hosts, options.limit.is_some());
        }
        let path = role_path(options, files);
        let mut read = Roles::default();
        let roles = load_roles(&inventory, &hosts, &plays, &path, &mut read, &mut reader)?;
        let mut project = Self {
            inventory,
            sources: Sources::default(),
            hosts: IndexMap::new(),
            roles,
            plays,
            has_playbook,
            ad_hoc: options.ad_hoc.is_some(),
            extra,
            folders: folders(options, files),
            answers: Answers::new(),
            helpers: IndexMap::new(),
            serving: HashSet::new(),
            delegating: HashSet::new(),
            asked: BTreeSet::new(),
            tags: options.tags.clone(),
            skip_tags: options.skip_tags.clone(),
            access: options.access.clone(),
            agents: AgentPrograms::beside(options.program.clone()),
            named_hosts: OnceLock::new(),
        };
        let own = ways::CONNECTION;
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
        project.asked = project.asked_by_any(reader.sources);
        errors.extend(names::check(&project, reader.sources));
        errors.extend(notified::check(&project));
        errors.extend(tags::check(&project));
        if options.runs {
            errors.extend(roleless::check(&project));
        }
        errors.dedup();
        if !errors.is_empty() {
            return Err(errors);
        }
        project.find_serving()?;
        Ok(project)
    }
}

/// `roles/` beside each inventory or its parent, then `--roles-path`, then the built-in ones.
pub(super) fn role_path<'a>(options: &LoadOptions, files: &'a dyn Files) -> RolePath<'a> {
    let mut folders: IndexSet<PathBuf> = IndexSet::new();
    folders.extend(options.playbook_folders().map(|folder| folder.join("roles")));
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

/// Where files are looked for beside what a person wrote.
fn folders(options: &LoadOptions, files: &dyn Files) -> Vec<PathBuf> {
    let folders: IndexSet<PathBuf> =
        options.playbook_folders().chain(options.inventory.folders(files)).collect();
    folders.into_iter().collect()
}

/// Every role that the hosts can reach, each loaded and typed once; those of plays are among them.
fn load_roles(
    inventory: &Inventory,
    hosts: &[HostName],
    plays: &[LoadedPlay],
    path: &RolePath<'_>,
    read: &mut Roles,
    reader: &mut Reader<'_>,
) -> Result<IndexMap<String, LoadedRole>, Vec<Diagnostic>> {
    let templates = Templates::new();
    let mut roles: IndexMap<String, LoadedRole> = IndexMap::new();
    let mut wanted = IndexMap::new();
    let mut errors = Vec::new();
    for play in plays {
        let (mut own, found) = LoadedRole::of(play.own().clone(), reader.sources, &templates);
        errors.extend(found);
        play.add_names(&mut own, &templates);
        let named = play.own().dependencies.iter().map(|role| (&role.name, role.span));
        let included = own.typed.includes.iter().map(|include| (&include.role, include.span));
        for (name, span) in named.chain(included) {
            wanted.entry(name.clone()).or_insert(Some(span));
        }
        roles.insert(play.key().to_owned(), own);
    }
    let by_inventory = if plays.is_empty() { hosts } else { &[] };
    for host in by_inventory.iter().filter_map(|host| inventory.host(host.as_str())) {
        for (name, span) in inventory.roles_of(host) {
            wanted.entry(name).or_insert(Some(span));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
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
    errors.extend(cycles::of_roles(&roles));
    if errors.is_empty() { Ok(roles) } else { Err(errors) }
}

#[cfg(test)]
impl Project {
    /// Of an inventory and a playbook that no disk has.
    pub(super) fn of_texts(inventory: &str, playbook: &str) -> Self {
        let files = crate::config::MemoryFiles::default();
        let files = files.with("hosts.yml", inventory).with("site.yml", playbook);
        let options = LoadOptions {
            inventory: "hosts.yml".into(),
            playbooks: vec!["site.yml".into()],
            ..LoadOptions::default()
        };
        let loaded = Self::load(&options, &files, &Vault::default());
        loaded.map_err(|errors| errors.diagnostics).unwrap()
    }
}

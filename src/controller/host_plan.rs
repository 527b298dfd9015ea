//! Plans what one host is to get: its roles in order, its variables checked, the way to it.

use super::connection::Connection;
use super::playbook::LoadedPlay;
use super::project::{HostPlan, HostPlay, Project};
use super::ways;
use crate::config::{Dependency, Host, Layers, PLAY_LISTS, RoleUse, Roles};
use crate::engine::bundle::RoleCall;
use crate::engine::names::is_supplied;
use crate::engine::task::Keywords;
use crate::text::Diagnostic;
use crate::value::{HostName, Key, Node, Value};
use indexmap::IndexSet;

/// Plans a host, and checks its variables against what its roles ask for.
pub(super) fn plan(
    project: &Project,
    read: &Roles,
    name: &HostName,
) -> Result<HostPlan, Vec<Diagnostic>> {
    let Some(host) = project.inventory.host(name.as_str()) else {
        return Err(vec![Diagnostic::new(format!("host `{name}` is not in the inventory"))]);
    };
    let plays = plays_of(project, read, host);
    let mut layers = project.inventory.variables(host);
    for (name, settings) in project.extra.iter() {
        settings.iter().for_each(|layer| layers.add(name.into(), layer.clone()));
    }
    let (mut errors, mut extra) = (Vec::new(), Vec::new());
    for play in &plays {
        let mut layers = layers.clone();
        if let Some(loaded) = play.place.and_then(|place| project.plays.get(place)) {
            loaded.add_to(&mut layers);
        }
        let calls: Vec<&RoleCall> = play.calls().collect();
        errors.extend(check_arguments(project, &calls, &play.library, &mut layers));
        take_over(&mut extra, &project.extra, &layers);
    }
    if !errors.is_empty() {
        errors.dedup();
        return Err(errors);
    }
    let variables = ways::variables(project, host, &plays, &layers).map_err(|error| vec![error])?;
    let address = ["ansible_host", "ansible_ssh_host"]
        .iter()
        .find_map(|name| variables.get(*name))
        .and_then(Value::as_str)
        .map(str::to_owned);
    let program = project.agents.program();
    let connection = Connection::of(name.as_str(), &variables, &project.access, program);
    let connection = connection.map_err(|error| vec![error])?;
    let mut library: IndexSet<String> = IndexSet::new();
    library.extend(plays.iter().flat_map(|play| play.library.iter().cloned()));
    Ok(HostPlan { plays, library: library.into_iter().collect(), connection, address, extra })
}

/// Plans the way to a host that only does something for others.
pub(super) fn helper(project: &Project, name: &HostName) -> Result<HostPlan, Diagnostic> {
    let Some(host) = project.inventory.host(name.as_str()) else {
        return Err(Diagnostic::new(format!("host `{name}` is not in the inventory")));
    };
    let mut layers = project.inventory.variables(host);
    for (name, settings) in project.extra.iter() {
        settings.iter().for_each(|layer| layers.add(name.into(), layer.clone()));
    }
    let variables = ways::variables(project, host, &[], &layers)?;
    let program = project.agents.program();
    let connection = Connection::of(name.as_str(), &variables, &project.access, program)?;
    let (plays, library, extra) = (Vec::new(), Vec::new(), Vec::new());
    Ok(HostPlan { plays, library, connection, address: None, extra })
}

/// `-e` as an argument specification has typed it: the first that makes something else of a text.
fn take_over(extra: &mut Vec<(Key, Node)>, written: &Layers, typed: &Layers) {
    for name in written.names() {
        let Some((key, node)) = typed.entry(name) else { continue };
        match extra.iter_mut().find(|(known, _)| known.name == name) {
            None => extra.push((key, node)),
            Some((_, known)) if written.get(name).is_some_and(|layer| *layer.node == *known) => {
                *known = node;
            }
            Some(_) => {}
        }
    }
}

/// What a host gets: of every play that it is in, or what the inventory names.
fn plays_of(project: &Project, read: &Roles, host: &Host) -> Vec<HostPlay> {
    if !project.has_playbook {
        let wanted = project.inventory.roles_of(host);
        let used = read.in_order(wanted.iter().map(|(name, _)| name.as_str()));
        let calls: Vec<RoleCall> = used.iter().map(|used| call(used, None)).collect();
        let library = library(project, calls.iter().map(|call| call.name.as_str()));
        return vec![HostPlay { place: None, stages: vec![calls], library }];
    }
    let places = project.plays.iter().enumerate();
    let of_host = places.filter(|(_, play)| play.hosts.contains(&host.name));
    of_host.map(|(place, play)| part_of(project, read, place, play)).collect()
}

fn part_of(project: &Project, read: &Roles, place: usize, loaded: &LoadedPlay) -> HostPlay {
    let used = read.of_play(&loaded.own().dependencies);
    let roles: Vec<RoleCall> = used.iter().map(|used| call(used, Some(loaded))).collect();
    let own = project.roles.get(loaded.key());
    let included = own.into_iter().flat_map(|own| &own.typed.includes);
    let names = roles.iter().map(|call| call.name.as_str());
    let names: Vec<&str> = names.chain(included.map(|include| include.role.as_str())).collect();
    let mut library = library(project, names);
    library.push(loaded.key().to_owned());
    let list = |file: &str| RoleCall {
        name: loaded.key().to_owned(),
        file: file.to_owned(),
        ..RoleCall::default()
    };
    let [before, tasks, after] = PLAY_LISTS.map(list);
    let middle = roles.into_iter().chain([tasks]).collect();
    HostPlay { place: Some(place), stages: vec![vec![before], middle, vec![after]], library }
}

/// A role's call, with what those that need it hand on.
fn call(used: &RoleUse<'_>, play: Option<&LoadedPlay>) -> RoleCall {
    let of_play = |needed: &Dependency| {
        let play = play?;
        let entries = &play.own().dependencies;
        let place = entries.iter().position(|entry| std::ptr::eq(entry, needed))?;
        play.typed.roles.get(place).cloned()
    };
    let keywords = |needed: &&Dependency| {
        let given = || Keywords { vars: needed.vars.clone(), ..Keywords::default() };
        of_play(needed).unwrap_or_else(given)
    };
    let params = used.needed_by.iter().rev().flat_map(|needed| &needed.params);
    RoleCall {
        name: used.role.name.clone(),
        file: "main.yml".to_owned(),
        keywords: used.needed_by.iter().map(keywords).collect(),
        params: params.cloned().collect(),
    }
}

/// Roles with every role that they can reach.
fn library<'n>(project: &'n Project, roles: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut library: Vec<String> = Vec::new();
    let mut open: Vec<&str> = roles.into_iter().collect();
    open.reverse();
    while let Some(name) = open.pop() {
        if library.iter().any(|known| known == name) {
            continue;
        }
        library.push(name.to_owned());
        if let Some(loaded) = project.roles.get(name) {
            open.extend(loaded.typed.includes.iter().map(|include| include.role.as_str()));
            open.extend(loaded.role.dependencies.iter().map(|needed| needed.name.as_str()));
        }
    }
    library
}

/// The roles' argument specifications against every layer; a role's own defaults count.
pub(super) fn check_arguments(
    project: &Project,
    calls: &[&RoleCall],
    library: &[String],
    layers: &mut Layers,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let loaded = || library.iter().filter_map(|name| project.roles.get(name));
    for role in loaded() {
        let Some(spec) = role.role.argument_specs.as_ref().and_then(|specs| specs.0.get("main"))
        else {
            continue;
        };
        let of_role = calls.iter().filter(|call| call.name == role.role.name);
        let given = of_role.flat_map(|call| call.given()).map(|(key, _)| key.name.as_str());
        let given: Vec<&str> = given.collect();
        let own = role.role.defaults.iter().chain(&role.role.vars);
        let own: Vec<&str> = own.map(|(key, _)| key.name.as_str()).collect();
        let comes_later = |name: &str| {
            own.contains(&name)
                || given.contains(&name)
                || is_supplied(name)
                || loaded().any(|other| other.names.set.contains(name))
        };
        errors.extend(spec.apply(&role.role.name, layers, comes_later));
        for (name, argument) in &spec.options {
            let own = role.role.vars.iter().chain(&role.role.defaults);
            let own = own.filter(|(key, _)| key.name == *name).map(|(_, node)| node).next();
            if let Some(node) = own.filter(|_| layers.get(name).is_none()) {
                errors.extend(argument.check_own(name, node));
            }
        }
    }
    errors
}

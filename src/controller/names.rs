//! Whether every variable that a host's roles name can be supplied by some layer.

use super::loaded_role::LoadedRole;
use super::project::Project;
use crate::engine::bundle::RoleCall;
use crate::engine::names::{is_supplied, undefined};
use crate::engine::task::Body;
use crate::engine::typing::for_each;
use crate::resource::{self, Source};
use crate::template::Name;
use crate::text::{Diagnostic, Sources, Span, nearest};
use std::collections::{BTreeMap, HashSet};

/// What every play of a playbook finds, and nothing that the inventory alone names.
const OF_PLAYBOOKS: [&str; 2] = ["ansible_play_name", "playbook_dir"];

/// A name that nothing can supply, and the hosts that lack it.
struct Missing<'p> {
    name: &'p Name,
    /// The role that uses it.
    role: &'p LoadedRole,
    /// The nearest name that there is, and where it is set, if it is written.
    near: Option<(String, Option<Span>)>,
    hosts: HashSet<&'p str>,
}

/// What each play's tasks set, on whichever hosts: a host that was in no such play leaves out by a
/// condition what needs it.
fn set_by_plays(project: &Project) -> BTreeMap<usize, HashSet<&str>> {
    let mut set: BTreeMap<usize, HashSet<&str>> = BTreeMap::new();
    for play in project.hosts.values().flat_map(|plan| &plan.plays) {
        let Some(place) = play.place else { continue };
        let roles = play.library.iter().filter_map(|role| project.roles.get(role));
        let names = roles.flat_map(|role| role.names.set.iter().map(String::as_str));
        set.entry(place).or_default().extend(names);
    }
    set
}

/// One error per name and place, however many hosts lack it.
pub(super) fn check(project: &Project, sources: &Sources) -> Vec<Diagnostic> {
    let mut missing: BTreeMap<(Span, &str), Missing<'_>> = BTreeMap::new();
    let set_by_plays = set_by_plays(project);
    for (host, plan) in &project.hosts {
        let Some(entry) = project.inventory.host(host.as_str()) else { continue };
        let variables = project.inventory.variables(entry);
        // What a play's tasks have set, those of the later plays find.
        let mut so_far: HashSet<&str> = HashSet::new();
        for play in &plan.plays {
            let roles = || play.library.iter().filter_map(|role| project.roles.get(role));
            let mut known: HashSet<&str> = variables.names().collect();
            known.extend(project.extra.names());
            known.extend(play.calls().flat_map(RoleCall::given).map(|(key, _)| key.name.as_str()));
            so_far.extend(roles().flat_map(|role| role.names.set.iter().map(String::as_str)));
            known.extend(&so_far);
            if let Some(place) = play.place {
                known.extend(OF_PLAYBOOKS);
                known.extend(set_by_plays.range(..place).flat_map(|(_, names)| names));
            }
            roles().for_each(|role| known.extend(supplied_by(role)));
            let used = |role| LoadedRole::names_used(role).map(move |name| (role, name));
            for (role, name) in roles().flat_map(used) {
                if known.contains(name.name.as_str()) || is_supplied(&name.name) {
                    continue;
                }
                let missed = missing.entry((name.span, &name.name)).or_insert_with(|| {
                    let near = nearest(&name.name, known.iter().copied()).map(|near| {
                        let written = roles().flat_map(written_by);
                        let own = || written.filter(|(key, _)| *key == near).map(|(_, span)| span);
                        let layer = project.extra.get(near).or(variables.get(near));
                        let place = layer.map(|layer| layer.span).or_else(|| own().next());
                        (near.to_owned(), place)
                    });
                    Missing { name, role, near, hosts: HashSet::new() }
                });
                missed.hosts.insert(host.as_str());
            }
        }
    }
    missing.into_values().map(|missing| missing.diagnostic(sources)).collect()
}

/// What a role itself sets.
pub(super) fn supplied_by(role: &LoadedRole) -> impl Iterator<Item = &str> {
    written_by(role).map(|(name, _)| name).chain(role.names.set.iter().map(String::as_str))
}

/// A role's own variables, and where each is written.
fn written_by(role: &LoadedRole) -> impl Iterator<Item = (&str, Span)> {
    let tasks = &role.typed.tasks;
    tasks.defaults.iter().chain(&tasks.vars).map(|(key, _)| (key.name.as_str(), key.span))
}

impl Missing<'_> {
    fn diagnostic(self, sources: &Sources) -> Diagnostic {
        let count = self.hosts.len();
        let hosts = if count == 1 { "1 host" } else { &format!("{count} hosts") };
        let place = |span: Span| {
            let path = sources.path(span.source).map(|path| path.display().to_string());
            path.map(|path| format!("{path}:{}", span.line))
        };
        let near = self.near.as_ref().map(|(near, _)| near.as_str());
        let mut error = undefined(self.name, near);
        if let (Some((_, Some(set))), Some(help)) = (&self.near, &mut error.help)
            && help.starts_with("did you mean")
            && let Some(set) = place(*set)
        {
            help.push_str(&format!("  ({set})"));
        }
        match self.template_user().and_then(place) {
            Some(user) => error.note(format!("used by {user}, {hosts}")),
            None => error.note(format!("nothing sets it for {hosts}")),
        }
    }

    /// Where the template is written out, if the name stands in one.
    fn template_user(&self) -> Option<Span> {
        let tasks = &self.role.typed.tasks;
        let stands_in = |(_, (source, _)): &(&String, &(_, _))| *source == self.name.span.source;
        let (template, _) = tasks.templates.iter().find(stands_in)?;
        let mut found = None;
        for list in tasks.tasks.values().chain([&tasks.handlers, &tasks.verify]) {
            for_each(list, &mut |task| {
                let Body::Resource { kind, params } = &task.body else { return };
                let source = resource::find(kind).and_then(|kind| kind.source);
                let Some(Source::Template) = source else { return };
                let src = params.get("src").and_then(crate::value::Node::as_str);
                let src = src.map(|src| src.strip_prefix("templates/").unwrap_or(src));
                if src == Some(template) {
                    found = found.or(Some(task.span));
                }
            });
        }
        found
    }
}

//! One play, read key by key.

use super::task_files::TaskFiles;
use super::{
    PLAY_LISTS, PLAY_PREFIX, Play, Rollout, Surroundings, loose_files, rollout, variables,
};
use crate::config::Reader;
use crate::config::role::{Dependency, Role};
use crate::config::variables::LayerKind;
use crate::text::{Diagnostic, Lack, Span, nearest, with_article};
use crate::value::{Key, Node, NodeKind};
use indexmap::IndexMap;
use std::path::Path;

/// Every key that a play takes.
const KEYS: [&str; 31] = [
    "name",
    "hosts",
    "roles",
    "pre_tasks",
    "tasks",
    "post_tasks",
    "handlers",
    "vars",
    "vars_files",
    "vars_prompt",
    "become",
    "become_user",
    "become_method",
    "gather_facts",
    "environment",
    "tags",
    "no_log",
    "ignore_errors",
    "module_defaults",
    "serial",
    "max_fail_percentage",
    "max_fail",
    "pause",
    "health",
    "any_errors_fatal",
    "strategy",
    "order",
    "force_handlers",
    "collections",
    "connection",
    "remote_user",
];

/// Keys of Ansible's that are refused by name, and what to do instead.
const REFUSED: [(&str, &str); 15] = [
    ("become_exe", "leave it out: the agent comes to be root with sudo, by `-b`"),
    ("become_flags", "leave it out: the agent comes to be root with sudo, by `-b`"),
    ("check_mode", "a dry run is asked for with `converge --check`"),
    ("debugger", "use `-vvv`"),
    ("diff", "use `--diff` on the command line"),
    ("fact_path", "ask with a `command` and `changed_when: false`"),
    ("gather_subset", "leave it out: facts are few, and gathered with the first message"),
    ("gather_timeout", "leave it out: facts are few, and gathered with the first message"),
    ("ignore_unreachable", "leave it out: the other hosts go on"),
    ("port", "set `ansible_port` in the inventory"),
    ("run_once", "write it at the tasks"),
    ("throttle", "use `--forks` on the command line"),
    ("timeout", "write it at the tasks"),
    ("user", "set `ansible_user` in the inventory"),
    ("when", "a play has no condition: write it at its roles and tasks"),
];

/// Keywords that a play hands on to every task of it.
const HANDED_ON: [&str; 6] =
    ["become", "environment", "tags", "no_log", "ignore_errors", "module_defaults"];

/// What stands beside an `import_playbook`: it holds for every play of that playbook.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    /// Stronger than the plays' own.
    vars: Vec<(Key, Node)>,
    /// `tags` and `when`.
    keywords: Vec<(Key, Node)>,
}

impl Kept {
    pub(super) fn add(&mut self, key: &Key, node: Node) -> Result<(), Diagnostic> {
        match (key.name.as_str(), node.kind) {
            ("name", _) => {}
            ("vars", NodeKind::Map(entries)) => self.vars.extend(entries),
            ("vars", NodeKind::Null) => {}
            ("tags" | "when", kind) => self.keywords.push((key.clone(), Node { kind, ..node })),
            _ => {
                return Err(Diagnostic::new(format!(
                    "`{}` does not work beside `import_playbook`",
                    key.name
                ))
                .at(key.span)
                .help("it takes `name`, `vars` (a mapping), `tags` and `when`"));
            }
        }
        Ok(())
    }
}

/// A play, if it can be made sense of; what is wrong is added to `errors`.
pub(super) fn read(
    entries: Vec<(Key, Node)>,
    span: Span,
    folder: &Path,
    outer: &Kept,
    around: &Surroundings<'_>,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Play> {
    let mut found: IndexMap<String, (Key, Node)> = IndexMap::new();
    for (key, node) in entries {
        if KEYS.contains(&key.name.as_str()) {
            found.insert(key.name.clone(), (key, node));
        } else {
            errors.push(unknown(&key));
        }
    }
    let hosts = match found.shift_remove("hosts") {
        Some((_, node)) => hosts(&node, around).map_err(|error| errors.push(error)).ok(),
        None => {
            let error = Diagnostic::new("a play says which `hosts` it is for").at(span);
            errors.push(error.help("as in `hosts: web`, or `hosts: all`"));
            None
        }
    };
    let name = found.shift_remove("name").and_then(|(_, node)| Some(node.as_str()?.to_owned()));
    let name = name.or_else(|| hosts.as_ref().map(|(pattern, _)| pattern.clone()));
    let name = name.unwrap_or_else(|| "?".to_owned());
    let mut take = |key: &str| found.shift_remove(key).map(|(_, node)| node);
    let mut settings = Vec::new();
    if let Some(node) = take("vars") {
        variables::vars(node, &mut settings, errors);
    }
    let imported = outer.vars.iter().cloned();
    settings.extend(imported.map(|(key, node)| (LayerKind::PlayVar, key, node)));
    if let Some(node) = take("vars_prompt") {
        variables::prompts(node, around, &mut settings, errors);
    }
    if let Some(node) = take("vars_files").filter(|node| node.kind != NodeKind::Null) {
        variables::files(&node, folder, around, reader, &mut settings, errors);
    }
    let mut own = Role::empty(format!("{PLAY_PREFIX}{name}"), folder.to_owned());
    own.dependencies = take("roles").map(|node| roles(node, errors)).unwrap_or_default();
    let lists = PLAY_LISTS.iter().filter_map(|list| Some((*list, take(list)?))).collect();
    let handlers = take("handlers");
    let rollout = rollout_of(&mut take, around, errors);
    let connection = [("connection", "ansible_connection"), ("remote_user", "ansible_user")];
    let connection = connection.into_iter().filter_map(|(key, variable)| {
        let node = take(key)?;
        Some((Key { name: variable.to_owned(), span: node.span }, node))
    });
    let connection = connection.collect();
    meaningless(&mut take, errors);
    let mut keywords = outer.keywords.clone();
    keywords.extend(found.into_values().filter(|(key, _)| HANDED_ON.contains(&&*key.name)));
    own_tasks(&mut own, lists, handlers, reader, errors);
    own.vars = strongest(&settings);
    Some(Play {
        name,
        span,
        hosts: hosts?,
        own,
        settings,
        keywords,
        connection,
        rollout,
        folder: folder.to_owned(),
    })
}

fn unknown(key: &Key) -> Diagnostic {
    if let Some((_, instead)) = REFUSED.iter().find(|(name, _)| *name == key.name) {
        return Diagnostic::new(format!("`{}` of a play is not supported", key.name))
            .lacks(Lack::Keyword(key.name.clone()))
            .at(key.span)
            .help(*instead);
    }
    let error = Diagnostic::new(format!("a play has no key `{}`", key.name))
        .lacks(Lack::Keyword(key.name.clone()))
        .at(key.span);
    match nearest(&key.name, KEYS) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(format!("its keys are {}", KEYS.join(", "))),
    }
}

/// One pattern, or a list of them.
fn hosts(node: &Node, around: &Surroundings<'_>) -> Result<(String, Span), Diagnostic> {
    let wrong = |node: &Node| {
        Diagnostic::new(format!("`hosts` takes a pattern, not {}", with_article(node.kind_name())))
            .at(node.span)
            .help("as in `hosts: web`, or `hosts: [web, db]`")
    };
    let one = |node: &Node| -> Result<String, Diagnostic> {
        let rendered = (around.render)(node)
            .map_err(|error| error.help("only `-e` can choose the hosts: `-e target=web`"))?;
        rendered.as_str().map(str::to_owned).ok_or_else(|| wrong(node))
    };
    let pattern = match &node.kind {
        NodeKind::List(items) => {
            items.iter().map(one).collect::<Result<Vec<_>, Diagnostic>>()?.join(",")
        }
        NodeKind::Str(_) => one(node)?,
        _ => return Err(wrong(node)),
    };
    Ok((pattern, node.span))
}

fn roles(node: Node, errors: &mut Vec<Diagnostic>) -> Vec<Dependency> {
    let items = match node.kind {
        NodeKind::Null => Vec::new(),
        NodeKind::List(items) => items,
        _ => {
            errors.push(
                Diagnostic::new("`roles` is a list of roles")
                    .at(node.span)
                    .help("write `- NAME`, or `- role: NAME`"),
            );
            Vec::new()
        }
    };
    let read = items.into_iter().map(Dependency::of_a_play);
    read.filter_map(|read| read.map_err(|error| errors.push(error)).ok()).collect()
}

fn rollout_of(
    take: &mut impl FnMut(&str) -> Option<Node>,
    around: &Surroundings<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Rollout {
    let mut rollout = Rollout::default();
    let mut known = |key: &str, read: &mut dyn FnMut(&Node) -> Result<(), Diagnostic>| {
        let Some(node) = take(key) else { return };
        if let Err(error) = (around.render)(&node).and_then(|node| read(&node)) {
            errors.push(error);
        }
    };
    known("serial", &mut |node| rollout::serial(node).map(|sizes| rollout.serial = sizes));
    known("max_fail_percentage", &mut |node| {
        rollout::max_fail(node).map(|most| rollout.max_fail_percentage = Some(most))
    });
    known("max_fail", &mut |node| {
        rollout::max_fail_hosts(node).map(|most| rollout.max_fail = Some(most))
    });
    known("pause", &mut |node| rollout::seconds(node, "pause").map(|pause| rollout.pause = pause));
    known("any_errors_fatal", &mut |node| {
        boolean(node, "any_errors_fatal").map(|fatal| rollout.any_errors_fatal = fatal)
    });
    known("order", &mut |node| rollout::order(node).map(|order| rollout.order = order));
    known("strategy", &mut |node| strategy(node));
    match take("health").map(rollout::health) {
        Some(Ok(health)) => rollout.health = health,
        Some(Err(error)) => errors.push(error),
        None => {}
    }
    rollout
}

/// Hosts go through a play side by side and wait for each other at its end: `linear` and `free` are one.
fn strategy(node: &Node) -> Result<(), Diagnostic> {
    let name = node.as_str().map(|name| name.strip_prefix("ansible.builtin.").unwrap_or(name));
    match name {
        Some("linear" | "free" | "host_pinned") => Ok(()),
        _ => Err(Diagnostic::new("`strategy` takes `linear` or `free`")
            .at(node.span)
            .help("leave it out: hosts go through a play side by side")),
    }
}

fn boolean(node: &Node, key: &str) -> Result<bool, Diagnostic> {
    match node.kind {
        NodeKind::Bool(value) => Ok(value),
        _ => Err(crate::config::fields::not_boolean(node, key)),
    }
}

/// Keys that say what is so anyway, and are refused where they would say something else.
fn meaningless(take: &mut impl FnMut(&str) -> Option<Node>, errors: &mut Vec<Diagnostic>) {
    let refuse =
        |node: &Node, message: &str, help: &str| Diagnostic::new(message).at(node.span).help(help);
    if let Some(node) = take("gather_facts")
        && let Err(error) = boolean(&node, "gather_facts")
    {
        errors.push(error);
    }
    if let Some(node) = take("force_handlers") {
        match boolean(&node, "force_handlers") {
            Ok(false) => {}
            Ok(true) => errors.push(refuse(
                &node,
                "`force_handlers` is not supported",
                "leave it out: the next run runs the handlers that a failed one left waiting",
            )),
            Err(error) => errors.push(error),
        }
    }
    let user = take("become_user").filter(|node| node.as_str() != Some("root"));
    if let Some(node) = user {
        let help = "the agent is root: write `become_user` at the commands";
        errors.push(refuse(&node, "`become_user` of a play can only be `root`", help));
    }
    let method = take("become_method").filter(|node| node.as_str() != Some("sudo"));
    if let Some(node) = method {
        let help = "leave it out: the agent comes to be root with sudo, by `-b`";
        errors.push(refuse(&node, "`become_method` can only be `sudo`", help));
    }
    // A resource has one short name, whatever collection it is in.
    let _ = take("collections");
}

/// The play's own tasks and handlers, with the files that they name.
fn own_tasks(
    own: &mut Role,
    lists: Vec<(&'static str, Node)>,
    handlers: Option<Node>,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) {
    let mut files = TaskFiles::new(&own.folder);
    for (list, mut node) in lists {
        files.resolve(&mut node, "", reader, errors);
        own.tasks.insert(list.to_owned(), node);
    }
    own.handlers = handlers.map(|mut node| {
        files.resolve(&mut node, "", reader, errors);
        node
    });
    own.tasks.extend(files.found);
    loose_files::read(own, reader, errors);
}

/// Of each variable the setting that wins.
fn strongest(settings: &[(LayerKind, Key, Node)]) -> Vec<(Key, Node)> {
    let mut found: IndexMap<&str, (&Key, &Node)> = IndexMap::new();
    for (_, key, node) in settings {
        found.insert(&key.name, (key, node));
    }
    found.into_values().map(|(key, node)| (key.clone(), node.clone())).collect()
}

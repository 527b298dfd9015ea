//! Which variables a role's tasks name, and which they set: so that a name that no layer can
//! supply is an error before any host is touched.

use super::ansible_names::{would_define, would_gather};
use super::bundle::RoleTasks;
use super::task::{Body, Keywords, Task};
use super::typing::{TypedPlay, for_each};
use crate::template::{Lookup, Name, Named, Templates};
use crate::text::{Diagnostic, Lack, nearest};
use crate::value::{Key, Node, NodeKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Names that the engine itself supplies, facts aside.
const SUPPLIED: &[&str] = &[
    "omit",
    "inventory_hostname",
    "inventory_hostname_short",
    "group_names",
    "groups",
    HOSTVARS,
    "ansible_facts",
    "ansible_failed_task",
    "ansible_failed_result",
    "ansible_managed",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_role_name",
    "play_hosts",
    "role_name",
    "true",
    "false",
    "none",
];

/// What a role needs and gives.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Every use of a variable that the text around it needs, with its place.
    pub used: Vec<Name>,
    /// Variables that tasks set: `register`, `set_fact`, `vars`, loop variables.
    pub set: BTreeSet<String>,
    /// Every name that stands in a task or template of the host's own, needed or not: what it must be
    /// sent, with all that these variables name in turn.
    pub in_tasks: BTreeSet<String>,
    /// What tasks and templates look up on the controller.
    pub lookups: Vec<Lookup>,
    /// Delegated tasks, by id, with the names that they mention.
    pub delegated: Vec<(String, BTreeSet<String>)>,
    /// What delegated tasks look up.
    pub delegated_lookups: Vec<Lookup>,
    /// What is asked of other hosts.
    pub of_others: BTreeSet<OtherValue>,
    /// Texts that are no valid template or expression.
    pub errors: Vec<Diagnostic>,
}

/// A variable of another host's that a text asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OtherValue {
    /// Which host, where that is written out.
    pub host: Option<String>,
    /// The variable; a fact by its long name.
    pub name: String,
}

impl OtherValue {
    /// What a use of `hostvars` asks for; `None` where the variable is not written out.
    #[must_use]
    pub fn of(name: &Name) -> Option<Self> {
        let host = name.members.first().filter(|host| *host != "*").cloned();
        let name = match (name.members.get(1)?.as_str(), name.members.get(2)) {
            ("ansible_facts", fact) => format!("ansible_{}", fact?),
            (name, _) => name.to_owned(),
        };
        Some(Self { host, name })
    }
}

/// `hostvars` of which no variable is named.
fn unnamed_host_variable(name: &Name) -> Diagnostic {
    Diagnostic::new("which variable of another host is asked for must be written out")
        .at(name.span)
        .help(
            "as in `hostvars[host].ansible_host`, or `| map('extract', hostvars, 'ansible_host')`: a \
             host is sent what it asks for, and no more",
        )
}

/// The variable through which others are asked.
pub const HOSTVARS: &str = "hostvars";

/// Whether the engine supplies this name on any host.
#[must_use]
pub fn is_supplied(name: &str) -> bool {
    SUPPLIED.contains(&name)
        || name.starts_with("run_once_")
        || crate::host::local::FACT_NAMES.contains(&name)
}

/// Variables that Ansible itself sets and nothing here does, and what to do instead.
const NOT_HERE: &[(&str, &str)] = &[
    ("ansible_check_mode", "a dry run is no flag here: leave the condition out"),
    ("ansible_date_time", "a role has no clock, else no second run would change nothing"),
    ("ansible_env", "ask with `command: printenv NAME` and `changed_when: false`"),
    ("ansible_loop", "use `loop_control: {index_var: NAME}`"),
    ("ansible_version", "leave the condition out"),
    ("inventory_dir", "files are found by their names in the role; use `lookup('file', …)`"),
    ("inventory_file", "files are found by their names in the role; use `lookup('file', …)`"),
    ("playbook_dir", "files and templates are found by their names in the role"),
    ("role_path", "files and templates are found by their names in the role"),
    ("vars", "name the variable itself"),
];

/// What the inventory says of the way to a host, and roles may read.
const OF_INVENTORY: &[&str] = &[
    "ansible_connection",
    "ansible_host",
    "ansible_password",
    "ansible_port",
    "ansible_python_interpreter",
    "ansible_user",
];

/// Whether only Ansible itself, or its facts, would set this name.
#[must_use]
pub fn is_ansible_s_own(name: &str) -> bool {
    instead(name).is_some()
        || would_define(name)
        || (name.starts_with("ansible_")
            && !name.starts_with("ansible_ssh_")
            && !name.starts_with("ansible_become")
            && !OF_INVENTORY.contains(&name)
            && !is_supplied(name))
}

/// What to do instead of asking for a variable that Ansible sets.
#[must_use]
pub fn instead(name: &str) -> Option<&'static str> {
    NOT_HERE.iter().find(|(missing, _)| *missing == name).map(|(_, instead)| *instead)
}

/// A name that nothing sets: which, where, and what to do.
#[must_use]
pub fn undefined<'k>(name: &Name, known: impl IntoIterator<Item = &'k str>) -> Diagnostic {
    let what = match name.optional {
        true => format!("Ansible defines `{}`, and nothing here does", name.name),
        false => format!("undefined variable `{}`", name.name),
    };
    let error = Diagnostic::new(what).at(name.span);
    let error = match is_ansible_s_own(&name.name) {
        true => error.lacks(Lack::Variable(name.name.clone())),
        false => error,
    };
    match (instead(&name.name), nearest(&name.name, known)) {
        (Some(instead), _) => error.help(instead),
        (None, Some(near)) => error.help(format!("did you mean `{near}`?")),
        (None, None) => error.help("set it in the inventory, or give it a default in the role"),
    }
}

/// A fact that is asked for as a member and never gathered.
fn no_such_fact(name: &Name) -> Option<Diagnostic> {
    let fact = name.members.first().filter(|_| name.name == "ansible_facts")?;
    if name.optional && !would_gather(fact) {
        return None;
    }
    let known = || crate::host::local::FACT_NAMES.iter().filter_map(|n| n.strip_prefix("ansible_"));
    if known().any(|name| name == fact) || fact.starts_with(|first: char| !first.is_alphabetic()) {
        return None;
    }
    let error = Diagnostic::new(format!("there is no fact `{fact}`"))
        .lacks(Lack::Variable(format!("ansible_facts.{fact}")))
        .at(name.span);
    Some(match (instead(&format!("ansible_{fact}")), nearest(fact, known())) {
        (Some(instead), _) => error.help(instead),
        (None, Some(near)) => error.help(format!("did you mean `{near}`?")),
        (None, None) => error.help("ask with a `command` and `changed_when: false`"),
    })
}

/// Collects them from tasks, handlers, checks, templates, and the role's own variables.
#[must_use]
pub fn of_role(role: &RoleTasks, templates: &Templates) -> Names {
    let mut found = Collector::new(templates, Some(role));
    for list in role.tasks.values().chain([&role.handlers, &role.verify]) {
        for_each(list, &mut |task| {
            found.task(task);
            found.names.errors.extend(super::constant::mistakes(task, role, templates));
        });
    }
    for (source, text) in role.templates.values() {
        let names = templates.names_in_file(*source, text);
        found.add(names);
    }
    let lookups = std::mem::take(&mut found.names.lookups);
    found.names.in_tasks = std::mem::take(&mut found.mentioned);
    for (_, node) in role.defaults.iter().chain(&role.vars) {
        found.texts(node);
    }
    // What a variable looks up is looked up where the variable is used.
    Names { lookups, ..found.names }
}

impl Names {
    /// Adds what a play hands on to its tasks and gives its roles.
    pub fn add_play<'n>(
        &mut self,
        typed: &TypedPlay,
        params: impl IntoIterator<Item = &'n (Key, Node)>,
        templates: &Templates,
    ) {
        let mut names = std::mem::take(self);
        let mentioned = std::mem::take(&mut names.in_tasks);
        let mut found = Collector { names, mentioned, ..Collector::new(templates, None) };
        found.keywords(&typed.keywords);
        typed.roles.iter().for_each(|keywords| found.keywords(keywords));
        typed.module_defaults.values().for_each(|node| found.texts(node));
        for (key, node) in params {
            found.texts(node);
            found.names.set.insert(key.name.clone());
        }
        *self = Self { in_tasks: found.mentioned, ..found.names };
    }
}

struct Collector<'a> {
    templates: &'a Templates,
    names: Names,
    /// Every name so far.
    mentioned: BTreeSet<String>,
    /// Whose they are.
    role: Option<&'a RoleTasks>,
}

impl<'a> Collector<'a> {
    fn new(templates: &'a Templates, role: Option<&'a RoleTasks>) -> Self {
        Self { templates, names: Names::default(), mentioned: BTreeSet::new(), role }
    }

    fn add(&mut self, found: Named) {
        let Named { names, lookups, errors } = found;
        self.names.lookups.extend(lookups);
        self.mentioned.extend(names.iter().map(|name| name.name.clone()));
        self.names.errors.extend(names.iter().filter_map(no_such_fact));
        for name in names.iter().filter(|name| name.name == HOSTVARS) {
            match OtherValue::of(name) {
                Some(value) => drop(self.names.of_others.insert(value)),
                None => self.names.errors.push(unnamed_host_variable(name)),
            }
        }
        // Asked whether it is there, what Ansible has would be missing in silence.
        let needed = |name: &Name| !name.optional || would_define(&name.name);
        self.names.used.extend(names.into_iter().filter(needed));
        self.names.errors.extend(errors);
    }

    fn texts(&mut self, node: &Node) {
        let names = self.templates.names(node);
        self.add(names);
    }

    /// Conditions that must all hold: what one guards, the others may name.
    fn condition(&mut self, nodes: &[Node]) {
        let names = self.names_of_all(nodes);
        self.add(names);
    }

    fn names_of_all(&self, nodes: &[Node]) -> Named {
        let Some(first) = nodes.first() else { return Named::default() };
        let kind = NodeKind::List(nodes.to_vec());
        self.templates.names_in_condition(&Node { kind, span: first.span, secret: false })
    }

    fn task(&mut self, task: &Task) {
        let before = self.names.used.len();
        self.all_of(task);
        // What a task's `when` asks to be there need not be for the task to be right.
        let asked = self.names_of_all(&task.keywords.when).names;
        let guarded = |name: &Name| asked.iter().any(|a| a.optional && a.name == name.name);
        let mut own = self.names.used.split_off(before);
        own.retain(|name| would_define(&name.name) || !guarded(name));
        self.names.used.append(&mut own);
    }

    fn all_of(&mut self, task: &Task) {
        self.keywords(&task.keywords);
        self.texts(&task.name);
        match &task.body {
            Body::Resource { params, .. } | Body::SetFact(params)
                if task.keywords.is_done_elsewhere() =>
            {
                // What only the controller needs, the host is not sent.
                let before = std::mem::take(&mut self.mentioned);
                let lookups = std::mem::take(&mut self.names.lookups);
                self.texts(params);
                let keywords = &task.keywords;
                let written = keywords.vars.iter().map(|(_, node)| node);
                let written = written.chain(&keywords.loop_over).chain(&keywords.environment);
                written.for_each(|node| self.texts(node));
                if params.get("src").is_some() {
                    // Whichever template it is, another writes it.
                    let written = self.role.into_iter().flat_map(|role| role.templates.values());
                    for (source, text) in written {
                        let named = self.templates.names_in_file(*source, text).names;
                        self.mentioned.extend(named.into_iter().map(|name| name.name));
                    }
                }
                let needs = std::mem::replace(&mut self.mentioned, before);
                let own = std::mem::replace(&mut self.names.lookups, lookups);
                self.names.delegated_lookups.extend(own);
                self.names.delegated.push((task.id.clone(), needs));
                if let Body::SetFact(facts) = &task.body {
                    let set = facts.entries().iter().map(|(key, _)| key.name.clone());
                    self.names.set.extend(set);
                }
            }
            Body::Resource { params, .. } => self.texts(params),
            Body::SetFact(facts) => {
                self.texts(facts);
                self.names.set.extend(facts.entries().iter().map(|(key, _)| key.name.clone()));
            }
            Body::Assert { that, fail_msg } => {
                self.condition(that);
                fail_msg.iter().for_each(|msg| self.texts(msg));
            }
            Body::Fail(msg) => msg.iter().for_each(|msg| self.texts(msg)),
            Body::Debug(msg) => self.texts(msg),
            Body::IncludeTasks { file, apply, .. } => {
                self.texts(file);
                self.keywords(apply);
            }
            Body::IncludeRole { apply, .. } => self.keywords(apply),
            Body::FlushHandlers | Body::EndHost | Body::Block { .. } => {}
        }
    }

    fn keywords(&mut self, keywords: &Keywords) {
        for conditions in
            [&keywords.when, &keywords.changed_when, &keywords.failed_when, &keywords.until]
        {
            self.condition(conditions);
        }
        let control = keywords.loop_control.as_ref();
        let texts = [
            keywords.loop_over.as_ref(),
            keywords.environment.as_ref(),
            keywords.become_user.as_ref(),
            keywords.ignore_errors.as_ref(),
            keywords.retries.as_ref(),
            keywords.delay.as_ref(),
            keywords.timeout.as_ref(),
            keywords.no_log.as_ref(),
            keywords.delegate_to.as_ref(),
            control.and_then(|control| control.label.as_ref()),
            control.and_then(|control| control.pause.as_ref()),
        ];
        texts.into_iter().flatten().for_each(|node| self.texts(node));
        keywords.notify.iter().for_each(|node| self.texts(node));
        for (key, node) in &keywords.vars {
            self.texts(node);
            self.names.set.insert(key.name.clone());
        }
        self.names.set.extend(keywords.register.clone());
        if keywords.loop_over.is_some() {
            let name = control.and_then(|control| control.loop_var.clone());
            self.names.set.insert(name.unwrap_or_else(|| "item".to_owned()));
            self.names.set.extend(control.and_then(|control| control.index_var.clone()));
        }
    }
}

//! A role that another one, or a play, needs.

use crate::config::fields::mapping;
use crate::config::variables::{check_name, refuse_boolean_words};
use crate::text::{Diagnostic, Lack, Span};
use crate::value::{Key, Node, NodeKind};

/// Task keywords that Ansible takes on a dependency too.
const KEYWORDS: [&str; 6] = ["when", "tags", "become", "become_user", "delegate_to", "environment"];

/// What a role takes in a play beside its name and variables: handed on to all of its tasks.
const HANDED_ON: [&str; 6] = ["when", "tags", "become", "environment", "ignore_errors", "no_log"];

/// What would be no variable there, but a keyword that does nothing.
const REFUSED: [(&str, &str); 5] = [
    ("become_user", "the agent is root: write `become_user` at the commands"),
    ("delegate_to", "write it at the tasks"),
    ("run_once", "write it at the tasks"),
    ("any_errors_fatal", "write it at the play"),
    ("collections", "leave it out: a resource has one short name"),
];

/// A role that another one needs.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// What it is given.
    pub vars: Vec<(Key, Node)>,
    /// What a play gives it beside `vars`: as Ansible has it, stronger than `set_fact`.
    pub params: Vec<(Key, Node)>,
    /// What all of its tasks inherit, as written.
    pub keywords: Vec<(Key, Node)>,
}

impl Dependency {
    fn named(name: String, span: Span) -> Self {
        Self { name, span, vars: Vec::new(), params: Vec::new(), keywords: Vec::new() }
    }

    /// As `meta/main.yml` of a role names it.
    pub(super) fn of_a_role(node: Node) -> Result<Self, Diagnostic> {
        read(node, "a dependency", |dependency, key, node| {
            if KEYWORDS.contains(&key.name.as_str()) {
                let message = format!("`{}` does not work on a dependency", key.name);
                return Err(Diagnostic::new(message)
                    .lacks(Lack::Keyword(key.name.clone()))
                    .at(key.span)
                    .help("use `include_role` in tasks/main.yml, with the keyword on that task"));
            }
            check_name(&key)?;
            dependency.vars.push((key, node));
            Ok(())
        })
    }

    /// As `roles` of a play names it.
    pub(in crate::config) fn of_a_play(node: Node) -> Result<Self, Diagnostic> {
        let mut words = Vec::new();
        let read = read(node, "a role of a play", |dependency, key, node| {
            let name = key.name.as_str();
            if HANDED_ON.contains(&name) {
                dependency.keywords.push((key, node));
                return Ok(());
            }
            if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
                return Err(Diagnostic::new(format!("`{name}` does not work on a role of a play"))
                    .lacks(Lack::Keyword(name.to_owned()))
                    .at(key.span)
                    .help(*help));
            }
            check_name(&key)?;
            refuse_boolean_words(&node, &mut words);
            dependency.params.push((key, node));
            Ok(())
        })?;
        read.vars.iter().for_each(|(_, node)| refuse_boolean_words(node, &mut words));
        if words.is_empty() { Ok(read) } else { Err(words.swap_remove(0)) }
    }
}

/// A role's name, alone or with what stands beside it.
fn read(
    node: Node,
    what: &str,
    mut other: impl FnMut(&mut Dependency, Key, Node) -> Result<(), Diagnostic>,
) -> Result<Dependency, Diagnostic> {
    let span = node.span;
    if let NodeKind::Str(name) = node.kind {
        return Ok(Dependency::named(name, span));
    }
    let mut found = Dependency::named(String::new(), span);
    for (key, node) in mapping(node, what)? {
        match (key.name.as_str(), node.kind) {
            ("role" | "name", NodeKind::Str(name)) => {
                (found.name, found.span) = (name, node.span);
            }
            ("vars", NodeKind::Map(entries)) => found.vars.extend(entries),
            (_, kind) => other(&mut found, key, Node { kind, ..node })?,
        }
    }
    if found.name.is_empty() {
        return Err(Diagnostic::new(format!("{what} without a role's name"))
            .at(span)
            .help("write `- NAME`, or `- role: NAME`"));
    }
    Ok(found)
}

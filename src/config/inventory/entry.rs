//! The parts of a group's or a host's entry.

use crate::config::fields::found;
use crate::text::{Diagnostic, Span};
use crate::value::{Key, Node, NodeKind};

/// The variable that is none: it orders groups of one depth.
pub(super) const PRIORITY: &str = "ansible_group_priority";

/// What stands below a host's name.
pub(super) struct Entry {
    pub(super) variables: Vec<(Key, Node)>,
    pub(super) roles: Vec<(String, Span)>,
}

/// Reads what stands below a host's name: its variables, and `roles`.
pub(super) fn host(node: Node) -> Result<Entry, Diagnostic> {
    let mut variables = match node.kind {
        NodeKind::Null => Vec::new(),
        NodeKind::Map(entries) => entries,
        _ => {
            return Err(Diagnostic::new(format!(
                "a host's entry is a mapping of its variables, not {}",
                found(&node)
            ))
            .at(node.span)
            .help("write `NAME: VALUE` below the host"));
        }
    };
    let roles = match variables.iter().position(|(key, _)| key.name == "roles") {
        Some(at) => roles(variables.remove(at).1)?,
        None => Vec::new(),
    };
    Ok(Entry { variables, roles })
}

/// Reads a list of role names.
pub(super) fn roles(node: Node) -> Result<Vec<(String, Span)>, Diagnostic> {
    let span = node.span;
    let wrong = |span| {
        Diagnostic::new("`roles` is a list of role names")
            .at(span)
            .help("write `- NAME` for each; their variables are the group's or the host's")
    };
    let items = match node.kind {
        NodeKind::Null => Vec::new(),
        NodeKind::List(items) => items,
        _ => return Err(wrong(span)),
    };
    items
        .into_iter()
        .map(|item| match item.kind {
            NodeKind::Str(name) => Ok((name, item.span)),
            _ => Err(wrong(item.span)),
        })
        .collect()
}

/// A mapping's entries, none where nothing stands; anything else is added to the errors.
pub(super) fn entries(
    node: Node,
    what: &str,
    help: &str,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Key, Node)> {
    match node.kind {
        NodeKind::Null => Vec::new(),
        NodeKind::Map(entries) => entries,
        _ => {
            let message = format!("{what}, not {}", found(&node));
            errors.push(Diagnostic::new(message).at(node.span).help(help));
            Vec::new()
        }
    }
}

/// Reads `ansible_group_priority`.
pub(super) fn priority(node: &Node) -> Result<i64, Diagnostic> {
    let number = match &node.kind {
        NodeKind::Int(number) => Some(*number),
        NodeKind::Str(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Diagnostic::new(format!("`{PRIORITY}` is a whole number")).at(node.span))
}

//! Reading a mapping whose keys are known: each taken once, none left over.

use crate::text::{Diagnostic, Span, nearest};
use crate::value::{Key, Node, NodeKind};

/// A mapping's entries that were not taken yet.
pub(super) struct Fields {
    entries: Vec<(Key, Node)>,
    known: &'static [&'static str],
}

impl Fields {
    /// A mapping's entries, none where nothing stands; `what` fits "… is a mapping".
    ///
    /// # Errors
    /// Not a mapping, or a key that is not known.
    pub(super) fn of(
        node: Node,
        what: &str,
        known: &'static [&'static str],
    ) -> Result<Self, Diagnostic> {
        let entries = mapping(node, what)?;
        match entries.iter().find(|(key, _)| !known.contains(&key.name.as_str())) {
            Some((key, _)) => Err(unknown(key, what, known)),
            None => Ok(Self { entries, known }),
        }
    }

    /// Takes a key's value.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known keys");
        let at = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.swap_remove(at).1)
    }

    /// Takes a key's boolean, false where it is absent.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Diagnostic> {
        match self.take(name) {
            None => Ok(false),
            Some(node) => match node.kind {
                NodeKind::Bool(flag) => Ok(flag),
                _ => Err(not_boolean(&node, name)),
            },
        }
    }

    /// Takes a key's text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<(String, Span)>, Diagnostic> {
        match self.take(name) {
            None => Ok(None),
            Some(node) => match node.kind {
                NodeKind::Str(text) => Ok(Some((text, node.span))),
                _ => Err(Diagnostic::new(format!("`{name}` is text, not {}", found(&node)))
                    .at(node.span)),
            },
        }
    }
}

/// A mapping's entries, none where nothing stands; `what` fits "… is a mapping".
///
/// # Errors
/// Not a mapping.
pub(super) fn mapping(node: Node, what: &str) -> Result<Vec<(Key, Node)>, Diagnostic> {
    match node.kind {
        NodeKind::Null => Ok(Vec::new()),
        NodeKind::Map(entries) => Ok(entries),
        _ => {
            Err(Diagnostic::new(format!("{what} is a mapping, not {}", found(&node))).at(node.span))
        }
    }
}

/// The error about something that must be `true` or `false`.
pub(super) fn not_boolean(node: &Node, name: &str) -> Diagnostic {
    let error =
        Diagnostic::new(format!("`{name}` is true or false, not {}", found(node))).at(node.span);
    match node.as_str().and_then(boolean_meant) {
        Some(meant) => error.help(format!("write `{meant}`: YAML 1.2 has no other booleans")),
        None => error,
    }
}

/// The boolean that a text of YAML 1.1 means.
pub(super) fn boolean_meant(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" | "y" | "1" => Some(true),
        "no" | "off" | "false" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn unknown(key: &Key, what: &str, known: &[&str]) -> Diagnostic {
    let error = Diagnostic::new(format!("{what} has no key `{}`", key.name)).at(key.span);
    match nearest(&key.name, known.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(format!("its keys are {}", known.join(", "))),
    }
}

/// What a node is, in words that fit "… is a mapping, not …".
pub(super) const fn found(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Null => "nothing",
        NodeKind::Bool(_) => "a boolean",
        NodeKind::Int(_) => "a whole number",
        NodeKind::Float(_) => "a number",
        NodeKind::Str(_) => "text",
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a mapping",
    }
}

//! What holds for a mapping's keys: each once, and `<<` brings in others.

use crate::text::{Diagnostic, Span};
use crate::value::{Key, Node, NodeKind};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Up to this many keys are compared one by one; beyond, through a hash table.
const FEW_KEYS: usize = 8;

/// Every key that stands twice.
pub(super) fn duplicates(entries: &[(Key, Node)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if entries.len() <= FEW_KEYS {
        for (at, (key, _)) in entries.iter().enumerate() {
            if let Some((first, _)) = entries[..at].iter().find(|(first, _)| first.name == key.name)
            {
                found.push(duplicate(&key.name, first.span, key.span));
            }
        }
        return found;
    }
    let mut seen = HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        if let Some(first) = seen.insert(key.name.as_str(), key.span) {
            found.push(duplicate(&key.name, first, key.span));
        }
    }
    found
}

/// The error about a key that stands twice.
pub(super) fn duplicate(name: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::new(format!("key `{name}` stands twice in one mapping"))
        .at(second)
        .note(format!("first at line {}, column {}", first.line, first.column))
        .help("keep one of the two")
}

/// What `<<` brings in stands first; keys written here win, then earlier mappings of a list.
pub(super) fn merged(
    span: Span,
    node: Node,
    own: Vec<(Key, Node)>,
) -> Result<Vec<(Key, Node)>, Diagnostic> {
    let wrong = || {
        Diagnostic::new("`<<` takes a mapping, or a list of mappings")
            .at(span)
            .help("give it an alias: `<<: *name`")
    };
    let maps = match node.kind {
        NodeKind::Map(entries) => vec![entries],
        NodeKind::List(items) => items
            .into_iter()
            .map(|item| match item.kind {
                NodeKind::Map(entries) => Ok(entries),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong()),
    };
    let mut result = IndexMap::new();
    for (key, node) in maps.into_iter().flatten() {
        result.entry(key.name).or_insert((key.span, node));
    }
    for (key, node) in own {
        result.insert(key.name, (key.span, node));
    }
    Ok(result.into_iter().map(|(name, (span, node))| (Key { name, span }, node)).collect())
}

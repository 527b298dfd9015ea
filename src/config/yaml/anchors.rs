//! Anchors and aliases, within a budget.

use super::limits::{MAX_DEPTH, MAX_REPEATED_BYTES};
use crate::text::{Diagnostic, Span};
use crate::value::{Key, Node, NodeKind};
use std::collections::HashMap;

/// What was anchored in one document.
#[derive(Default)]
pub(super) struct Anchors {
    /// Nodes by the parser's number, with what a copy costs in bytes.
    nodes: HashMap<usize, (Node, usize)>,
    /// The bytes that were copied so far.
    copied: usize,
}

impl Anchors {
    /// Keeps a node under the parser's number; 0 means that it has no anchor.
    pub(super) fn define(&mut self, anchor: usize, node: &Node) -> Result<(), Diagnostic> {
        if anchor == 0 {
            return Ok(());
        }
        let cost = cost(node);
        self.charge(cost, node.span)?;
        self.nodes.insert(anchor, (node.clone(), cost));
        Ok(())
    }

    /// A copy of what an alias names, to stand `depth` levels deep.
    pub(super) fn repeat(
        &mut self,
        anchor: usize,
        depth: usize,
        at: Span,
    ) -> Result<Node, Diagnostic> {
        let Some((node, cost)) = self.nodes.get(&anchor) else {
            return Err(Diagnostic::new("alias stands inside what it names").at(at));
        };
        if depth + height(node) > MAX_DEPTH {
            return Err(Diagnostic::new(format!("nested deeper than {MAX_DEPTH} levels"))
                .at(at)
                .label("by what this alias names"));
        }
        let node = node.clone();
        self.charge(*cost, at)?;
        Ok(node)
    }

    fn charge(&mut self, cost: usize, at: Span) -> Result<(), Diagnostic> {
        self.copied = self.copied.saturating_add(cost);
        if self.copied <= MAX_REPEATED_BYTES {
            return Ok(());
        }
        let bound = MAX_REPEATED_BYTES >> 20;
        Err(Diagnostic::new(format!("anchors and aliases repeat more than {bound} MiB"))
            .at(at)
            .note("a few lines whose aliases name each other can stand for gigabytes")
            .help("write the values out, or move them to a variable and name that"))
    }
}

/// What copying a node costs, in bytes, roughly.
fn cost(node: &Node) -> usize {
    size_of::<Node>()
        + match &node.kind {
            NodeKind::Str(text) => text.len(),
            NodeKind::List(items) => items.iter().map(cost).sum(),
            NodeKind::Map(entries) => entries
                .iter()
                .map(|(key, node)| size_of::<Key>() + key.name.len() + cost(node))
                .sum(),
            _ => 0,
        }
}

fn height(node: &Node) -> usize {
    match &node.kind {
        NodeKind::List(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        NodeKind::Map(entries) => {
            1 + entries.iter().map(|(_, node)| height(node)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

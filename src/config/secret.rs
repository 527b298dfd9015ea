//! Marking what no output may show.

use crate::value::{Node, NodeKind};

/// Marks a node and everything in it secret.
pub(super) fn mark_secret(node: &mut Node) {
    node.secret = true;
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(mark_secret),
        NodeKind::Map(entries) => entries.iter_mut().for_each(|(_, node)| mark_secret(node)),
        _ => {}
    }
}

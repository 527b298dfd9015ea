//! Marking what no output may show.

use crate::value::{Kind, Node};

/// Marks a node and everything in it secret.
pub(super) fn mark_secret(node: &mut Node) {
    node.secret = true;
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(mark_secret),
        Kind::Map(entries) => entries.iter_mut().for_each(|(_, node)| mark_secret(node)),
        _ => {}
    }
}

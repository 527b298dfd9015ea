//! What a task may bring to a host, as far as its parameters are written out.

use super::{Kind, Nature};
use crate::host::{HostError, Package, View};
use crate::value::{Known, Node, NodeKind};

/// Whether a task with these parameters may bring a program, as far as they are written out: a
/// package that is not installed yet, or a file of that name.
///
/// # Errors
/// If the host cannot be read.
pub fn may_bring(
    kind: &Kind,
    params: &Node,
    program: &str,
    view: &dyn View,
) -> Result<bool, HostError> {
    if kind.brings_anything {
        let target = kind.target.and_then(|name| {
            let parameter = kind.parameters().get(name)?;
            let names = std::iter::once(&parameter.name).chain(&parameter.aliases);
            names.filter_map(|name| params.get(name)).next()
        });
        let Some(target) = target.filter(|target| !target.has_template()) else { return Ok(true) };
        let listed = target.items().iter().filter_map(Node::as_str);
        for name in target.as_str().into_iter().flat_map(|text| text.split(',')).chain(listed) {
            let name = name.split('=').next().unwrap_or(name).trim();
            if !matches!(view.package(name)?, Known::Is(Package { installed: Some(_) })) {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_it = |text: &str| {
        text == program
            || (!program.starts_with('/') && text.rsplit('/').next() == Some(name))
            || (text.ends_with('/') && program.strip_prefix(text) == Some(name))
    };
    // What it makes; an act says so in `creates` and `changes`.
    let makes = |key: &str| {
        kind.guards.contains(&key)
            || key == "changes"
            || (kind.nature == Nature::Change
                && kind
                    .parameters()
                    .get(key)
                    .is_some_and(|one| Some(one.name.as_str()) == kind.target))
    };
    let texts = params.entries().iter().filter(|(key, _)| makes(&key.name));
    Ok(texts.flat_map(|(_, node)| strings(node)).any(is_it))
}

fn strings(node: &Node) -> Vec<&str> {
    match &node.kind {
        NodeKind::Str(text) => vec![text],
        _ => node.items().iter().flat_map(strings).collect(),
    }
}

//! What a play and its entries for roles hand on to their tasks, typed.

use super::Typing;
use crate::config::Play;
use crate::engine::task::Keywords;
use crate::resource;
use crate::text::{Diagnostic, Lack};
use crate::value::{Key, Node, NodeKind};
use indexmap::IndexMap;

/// The keywords of a play.
#[derive(Debug, Clone, Default)]
pub struct TypedPlay {
    /// What every task of it inherits.
    pub keywords: Keywords,
    /// What each role inherits where the play names it, in the order of the names.
    pub roles: Vec<Keywords>,
    /// `module_defaults`, by kind.
    pub module_defaults: IndexMap<String, Node>,
    /// Everything that is wrong with them.
    pub errors: Vec<Diagnostic>,
}

/// Types what a play hands on.
#[must_use]
pub fn type_play(play: &Play) -> TypedPlay {
    let mut typing = Typing::new(&play.own.name, "play");
    let (defaults, others): (Vec<_>, Vec<_>) =
        play.keywords.iter().cloned().partition(|(key, _)| key.name == "module_defaults");
    let keywords = typing.keywords(&others);
    let mut module_defaults = IndexMap::new();
    for (_, node) in &defaults {
        typing.module_defaults(node, &mut module_defaults);
    }
    let role = |needed: &crate::config::Dependency, typing: &mut Typing<'_>| Keywords {
        vars: needed.vars.clone(),
        ..typing.keywords(&needed.keywords)
    };
    let roles = play.own.dependencies.iter().map(|needed| role(needed, &mut typing)).collect();
    TypedPlay { keywords, roles, module_defaults, errors: typing.errors }
}

impl Typing<'_> {
    /// A mapping of resources to parameters, or a list of such mappings.
    fn module_defaults(&mut self, node: &Node, found: &mut IndexMap<String, Node>) {
        match &node.kind {
            NodeKind::Null => {}
            NodeKind::List(items) => items.iter().for_each(|one| self.module_defaults(one, found)),
            NodeKind::Map(entries) => {
                entries.iter().for_each(|(key, node)| self.defaults_of(key, node, found));
            }
            _ => self.error(
                Diagnostic::new("`module_defaults` is a mapping of resources to parameters")
                    .at(node.span)
                    .help("as in `module_defaults: {file: {owner: app}}`"),
            ),
        }
    }

    fn defaults_of(&mut self, key: &Key, node: &Node, found: &mut IndexMap<String, Node>) {
        let Some(kind) = resource::find(&key.name) else {
            let error = Diagnostic::new(format!("`module_defaults` of `{}`", key.name));
            let help = if key.name.starts_with("group/") {
                "name each resource: there are no groups of them here"
            } else {
                "there is no such resource  (`converge doc` lists them)"
            };
            let lack = Lack::Resource(key.name.clone());
            return self.error(error.at(key.span).lacks(lack).help(help));
        };
        for (parameter, _) in node.entries() {
            if !kind.parameters().names().any(|known| known == parameter.name) {
                let name = parameter.name.clone();
                self.error(
                    Diagnostic::new(format!("`{}` has no parameter `{name}`", kind.name))
                        .lacks(Lack::Parameter(name, kind.name))
                        .at(parameter.span)
                        .help(format!("converge doc {}", kind.name)),
                );
            }
        }
        let mut node = node.clone();
        if let Some(earlier) = found.get(kind.name) {
            node = merged(&node, earlier);
        }
        found.insert(kind.name.to_owned(), node);
    }
}

/// A mapping with what another has besides.
pub(in crate::engine) fn merged(node: &Node, besides: &Node) -> Node {
    let mut entries = node.entries().to_vec();
    let missing = besides.entries().iter().filter(|(key, _)| node.get(&key.name).is_none());
    entries.extend(missing.cloned());
    Node { kind: NodeKind::Map(entries), ..node.clone() }
}

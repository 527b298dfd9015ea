//! `meta/main.yml`: what a role says of itself.

use super::Dependency;
use crate::config::arguments::ArgumentSpecs;
use crate::config::fields::Fields;
use crate::config::variables::refuse_boolean_words;
use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};

const META_KEYS: [&str; 5] =
    ["galaxy_info", "dependencies", "argument_specs", "allow_duplicates", "collections"];

/// What of it matters here.
#[derive(Default)]
pub(super) struct Meta {
    pub(super) dependencies: Vec<Dependency>,
    pub(super) argument_specs: Option<ArgumentSpecs>,
}

impl Meta {
    /// Reads it; everything wrong is added to `errors`.
    pub(super) fn read(node: Node, errors: &mut Vec<Diagnostic>) -> Self {
        let mut keep = |error: Diagnostic| errors.push(error);
        let mut fields = match Fields::of(node, "`meta/main.yml`", &META_KEYS) {
            Ok(fields) => fields,
            Err(error) => {
                keep(error);
                return Self::default();
            }
        };
        let dependencies = match fields.take("dependencies") {
            None | Some(Node { kind: NodeKind::Null, .. }) => Vec::new(),
            Some(Node { kind: NodeKind::List(items), .. }) => {
                let read = items.into_iter().map(Dependency::of_a_role);
                read.filter_map(|read| read.map_err(&mut keep).ok()).collect()
            }
            Some(other) => {
                keep(
                    Diagnostic::new("`dependencies` is a list of roles")
                        .at(other.span)
                        .help("write `- NAME` for each"),
                );
                Vec::new()
            }
        };
        let specs = fields.take("argument_specs").map(ArgumentSpecs::read);
        let argument_specs = specs.and_then(|read| read.map_err(keep).ok());
        for (_, node) in dependencies.iter().flat_map(|needed: &Dependency| &needed.vars) {
            refuse_boolean_words(node, errors);
        }
        Self { dependencies, argument_specs }
    }
}

//! `meta/main.yml`: what a role says of itself.

use super::Dependency;
use crate::config::arguments::ArgumentSpecs;
use crate::config::fields::{Fields, mapping};
use crate::config::variables::{check_name, refuse_boolean_words};
use crate::text::{Diagnostic, Lack};
use crate::value::{Node, NodeKind};

const META_KEYS: [&str; 5] =
    ["galaxy_info", "dependencies", "argument_specs", "allow_duplicates", "collections"];

/// Task keywords that Ansible takes on a dependency too.
const KEYWORDS: [&str; 6] = ["when", "tags", "become", "become_user", "delegate_to", "environment"];

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
                let read = items.into_iter().map(dependency);
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

fn dependency(node: Node) -> Result<Dependency, Diagnostic> {
    let span = node.span;
    if let NodeKind::Str(name) = node.kind {
        return Ok(Dependency { name, span, vars: Vec::new() });
    }
    let (mut found, mut vars) = (None, Vec::new());
    for (key, node) in mapping(node, "a dependency")? {
        match (key.name.as_str(), node.kind) {
            ("role" | "name", NodeKind::Str(name)) => found = Some((name, node.span)),
            ("vars", NodeKind::Map(entries)) => vars.extend(entries),
            (keyword, _) if KEYWORDS.contains(&keyword) => {
                return Err(Diagnostic::new(format!("`{keyword}` does not work on a dependency"))
                    .lacks(Lack::Keyword(keyword.to_owned()))
                    .at(key.span)
                    .help("use `include_role` in tasks/main.yml, with the keyword on that task"));
            }
            (_, kind) => {
                check_name(&key)?;
                vars.push((key, Node { kind, ..node }));
            }
        }
    }
    let Some((name, span)) = found else {
        return Err(Diagnostic::new("a dependency without a role's name")
            .at(span)
            .help("write `- NAME`, or `- role: NAME`"));
    };
    Ok(Dependency { name, span, vars })
}

//! Parameters as they are written, checked before any host is touched.

use super::Kind;
use super::parse_error::ParseError;
use crate::text::{Diagnostic, Lack, nearest};
use crate::value::{self, Node};

/// Everything wrong with a task's parameters that can be told without rendering them.
pub(super) fn parameters(kind: &Kind, written: &Node) -> Vec<Diagnostic> {
    let known = kind.parameters();
    let (mut wrong, mut misspelt) = (Vec::new(), Vec::new());
    if !matches!(written.kind, value::NodeKind::Map(_) | value::NodeKind::Null) {
        let what = format!("the parameters of `{}` must be a mapping", kind.name);
        return vec![Diagnostic::new(what).at(written.span)];
    }
    for (key, node) in written.entries() {
        if known.takes(&key.name) {
            wrong.extend(literal(kind, &key.name, node).err());
        } else {
            misspelt.extend(nearest(&key.name, known.names()));
            let lack = Lack::Parameter(key.name.clone(), kind.name);
            wrong.push(ParseError::unknown(kind, &key.name).at(key.span).lacks(lack));
        }
    }
    for name in known.required() {
        let given = known.get(name).is_some_and(|one| {
            written.get(&one.name).is_some()
                || one.aliases.iter().any(|alias| written.get(alias).is_some())
        });
        let is_misspelt = known.get(name).is_some_and(|one| {
            misspelt.iter().any(|meant| known.get(meant).is_some_and(|it| it.name == one.name))
        });
        if !given && !is_misspelt {
            wrong.push(ParseError::missing(kind, name).at(written.span));
        }
    }
    // What has no template can be held against the specification as a whole; a source is read by
    // the engine, which has the role's folder.
    let has_source = kind.source.is_some() && written.get("src").is_some();
    let whole = kind.literal && !written.has_template() && !has_source;
    if wrong.is_empty()
        && whole
        && let Err(error) = kind.parse(written.to_value().to_json_exposed())
    {
        wrong.push(error.diagnostic(written));
    }
    wrong
}

/// The type of one parameter as it is written.
pub(super) fn literal(kind: &Kind, name: &str, node: &Node) -> Result<(), Diagnostic> {
    let known = kind.parameters();
    let Some(parameter) = known.get(name) else {
        if known.any {
            return Ok(());
        }
        return Err(ParseError::unknown(kind, name).at(node.span));
    };
    parameter
        .fits(name, &node.to_value().to_json_exposed(), true)
        .map_err(|mismatch| mismatch_at(ParseError::from(mismatch).completed(kind, |_| true), node))
}

/// At the deepest part of the parameter's value that the error names.
fn mismatch_at(error: ParseError, node: &Node) -> Diagnostic {
    let within = ParseError { path: error.path.iter().skip(1).cloned().collect(), ..error };
    within.diagnostic(node)
}

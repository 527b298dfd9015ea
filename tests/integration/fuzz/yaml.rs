//! YAML documents: what loads, and is written again by `to_nice_yaml`, loads to the same; and what
//! is wrong can be shown at its place.

use super::random::Random;
use super::{Target, seeds};
use converge::config::{Vault, yaml};
use converge::report::snippet::{Severity, render};
use converge::template::{Scope, Templates};
use converge::text::{SourceId, Sources, Span};
use converge::value::{Map, Value};
use std::path::Path;
use std::sync::Arc;

pub(super) const TARGET: Target = Target {
    name: "yaml",
    seeds: || seeds::ending(&[".yml", ".yaml", ".json"]),
    words: WORDS,
    judge,
};

pub(super) const WORDS: &[&str] = &[
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "<<: *a\n",
    "!vault |\n",
    "!!str ",
    "!!binary ",
    "!unsafe ",
    "|\n",
    "|2-\n",
    ">+\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "{a: ",
    "[[",
    "]]",
    "{",
    "\"\\x",
    "\\u",
    "\\UFFFFFFFF",
    ".inf",
    ".nan",
    "-0",
    "0777",
    "1_000",
    "12:30",
    "yes",
    "2001-01-01",
    "a: &a [*a, *a]\n",
    "'",
    "\t",
    "@",
    "`",
    "&a [",
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "{{ a }}",
    "{% raw %}",
];

fn judge(bytes: &[u8], _: &mut Random) -> Result<(), String> {
    let mut sources = Sources::default();
    let source = match yaml::decode(&mut sources, Path::new("x.yml"), bytes.to_vec()) {
        Ok(source) => source,
        Err(error) => return shown(&[error], &sources),
    };
    let text = sources.text(source).unwrap_or_default();
    let (node, errors) = yaml::parse_all(source, text, &Vault::default());
    shown(&errors, &sources)?;
    match node {
        Some(node) if errors.is_empty() => comes_back(node.to_value()),
        Some(_) => Ok(()),
        None if errors.is_empty() => Err("neither a document nor an error".into()),
        None => Ok(()),
    }
}

/// That each can be shown with its source.
pub(super) fn shown(
    errors: &[converge::text::Diagnostic],
    sources: &Sources,
) -> Result<(), String> {
    for error in errors.iter().take(5) {
        let text = render(error, sources, Severity::Error, false);
        if text.is_empty() {
            return Err(format!("nothing is shown of {error:?}"));
        }
    }
    Ok(())
}

fn comes_back(value: Value) -> Result<(), String> {
    let before = value.to_json_exposed();
    // JSON has no infinity.
    if format!("{value:?}").contains("Float(inf)") || format!("{value:?}").contains("Float(-inf)") {
        return Ok(());
    }
    let scope: Arc<dyn Scope> = Arc::new(Map::from_iter([("x".to_owned(), value)]));
    let span = Span { source: SourceId(0), line: 1, column: 1, len: 0 };
    let templates = Templates::new().with_yaml(yaml::data);
    for filter in ["to_nice_yaml", "to_yaml", "to_json"] {
        // JSON writes no `?`, and YAML finds no colon behind so long a key.
        if filter == "to_json" && has_long_key(&before) {
            continue;
        }
        let expression = format!("x | {filter}");
        let written = match templates.expression(&expression, span, &scope) {
            Ok(Value::Str(written)) => written,
            other => return Err(format!("{filter} gives {other:?}")),
        };
        match yaml::data(&written) {
            Ok(after) if after.to_json_exposed() == before => {}
            Ok(after) => {
                let after = after.to_json_exposed();
                return Err(format!("{filter}: {before}\nbecame\n{after}\nby\n{written}"));
            }
            Err(error) => {
                return Err(format!("{filter}: {before}\nwas written as\n{written}\n{error}"));
            }
        }
    }
    Ok(())
}

fn has_long_key(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().any(has_long_key),
        serde_json::Value::Object(members) => {
            members.iter().any(|(key, member)| key.len() > 100 || has_long_key(member))
        }
        _ => false,
    }
}

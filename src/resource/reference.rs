//! The reference of resources, made from their specifications: what `converge doc` prints and
//! what `docs/resources.md` holds.

use super::{Kind, Parameter, kinds};
use serde_json::Value;
use std::fmt::Write as _;

/// One kind's reference, in Markdown.
#[must_use]
pub fn reference(kind: &Kind) -> String {
    let mut page = format!("## {}\n\n{}\n", kind.name, kind.parameters().about.trim());
    if !kind.aliases.is_empty() {
        let names = kind.aliases.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let _ = writeln!(page, "\nAlso known as {}.", names.join(", "));
    }
    page.push('\n');
    for parameter in kind.parameters().shown() {
        page.push_str(&described(parameter));
    }
    if let Some(free) = kind.free_form {
        let _ = writeln!(page, "\n`{}: TEXT` is short for `{free}`.", kind.name);
    }
    let _ = write!(page, "\n```yaml\n{}```\n", kind.example);
    page
}

/// Every kind's reference on one page.
#[must_use]
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Resources\n\nWhat a task can declare. This page is made from the code: `converge doc NAME` \
         prints one of its parts.\n",
    );
    for kind in kinds() {
        page.push('\n');
        page.push_str(&reference(kind));
    }
    page
}

fn described(parameter: &Parameter) -> String {
    let choices = choices(&parameter.schema);
    let mut about = Vec::new();
    if choices.is_empty() {
        about.push(parameter.type_in_words());
    }
    if parameter.required {
        about.push("required".to_owned());
    }
    if let Some(default) = default_of(parameter) {
        about.push(format!("default `{default}`"));
    }
    if !parameter.aliases.is_empty() {
        let names = parameter.aliases.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        about.push(format!("also {}", names.join(", ")));
    }
    let about = match about.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join("; ")),
    };
    let mut text = format!("- **`{}`**{about}: {}\n", parameter.name, one_line(&parameter.about));
    for (word, meaning) in choices {
        let _ = writeln!(text, "  - `{word}`: {meaning}");
    }
    text
}

/// A default that says something: not false, not empty.
fn default_of(parameter: &Parameter) -> Option<String> {
    match parameter.default.as_ref()? {
        Value::Bool(false) | Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Object(items) if items.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The words that a parameter can be, with their meaning.
fn choices(schema: &Value) -> Vec<(String, String)> {
    let Some(list) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
    else {
        return Vec::new();
    };
    list.iter()
        .flat_map(|one| match one.get("const").and_then(Value::as_str) {
            Some(_) if one.get("hidden").is_some() => Vec::new(),
            Some(word) => {
                let meaning = one.get("description").and_then(Value::as_str).unwrap_or_default();
                vec![(word.to_owned(), one_line(meaning))]
            }
            None => choices(one),
        })
        .collect()
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;
    use crate::host::in_memory::{InMemory, World};
    use crate::text::SourceId;
    use crate::value::{self, Node};

    /// A host on which every example can be looked at.
    const HOST: &str = include_str!("reference/host.yml");

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test reads and writes the project's own page")]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/resources.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, reference_page()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == reference_page(), "UPDATE_DOCS=1 cargo test the_page_is_up_to_date");
    }

    #[test]
    fn every_example_can_be_looked_at() {
        let node = |text: &str| yaml::parse(SourceId(0), text).unwrap();
        let world: World = serde_json::from_value(node(HOST).to_value().to_json_exposed()).unwrap();
        let host = InMemory::new(world);
        for kind in kinds() {
            let tasks = node(kind.example);
            let [task] = tasks.items() else { panic!("{}: not one task", kind.name) };
            let parameters = task.get(kind.name).unwrap_or_else(|| panic!("{}", kind.name));
            let mut parameters = rendered(parameters.clone());
            if let (Some(name), Some(text)) = (kind.free_form, parameters.as_str()) {
                parameters = node(&format!("{name}: {text}"));
            }
            let wrong = kind.check(&parameters);
            assert!(wrong.is_empty(), "{}: {wrong:?}", kind.name);
            let mut json = parameters.to_value().to_json_exposed();
            match kind.name {
                "template" => json["content"] = "x\n".into(),
                "assert" => json["that"] = serde_json::json!([{ "condition": "x", "holds": true }]),
                _ => {}
            }
            let declared =
                kind.parse(json).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            declared.look(&host).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        }
    }

    /// Some text in the place of every template.
    fn rendered(node: Node) -> Node {
        let kind = match node.kind {
            value::NodeKind::Str(text) => {
                let mut parts = text.split("{{");
                let mut plain = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    plain.push_str("some");
                    plain.push_str(part.split_once("}}").map_or("", |(_, rest)| rest));
                }
                value::NodeKind::Str(plain)
            }
            value::NodeKind::List(items) => {
                value::NodeKind::List(items.into_iter().map(rendered).collect())
            }
            value::NodeKind::Map(entries) => value::NodeKind::Map(
                entries.into_iter().map(|(key, node)| (key, rendered(node))).collect(),
            ),
            other => other,
        };
        Node { kind, ..node }
    }
}

//! The parameters of a kind, read from its JSON schema.

use super::mismatch::{Mismatch, fits};
use serde_json::Value;

/// All parameters of a kind.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// In the order of the specification.
    pub all: Vec<Parameter>,
    /// What the kind is, from its specification's doc comment.
    pub about: String,
    /// Any name is a parameter (`set_fact`).
    pub any: bool,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// What it means.
    pub about: String,
    /// It must be given.
    pub required: bool,
    /// What it is where it is not given, if that says something.
    pub default: Option<Value>,
    /// Its JSON schema.
    pub schema: Value,
    /// The engine gives it; a task may not.
    pub reserved: bool,
    /// It is known only to be refused in words.
    pub hidden: bool,
}

impl Parameters {
    pub(super) fn read(schema: Value) -> Self {
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let all = properties.into_iter().flatten().map(|(name, schema)| Parameter {
            name: name.clone(),
            aliases: schema
                .get("aliases")
                .and_then(Value::as_array)
                .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
            about: text(schema, "description"),
            required: required.contains(&name.as_str()),
            default: schema.get("default").filter(|value| !value.is_null()).cloned(),
            reserved: is_true(schema, "reserved"),
            hidden: is_true(schema, "hidden"),
            schema: schema.clone(),
        });
        Self {
            all: all.collect(),
            about: text(&schema, "description"),
            any: schema.get("additionalProperties") != Some(&Value::Bool(false)),
        }
    }

    /// The parameter of this name or alias.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.all
            .iter()
            .find(|one| one.name == name || one.aliases.iter().any(|alias| alias == name))
    }

    /// Whether a task may give a parameter of this name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.any || self.get(name).is_some_and(|one| !one.reserved)
    }

    /// Those that a task may give, for a reader.
    pub fn shown(&self) -> impl Iterator<Item = &Parameter> {
        self.all.iter().filter(|one| !one.reserved && !one.hidden)
    }

    /// Every name of those, aliases too.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shown()
            .flat_map(|one| std::iter::once(&one.name).chain(&one.aliases))
            .map(String::as_str)
    }

    /// The names of those that must be given.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|one| one.required).map(|one| one.name.as_str())
    }
}

fn is_true(schema: &Value, key: &str) -> bool {
    schema.get(key) == Some(&Value::Bool(true))
}

impl Parameter {
    /// Whether a value is one that this parameter takes. With `templates`, text with a template
    /// in it fits everywhere.
    pub(super) fn fits(&self, name: &str, value: &Value, templates: bool) -> Result<(), Mismatch> {
        fits(&self.schema, value, templates).map_err(|mismatch| mismatch.within(name))
    }

    /// Whether it has no type that could refuse anything.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        ["type", "anyOf", "oneOf", "enum", "const"].iter().all(|key| self.schema.get(key).is_none())
    }

    /// Its type in words: `text`, `true or false`, …
    #[must_use]
    pub fn type_in_words(&self) -> String {
        super::mismatch::expected(&self.schema)
    }
}

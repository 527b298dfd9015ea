//! A value held against a JSON schema, with the answer in words: one cause, one hint.

use crate::text::nearest;
use serde_json::Value;

/// What does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Keys and positions down to it.
    pub(super) path: Vec<String>,
    /// What is wrong, the subject left out: `must be text, not a list`.
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Mismatch {
    fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn below(mut self, step: impl Into<String>) -> Self {
        self.path.insert(0, step.into());
        self
    }

    /// As a sentence about a parameter.
    pub(super) fn within(self, parameter: &str) -> Self {
        let mut subject = parameter.to_owned();
        for step in &self.path {
            if step.bytes().all(|byte| byte.is_ascii_digit()) {
                subject.push_str(&format!("[{step}]"));
            } else {
                subject.push_str(&format!(".{step}"));
            }
        }
        let say = |words: String| words.replace("{name}", parameter);
        let message = say(format!("`{subject}` {}", self.message));
        Self { message, help: self.help.map(say), ..self }.below(parameter)
    }
}

/// Whether a value fits a schema. With `templates`, text with a template in it fits everywhere.
pub(super) fn fits(schema: &Value, value: &Value, templates: bool) -> Result<(), Mismatch> {
    if let (true, Some(text)) = (templates, value.as_str())
        && (text.contains("{{") || text.contains("{%"))
    {
        return Ok(());
    }
    if value.is_null() && takes_null(schema) {
        return Ok(());
    }
    if let Some(allowed) = words(schema, true) {
        return one_of(&allowed, schema, value);
    }
    if let Some(alternatives) = alternatives(schema) {
        if alternatives.iter().any(|one| fits(one, value, templates).is_ok()) {
            return Ok(());
        }
        // The alternative that was meant, if one has the value's type, says best what is wrong.
        let shown = alternatives.iter().copied().filter(|one| !is_hidden(one));
        let meant: Vec<&Value> = shown.filter(|one| takes_type(one, value)).collect();
        return match meant.as_slice() {
            [one] => fits(one, value, templates),
            _ => Err(wrong_type(schema, value)),
        };
    }
    if !takes_type(schema, value) {
        return Err(wrong_type(schema, value));
    }
    match value {
        Value::String(text) if is_mode(schema) => match text.parse::<crate::value::Mode>() {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(Mismatch::new(format!("cannot be `{text}`: it is three or four octal digits"))
                    .help("write it as in `mode: \"0644\"`"))
            }
        },
        Value::Number(number) => within_bounds(schema, number),
        Value::Array(items) => {
            let Some(each) = schema.get("items") else { return Ok(()) };
            items.iter().enumerate().try_for_each(|(at, item)| {
                fits(each, item, templates).map_err(|mismatch| mismatch.below(at.to_string()))
            })
        }
        Value::Object(entries) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            for (key, entry) in entries {
                let part = known.and_then(|known| known.get(key)).or(others);
                match part {
                    Some(Value::Bool(false)) => {
                        let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                        let unknown = Mismatch::new(format!("has no member `{key}`"));
                        return Err(match nearest(key, names) {
                            Some(meant) => unknown.help(format!("did you mean `{meant}`?")),
                            None => unknown,
                        });
                    }
                    Some(part) => fits(part, entry, templates)
                        .map_err(|mismatch| mismatch.below(key.clone()))?,
                    None => {}
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The words that a schema of fixed words allows, or only those that a reader is told of.
fn words(schema: &Value, all: bool) -> Option<Vec<&str>> {
    if let Some(word) = schema.get("const") {
        let word = word.as_str()?;
        if !all {
            return Some(if is_hidden(schema) { Vec::new() } else { vec![word] });
        }
        let aliases = schema.get("aliases").and_then(Value::as_array);
        let aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
        return Some(std::iter::once(word).chain(aliases).collect());
    }
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return Some(list.iter().filter_map(Value::as_str).collect());
    }
    let list = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)?;
    let not_null = list.iter().filter(|one| !is_null(one));
    let groups: Option<Vec<Vec<&str>>> = not_null.map(|one| words(one, all)).collect();
    groups.map(|groups| groups.concat()).filter(|words| !words.is_empty())
}

fn one_of(allowed: &[&str], schema: &Value, value: &Value) -> Result<(), Mismatch> {
    let Some(text) = value.as_str() else {
        return Err(wrong_type(schema, value));
    };
    if allowed.contains(&text) {
        return Ok(());
    }
    let list = expected(schema);
    let mismatch = Mismatch::new(format!("cannot be `{text}`"));
    Err(match nearest(text, allowed.iter().copied()) {
        Some(meant) => mismatch.help(format!("did you mean `{meant}`?")),
        None => mismatch.help(format!("one of {list}")),
    })
}

fn alternatives(schema: &Value) -> Option<Vec<&Value>> {
    let list = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
    Some(list.iter().filter(|one| !is_null(one)).collect())
}

fn is_hidden(schema: &Value) -> bool {
    schema.get("hidden") == Some(&Value::Bool(true))
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// Nothing is as good as not given, where a parameter need not be given.
fn takes_null(schema: &Value) -> bool {
    let any_of = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    match (schema.get("type"), any_of) {
        (Some(Value::Array(types)), _) => types.iter().any(|one| one == "null"),
        (Some(one), _) => one == "null",
        (None, Some(list)) => list.iter().any(takes_null),
        (None, None) => schema.get("const").is_none() && schema.get("enum").is_none(),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect()
        }
        _ => Vec::new(),
    }
}

fn takes_type(schema: &Value, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|name| match *name {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        })
}

fn is_mode(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("mode")
}

fn within_bounds(schema: &Value, number: &serde_json::Number) -> Result<(), Mismatch> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let value = number.as_f64().unwrap_or(f64::NAN);
    let top = bound("maximum").or(match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(f64::from(u32::MAX)),
        _ => None,
    });
    match (bound("minimum"), top) {
        (Some(low), _) if value < low => {
            Err(Mismatch::new(format!("cannot be {number}: at least {low}")))
        }
        (_, Some(top)) if value > top => {
            Err(Mismatch::new(format!("cannot be {number}: at most {top}")))
        }
        _ => Ok(()),
    }
}

fn wrong_type(schema: &Value, value: &Value) -> Mismatch {
    if let (true, Value::Number(number)) = (is_mode(schema), value) {
        return unquoted_mode(number);
    }
    let kind = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    let expected = expected(schema);
    let mismatch = Mismatch::new(format!("must be {expected}, not {kind}"));
    match value {
        Value::Number(_) | Value::Bool(_) if expected.starts_with("text") => {
            mismatch.help(format!("put it in quotes: `{{name}}: \"{value}\"`"))
        }
        Value::String(text) if expected.starts_with("true") => match text.as_str() {
            "yes" | "on" | "True" | "true" => mismatch.help("write `{name}: true`"),
            "no" | "off" | "False" | "false" => mismatch.help("write `{name}: false`"),
            _ => mismatch,
        },
        Value::String(text) if text.parse::<f64>().is_ok() => {
            mismatch.help(format!("without quotes: `{{name}}: {text}`"))
        }
        _ => mismatch,
    }
}

/// `mode: 600` sets 01130: the most expensive missing quotes in the field.
fn unquoted_mode(number: &serde_json::Number) -> Mismatch {
    let Some(bits) = number.as_u64().and_then(|number| u32::try_from(number).ok()) else {
        return Mismatch::new("must be text in quotes, such as \"0644\"");
    };
    let digits = bits.to_string();
    let mismatch = Mismatch::new(format!(
        "must be text in quotes: `{{name}}: {digits}` without quotes is decimal and gives {bits:#06o}"
    )
    .replace("0o", "0"));
    let octal = digits.len() <= 4 && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    if octal { mismatch.help(format!("write `{{name}}: \"{digits:0>4}\"`")) } else { mismatch }
}

/// A schema in words that fit "must be …".
pub(super) fn expected(schema: &Value) -> String {
    if let Some(words) = words(schema, false) {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(alternatives) = alternatives(schema) {
        let shown = alternatives.into_iter().filter(|one| !is_hidden(one));
        let mut parts: Vec<String> = shown.map(expected).collect();
        parts.dedup();
        return parts.join(" or ");
    }
    if is_mode(schema) {
        return "a mode in quotes".to_owned();
    }
    let types = types(schema);
    let parts: Vec<String> = types
        .iter()
        .map(|name| match *name {
            "string" => "text".to_owned(),
            "integer" => "a whole number".to_owned(),
            "number" => "a number".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" => match schema.get("items").map(expected) {
                Some(each) if each == "text" => "a list of text".to_owned(),
                _ => "a list".to_owned(),
            },
            "object" => "a mapping".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    if parts.is_empty() { "anything".to_owned() } else { parts.join(" or ") }
}

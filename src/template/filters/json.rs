//! JSON as Python's encoder writes it.

use super::invalid;
use crate::template::environment::Registry;
use crate::template::tree;
use crate::value::Value as Data;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("from_json", from_json);
    to.filter("to_json", to_json);
    to.filter("to_nice_json", to_nice_json);
    to.filter("tojson", to_json);
}

fn from_json(text: &str) -> Result<Value, Error> {
    let data =
        Data::of_json(text).map_err(|error| invalid(format!("the text is no JSON: {error}")))?;
    Ok(tree::native(&data))
}

fn to_json(value: &Value, kwargs: Kwargs) -> Result<String, Error> {
    Style::of(&kwargs, None, false)?.write(value)
}

fn to_nice_json(value: &Value, kwargs: Kwargs) -> Result<String, Error> {
    Style::of(&kwargs, Some(4), true)?.write(value)
}

/// How it is laid out.
struct Style {
    indent: Option<usize>,
    sort_keys: bool,
    ascii: bool,
    /// Between members, and between a name and its value.
    separators: (String, String),
}

impl Style {
    fn of(kwargs: &Kwargs, indent: Option<usize>, sort_keys: bool) -> Result<Self, Error> {
        let indent = kwargs.get::<Option<usize>>("indent")?.or(indent);
        let comma = if indent.is_some() { "," } else { ", " };
        let separators = match kwargs.get::<Option<Vec<String>>>("separators")?.as_deref() {
            None => (comma.to_owned(), ": ".to_owned()),
            Some([between, after_name]) => (between.clone(), after_name.clone()),
            Some(_) => return Err(invalid("`separators` is two texts, such as `(',', ':')`")),
        };
        let style = Self {
            indent,
            separators,
            sort_keys: kwargs.get::<Option<bool>>("sort_keys")?.unwrap_or(sort_keys),
            ascii: kwargs.get::<Option<bool>>("ensure_ascii")?.unwrap_or(true),
        };
        kwargs.assert_all_used()?;
        Ok(style)
    }

    fn write(&self, value: &Value) -> Result<String, Error> {
        let mut out = String::new();
        self.value(&tree::data(value)?, 0, &mut out)?;
        Ok(out)
    }

    fn value(&self, value: &Data, depth: usize, out: &mut String) -> Result<(), Error> {
        match value {
            Data::Null => out.push_str("null"),
            Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Data::Int(value) => out.push_str(&value.to_string()),
            Data::Float(value) => out.push_str(&Value::from(*value).to_string()),
            Data::Str(text) => self.text(text, out),
            Data::List(items) if items.is_empty() => out.push_str("[]"),
            Data::Map(map) if map.is_empty() => out.push_str("{}"),
            Data::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.between(at, depth, out);
                    self.value(item, depth + 1, out)?;
                }
                self.end(depth, out);
                out.push(']');
            }
            Data::Map(map) => {
                let mut members: Vec<_> = map.iter().collect();
                if self.sort_keys {
                    members.sort_by_key(|(key, _)| *key);
                }
                out.push('{');
                for (at, (key, member)) in members.into_iter().enumerate() {
                    self.between(at, depth, out);
                    self.text(key, out);
                    out.push_str(&self.separators.1);
                    self.value(member, depth + 1, out)?;
                }
                self.end(depth, out);
                out.push('}');
            }
            Data::Secret(inner) => self.value(inner, depth, out)?,
            Data::Unknown(_) => return Err(invalid("not known yet")),
        }
        Ok(())
    }

    fn between(&self, at: usize, depth: usize, out: &mut String) {
        let separator = if at > 0 { self.separators.0.as_str() } else { "" };
        match self.indent {
            None => out.push_str(separator),
            Some(indent) => {
                out.push_str(separator);
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent * (depth + 1)));
            }
        }
    }

    fn end(&self, depth: usize, out: &mut String) {
        if let Some(indent) = self.indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn text(&self, text: &str, out: &mut String) {
        out.push('"');
        for letter in text.chars() {
            match letter {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                ' '..='\u{7f}' => out.push(letter),
                _ if !self.ascii && letter >= '\u{7f}' => out.push(letter),
                _ => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        out.push('"');
    }
}

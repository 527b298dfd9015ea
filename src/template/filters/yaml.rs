//! YAML, read by the reader that the engine was given, and written by a small emitter: block
//! style, one entry a line, keys in order of their names as Ansible has them.

use super::{invalid, text};
use crate::template::environment::Registry;
use crate::template::evaluation::Evaluation;
use crate::template::tree;
use crate::value::Value as Data;
use minijinja::value::Kwargs;
use minijinja::{Error, State, Value};
use std::fmt::Write;

pub(super) fn register(to: &mut Registry) {
    to.filter("from_yaml", from_yaml);
    to.filter("to_nice_yaml", |value: &Value, kwargs: Kwargs| {
        Style::of(&kwargs, 4, Flow::Never)?.write(value)
    });
    to.filter("to_yaml", |value: &Value, kwargs: Kwargs| {
        Style::of(&kwargs, 2, Flow::Leaves)?.write(value)
    });
}

fn from_yaml(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.as_str().is_none() && !value.is_undefined() {
        // What is data already stays as it is.
        return Ok(value.clone());
    }
    let reader = Evaluation::of(state).and_then(|evaluation| evaluation.yaml_reader());
    let reader = reader.ok_or_else(|| invalid("`from_yaml` has no reader here"))?;
    let data = reader(&text(value)?)
        .map_err(|message| invalid(format!("the text given to `from_yaml`: {message}")))?;
    Ok(tree::native(&data))
}

/// How it is laid out.
struct Style {
    indent: usize,
    sort_keys: bool,
    /// Which collections stand on one line.
    flow: Flow,
    explicit_start: bool,
    explicit_end: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Never,
    /// Those of scalars.
    Leaves,
    Always,
}

impl Style {
    fn of(kwargs: &Kwargs, indent: usize, flow: Flow) -> Result<Self, Error> {
        let style = Self {
            indent: kwargs.get::<Option<usize>>("indent")?.unwrap_or(indent).clamp(2, 9),
            sort_keys: kwargs.get::<Option<bool>>("sort_keys")?.unwrap_or(true),
            flow: match kwargs.get::<Option<bool>>("default_flow_style")? {
                Some(true) => Flow::Always,
                Some(false) => Flow::Never,
                None => flow,
            },
            explicit_start: kwargs.get::<Option<bool>>("explicit_start")?.unwrap_or(false),
            explicit_end: kwargs.get::<Option<bool>>("explicit_end")?.unwrap_or(false),
        };
        // Lines are never folded, and letters never escaped.
        let _ = kwargs.get::<Option<i64>>("width")?;
        let _ = kwargs.get::<Option<bool>>("allow_unicode")?;
        kwargs.assert_all_used()?;
        Ok(style)
    }

    fn write(&self, value: &Value) -> Result<String, Error> {
        let data = tree::data(value)?;
        let mut out = String::new();
        if self.explicit_start {
            let alone = !matches!(data, Data::List(_) | Data::Map(_));
            out.push_str(if alone { "--- " } else { "---\n" });
        }
        if self.stands_on_one_line(&data) {
            self.flow(&data, false, &mut out);
            out.push('\n');
        } else {
            self.block(&data, 0, &mut out);
        }
        if self.explicit_end {
            out.push_str("...\n");
        }
        Ok(out)
    }

    fn stands_on_one_line(&self, value: &Data) -> bool {
        let scalar = |value: &Data| !matches!(value, Data::List(_) | Data::Map(_));
        let all_scalars = match value {
            Data::List(items) if !items.is_empty() => items.iter().all(scalar),
            Data::Map(map) if !map.is_empty() => map.values().all(scalar),
            _ => return true,
        };
        self.flow == Flow::Always || (self.flow == Flow::Leaves && all_scalars)
    }

    fn members<'a>(&self, map: &'a crate::value::Map) -> Vec<(&'a String, &'a Data)> {
        let mut members: Vec<_> = map.iter().collect();
        if self.sort_keys {
            members.sort_by_key(|(key, _)| *key);
        }
        members
    }

    /// A collection over several lines; its first line is not indented by this.
    fn block(&self, value: &Data, depth: usize, out: &mut String) {
        let margin = |at: usize, out: &mut String| {
            if at > 0 {
                out.extend(std::iter::repeat_n(' ', depth));
            }
        };
        match value {
            Data::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    margin(at, out);
                    self.behind('-', item, depth, out);
                }
            }
            Data::Map(map) => {
                for (at, (key, member)) in self.members(map).into_iter().enumerate() {
                    margin(at, out);
                    if is_long(key) {
                        self.long_key(key, member, depth, out);
                        continue;
                    }
                    scalar(&Data::Str(key.clone()), false, out);
                    out.push(':');
                    if self.stands_on_one_line(member) {
                        out.push(' ');
                        self.flow(member, false, out);
                        out.push('\n');
                    } else {
                        out.push('\n');
                        // A list stands under its key without being indented.
                        let list = matches!(member, Data::List(_));
                        let below = if list { depth } else { depth + self.indent };
                        out.extend(std::iter::repeat_n(' ', below));
                        self.block(member, below, out);
                    }
                }
            }
            other => self.flow(other, false, out),
        }
    }

    /// A key that stands on a line of its own, and its value on the next.
    fn long_key(&self, key: &str, member: &Data, depth: usize, out: &mut String) {
        out.push_str("? ");
        string(key, false, out);
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth));
        self.behind(':', member, depth, out);
    }

    /// A member behind its mark: on the same line, or a collection that begins there.
    fn behind(&self, mark: char, member: &Data, depth: usize, out: &mut String) {
        out.push(mark);
        if self.stands_on_one_line(member) {
            out.push(' ');
            self.flow(member, false, out);
            out.push('\n');
        } else {
            out.extend(std::iter::repeat_n(' ', self.indent - 1));
            self.block(member, depth + self.indent, out);
        }
    }

    fn flow(&self, value: &Data, inside: bool, out: &mut String) {
        match value {
            Data::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    self.flow(item, true, out);
                }
                out.push(']');
            }
            Data::Map(map) => {
                out.push('{');
                for (at, (key, member)) in self.members(map).into_iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    out.push_str(if is_long(key) { "? " } else { "" });
                    scalar(&Data::Str(key.clone()), true, out);
                    out.push_str(": ");
                    self.flow(member, true, out);
                }
                out.push('}');
            }
            other => scalar(other, inside, out),
        }
    }
}

fn scalar(value: &Data, in_flow: bool, out: &mut String) {
    match value {
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Int(value) => out.push_str(&value.to_string()),
        Data::Float(value) if value.is_nan() => out.push_str(".nan"),
        Data::Float(value) if value.is_infinite() => {
            out.push_str(if *value > 0.0 { ".inf" } else { "-.inf" });
        }
        Data::Float(value) => out.push_str(&Value::from(*value).to_string()),
        Data::Str(text) => string(text, in_flow, out),
        Data::Secret(inner) => scalar(inner, in_flow, out),
        _ => out.push_str("null"),
    }
}

/// Whether a key is told from its value by a `?`, as PyYAML does it from about there on: readers look
/// for a colon behind 1024 letters at most (YAML 1.2.2, 7.4.2).
fn is_long(key: &str) -> bool {
    key.chars().count() >= 128
}

fn string(text: &str, in_flow: bool, out: &mut String) {
    if text.chars().any(|letter| letter.is_control() || letter == '\u{feff}') {
        out.push('"');
        for letter in text.chars() {
            match letter {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                _ if letter.is_control() || letter == '\u{feff}' => {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{:04X}", u32::from(letter));
                }
                _ => out.push(letter),
            }
        }
        out.push('"');
    } else if reads_back_as_text(text, in_flow) {
        out.push_str(text);
    } else {
        let _ = write!(out, "'{}'", text.replace('\'', "''"));
    }
}

/// Whether text without quotes is read as that text, by readers of YAML 1.1 and 1.2.
fn reads_back_as_text(text: &str, in_flow: bool) -> bool {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return false };
    let spaced = text.starts_with(' ') || text.ends_with(' ');
    let indicator = match first {
        '-' | '?' | ':' => in_flow || letters.next().is_none_or(|next| next == ' '),
        _ => "#,[]{}&*!|>'\"%@`".contains(first),
    };
    let punctuated = text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
        || text.starts_with("---")
        || text.starts_with("...")
        || (in_flow && text.contains([',', '?', '[', ']', '{', '}', ':']));
    let numeric = first.is_ascii_digit()
        || (matches!(first, '-' | '+' | '.')
            && text[1..].starts_with(|next: char| next.is_ascii_digit() || next == '.'));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "null"
            | "~"
            | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "y"
            | "n"
            | "="
            | "<<"
            | ".nan"
            | ".inf"
            | "-.inf"
            | "+.inf"
    );
    let number = numeric
        && text
            .chars()
            .all(|letter| letter.is_ascii_hexdigit() || "xob_.:+-eETtZ ".contains(letter));
    !(spaced || indicator || punctuated || word || number)
}

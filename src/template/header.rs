//! The first line of a template file that changes how it is read:
//! `#jinja2: lstrip_blocks: True, trim_blocks: False`.

use super::place::Place;
use super::readable::SYNTAX;
use crate::text::{Diagnostic, nearest};
use minijinja::syntax::{SyntaxConfig, SyntaxConfigBuilder};

const MARK: &str = "#jinja2:";

const KEYS: [&str; 9] = [
    "block_end_string",
    "block_start_string",
    "comment_end_string",
    "comment_start_string",
    "lstrip_blocks",
    "newline_sequence",
    "trim_blocks",
    "variable_end_string",
    "variable_start_string",
];

/// Whether a file has such a line.
pub(super) fn begins(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What the line says.
pub(super) struct Header {
    pub(super) syntax: SyntaxConfig,
    pub(super) line_break: &'static str,
}

/// The header of a file that has one, and the text after it.
///
/// # Errors
/// A setting that does not exist, or a value that it cannot have.
pub(super) fn split(text: &str, place: Place) -> Result<Option<(Header, &str)>, Diagnostic> {
    let Some(settings) = text.strip_prefix(MARK) else { return Ok(None) };
    let (line, body) = settings.split_once('\n').unwrap_or((settings, ""));
    let mut at = MARK.len();
    let mut values: Vec<(&str, &str)> = Vec::new();
    for pair in line.split(',') {
        let range = at..at + pair.trim_end().len();
        at += pair.len() + 1;
        let wrong = |words: String| Diagnostic::new(words).at(place.span(text, range.clone()));
        let Some((key, value)) = pair.split_once(':') else {
            return Err(wrong(format!("`{MARK}` settings are `name: value`")));
        };
        let key = key.trim();
        if !KEYS.contains(&key) {
            let error = wrong(format!("`{MARK}` has no setting `{key}` here"));
            return Err(match nearest(key, KEYS) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            });
        }
        let value = literal(value.trim(), key.ends_with("_blocks"))
            .ok_or_else(|| wrong(format!("`{key}` cannot be {}", value.trim())))?;
        values.push((key, value));
    }
    let whole = place.span(text, 0..MARK.len() + line.trim_end().len());
    let value =
        |key: &str| values.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let line_break = match value("newline_sequence") {
        None | Some("\\n") => "\n",
        Some("\\r\\n") => "\r\n",
        Some("\\r") => "\r",
        Some(_) => {
            return Err(Diagnostic::new("`newline_sequence` is '\\n', '\\r\\n' or '\\r'").at(whole));
        }
    };
    let mut builder = SYNTAX.to_builder();
    if let Some(word) = value("trim_blocks") {
        builder.trim_blocks(word == "True");
    }
    if let Some(word) = value("lstrip_blocks") {
        builder.lstrip_blocks(word == "True");
    }
    delimiters(&mut builder, value);
    let syntax = builder.build().map_err(|_| {
        Diagnostic::new("the marks that a template's header sets must differ").at(whole)
    })?;
    Ok(Some((Header { syntax, line_break }, body)))
}

fn delimiters<'v>(builder: &mut SyntaxConfigBuilder, value: impl Fn(&str) -> Option<&'v str>) {
    let pair = |kind: &str, start: &str, end: &str| {
        let given = |side: &str, usual: &str| {
            value(&format!("{kind}_{side}_string")).unwrap_or(usual).to_owned()
        };
        (given("start", start), given("end", end))
    };
    let (start, end) = pair("variable", "{{", "}}");
    builder.variable_delimiters(start, end);
    let (start, end) = pair("block", "{%", "%}");
    builder.block_delimiters(start, end);
    let (start, end) = pair("comment", "{#", "#}");
    builder.comment_delimiters(start, end);
}

/// A Python literal: a truth, or a text in quotes.
fn literal(value: &str, truth: bool) -> Option<&str> {
    if truth {
        return ["True", "False"].contains(&value).then_some(value);
    }
    let quote = value.chars().next().filter(|char| "'\"".contains(*char))?;
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains(quote)).then_some(inner)
}

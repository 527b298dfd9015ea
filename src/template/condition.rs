//! Conditions: what holds, what does not, and what cannot be said yet.

use super::fault::a;
use super::{Scope, Templates};
use crate::text::{Diagnostic, Span};
use crate::value::{Kind, Known, Node, Origin, Value};
use std::sync::Arc;

/// Whether a condition holds.
pub(super) fn truth(
    templates: &Templates,
    node: &Node,
    scope: &Arc<dyn Scope>,
) -> Result<Known<bool>, Diagnostic> {
    match &node.kind {
        Kind::Bool(value) => Ok(Known::Is(*value)),
        Kind::Str(text) => text_truth(templates, text, node.span, scope),
        Kind::List(parts) => all(parts.iter().map(|part| truth(templates, part, scope))),
        _ => Err(Diagnostic::new(format!(
            "a condition is an expression, not {}",
            a(node.kind_name())
        ))
        .at(node.span)),
    }
}

/// Whether all parts hold. An error after an unknown part counts as unknown: the part before it
/// may be there to prevent it.
fn all(
    parts: impl Iterator<Item = Result<Known<bool>, Diagnostic>>,
) -> Result<Known<bool>, Diagnostic> {
    let mut unknown: Option<Origin> = None;
    for part in parts {
        match part {
            Ok(Known::Is(true)) => {}
            Ok(Known::Is(false)) => return Ok(Known::Is(false)),
            Ok(Known::Unknown(origin)) => unknown = unknown.or(Some(origin)),
            Err(diagnostic) if unknown.is_none() => return Err(diagnostic),
            Err(_) => break,
        }
    }
    Ok(unknown.map_or(Known::Is(true), Known::Unknown))
}

/// Whether a condition's text stands in braces, as older roles write it.
pub(super) fn has_braces(text: &str) -> bool {
    text.trim_start().starts_with("{{")
}

fn text_truth(
    templates: &Templates,
    text: &str,
    span: Span,
    scope: &Arc<dyn Scope>,
) -> Result<Known<bool>, Diagnostic> {
    if text.trim().is_empty() {
        return Err(Diagnostic::new("the condition is empty").at(span));
    }
    let value = if has_braces(text) {
        templates.text(text, span, scope)?
    } else {
        templates.expression(text, span, scope)?
    };
    match value.exposed() {
        Value::Bool(value) => Ok(Known::Is(*value)),
        Value::Unknown(origin) => Ok(Known::Unknown(origin.clone())),
        Value::Str(word) => {
            if let Some(value) = boolean(word) {
                return Ok(Known::Is(value));
            }
            let diagnostic =
                Diagnostic::new("the condition's value is text, neither true nor false");
            Err(if has_braces(text) {
                diagnostic.help("a condition is an expression already: write it without `{{ }}`")
            } else {
                diagnostic.help("for text that is not empty, write `… | length > 0`")
            }
            .at(span))
        }
        other => {
            let help = match other {
                Value::List(_) | Value::Map(_) => "write `… | length > 0`",
                Value::Null => "write `… is not none`, or give a `default(false)`",
                _ => "write a comparison such as `… != 0`, or `… | bool`",
            };
            let kind = a(other.kind());
            Err(Diagnostic::new(format!("the condition's value is {kind}, neither true nor false"))
                .help(help)
                .at(span))
        }
    }
}

/// The words that Ansible takes for a boolean, in any case of letters.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" | "t" => Some(true),
        "false" | "no" | "off" | "0" | "n" | "f" => Some(false),
        _ => None,
    }
}

//! Conditions: what holds, what does not, and what cannot be said yet.

use super::fault::a;
use super::place::Place;
use super::program::{self, Condition};
use super::{Scope, Templates};
use crate::text::{Diagnostic, Span};
use crate::value::{Known, Node, NodeKind, Origin, Value};
use std::sync::Arc;

type Truth = Result<Known<bool>, Diagnostic>;

/// Whether a condition holds.
pub(super) fn truth(templates: &Templates, node: &Node, scope: &Arc<dyn Scope>) -> Truth {
    match &node.kind {
        NodeKind::Bool(value) => Ok(Known::Is(*value)),
        NodeKind::Str(text) => text_truth(templates, text, node.span, scope),
        NodeKind::List(parts) => {
            decide(false, parts.iter().map(|part| || truth(templates, part, scope)))
        }
        _ => Err(Diagnostic::new(format!(
            "a condition is an expression, not {}",
            a(node.kind_name())
        ))
        .at(node.span)),
    }
}

/// The first part that is `decisive` decides, even after one that is unknown; a part after it is
/// not asked. An error after an unknown part counts as unknown: that part may be there to
/// prevent it.
fn decide<P: FnOnce() -> Truth>(decisive: bool, parts: impl Iterator<Item = P>) -> Truth {
    let mut unknown: Option<Origin> = None;
    for part in parts {
        match part() {
            Ok(Known::Is(value)) if value == decisive => return Ok(Known::Is(decisive)),
            Ok(Known::Is(_)) => {}
            Ok(Known::Unknown(origin)) => unknown = unknown.or(Some(origin)),
            Err(diagnostic) if unknown.is_none() => return Err(diagnostic),
            Err(_) => break,
        }
    }
    Ok(unknown.map_or(Known::Is(!decisive), Known::Unknown))
}

/// Whether a condition's text stands in braces, as older roles write it.
pub(super) fn has_braces(text: &str) -> bool {
    text.trim_start().starts_with("{{")
}

fn text_truth(templates: &Templates, text: &str, span: Span, scope: &Arc<dyn Scope>) -> Truth {
    if text.trim().is_empty() {
        return Err(Diagnostic::new("the condition is empty").at(span));
    }
    if has_braces(text) {
        let help = "a condition is an expression already: write it without `{{ }}`";
        return settle(&templates.text(text, span, scope)?, span, Some(help));
    }
    let place = Place::Scalar(span);
    let condition = program::condition(text, place)?;
    let run = Run { templates, place, scope };
    match condition.as_ref() {
        Condition::Leaf(leaf) => settle(&templates.run(leaf, place, scope)?, span, None),
        parts => run.holds(parts),
    }
}

/// One evaluation of a condition that has several parts.
struct Run<'a> {
    templates: &'a Templates,
    place: Place,
    scope: &'a Arc<dyn Scope>,
}

impl Run<'_> {
    /// Parts of `and`, `or` and `not` may be anything; what is empty or 0 does not hold.
    fn holds(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(parts) => decide(false, parts.iter().map(|part| || self.holds(part))),
            Condition::Any(parts) => decide(true, parts.iter().map(|part| || self.holds(part))),
            Condition::Not(part) => Ok(self.holds(part)?.map(|holds| !holds)),
            Condition::Leaf(leaf) => {
                let value = self.templates.run(leaf, self.place, self.scope)?;
                Ok(match value.exposed() {
                    Value::Unknown(origin) => Known::Unknown(origin.clone()),
                    other => Known::Is(super::guard::holds(other)),
                })
            }
        }
    }
}

/// The truth of a condition's value.
fn settle(value: &Value, span: Span, braces: Option<&str>) -> Truth {
    match value.exposed() {
        Value::Bool(value) => Ok(Known::Is(*value)),
        Value::Unknown(origin) => Ok(Known::Unknown(origin.clone())),
        Value::Str(word) if boolean(word).is_some() => Ok(Known::Is(boolean(word) == Some(true))),
        other => {
            let help = match other {
                Value::List(_) | Value::Map(_) => "write `… | length > 0`",
                Value::Str(_) => "for text that is not empty, write `… | length > 0`",
                Value::Null => "write `… is not none`, or give a `default(false)`",
                _ => "write a comparison such as `… != 0`, or `… | bool`",
            };
            let kind = a(other.kind());
            Err(Diagnostic::new(format!("the condition's value is {kind}, neither true nor false"))
                .help(braces.unwrap_or(help))
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

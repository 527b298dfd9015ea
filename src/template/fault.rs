//! Errors of the template engine as diagnostics with the place of the cause.

use super::evaluation::Evaluation;
use super::place::Place;
use super::program::Program;
use super::survey::Use;
use super::unclosed;
use crate::text::{Diagnostic, Span, nearest, shortened};
use crate::value::Value;
use minijinja::{Error, ErrorKind};
use std::ops::Range;

/// A text that cannot be parsed.
pub(super) fn syntax(error: &Error, text: &str, place: Place) -> Diagnostic {
    let detail = error.detail().unwrap_or("not a template");
    if detail.starts_with("unexpected end of")
        && is_template(text)
        && let Some(unclosed) = unclosed::find(text)
    {
        return unclosed.diagnostic(text, place);
    }
    let what = if is_template(text) { "template" } else { "expression" };
    let diagnostic = Diagnostic::new(format!("syntax error in the {what}: {detail}"))
        .help(syntax_hint(detail, text));
    diagnostic.at(error.range().map_or_else(
        || place.span(text, 0..text.len()),
        // The engine points at what it read last; at the end of the text that is nothing.
        |range| place.span(text, range),
    ))
}

fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// What to do about the parser's complaint.
fn syntax_hint(complaint: &str, text: &str) -> &'static str {
    let says = |words: &str| complaint.contains(words);
    if says("unknown statement") {
        "a statement is `if`, `for`, `set`, `macro`, `filter` or `raw`, or the end of one"
    } else if says("end of input") && says("end of block") && !ends_in_statement(text) {
        "close it: `{% if … %}` ends with `{% endif %}`, `{% for … %}` with `{% endfor %}`"
    } else if says("end of variable block") {
        "close it with `}}`, and before that every quote and bracket in it"
    } else if says("end of block") {
        "close it with `%}`, and before that every quote and bracket in it"
    } else if says("end of input") {
        "something is missing before the end: a value, or what closes a quote or a bracket"
    } else if is_template(text) {
        "text that is no template stands between `{% raw %}` and `{% endraw %}`"
    } else {
        "text stands in quotes, a name without; `and`, `or` and `not` are words"
    }
}

/// Whether the last `{%` is not closed.
fn ends_in_statement(text: &str) -> bool {
    text.rsplit_once("{%").is_some_and(|(_, last)| !last.contains("%}"))
}

/// An error met while running.
pub(super) fn running(
    error: &Error,
    program: &Program,
    evaluation: &Evaluation,
    place: Place,
) -> Diagnostic {
    let range = error.range().unwrap_or(0..program.source.len());
    let span = place.span(program.source, range.clone());
    if let Some(failure) = evaluation.failure() {
        return failure.clone().or_at(span);
    }
    if let Some(diagnostic) = undefined(program, evaluation, &range, place) {
        return diagnostic;
    }
    match error.kind() {
        ErrorKind::UndefinedError => {
            let words = program.source.get(range).unwrap_or(program.source).trim();
            Diagnostic::new(format!("`{}` is undefined", shortened(words))).at(span)
        }
        ErrorKind::OutOfFuel => Diagnostic::new("the template does not come to an end")
            .at(span)
            .help("a template may take ten million steps"),
        // The engine's words may quote values.
        _ if evaluation.met_secret() => {
            Diagnostic::new("the expression fails").at(span).note("its values are secret")
        }
        _ => Diagnostic::new(message(error)).at(span),
    }
}

/// The engine's own words, as one fragment.
fn message(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// The undefined name or member that an error within `range` comes from.
fn undefined(
    program: &Program,
    evaluation: &Evaluation,
    range: &Range<usize>,
    place: Place,
) -> Option<Diagnostic> {
    // An error in a filter has the filter's place, without the value before it.
    let began = |(place, start): &(Range<usize>, usize)| {
        (range.start == place.start && place.end <= range.end).then_some(*start)
    };
    let start = program.survey.extents.iter().filter_map(began).min().unwrap_or(range.start);
    let range = start.min(range.start)..range.end;
    let inside = |used: &&Use| range.start <= used.range.start && used.range.end <= range.end;
    let uses = || program.survey.uses.iter().filter(inside);
    if let Some(used) = uses().find(|used| evaluation.missed(&used.name)) {
        let span = place.span(program.source, used.range.clone());
        return Some(unknown_name(&used.name, span, evaluation));
    }
    uses().find_map(|used| missing_member(used, program.source, evaluation, place))
}

/// A name that no layer has.
fn unknown_name(name: &str, span: Span, evaluation: &Evaluation) -> Diagnostic {
    let diagnostic = Diagnostic::new(format!("undefined variable `{name}`")).at(span);
    let names = evaluation.scope().names();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// The first member of a chain that its value does not have.
fn missing_member(
    used: &Use,
    source: &str,
    evaluation: &Evaluation,
    place: Place,
) -> Option<Diagnostic> {
    let root = evaluation.scope().shared(&used.name).ok()??;
    let mut value: &Value = root.exposed();
    let mut path = used.name.clone();
    for member in &used.members {
        let next = match value {
            Value::Map(map) => map.get(member),
            Value::List(items) => {
                let index: i64 = member.parse().ok()?;
                let index =
                    if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
                usize::try_from(index).ok().and_then(|index| items.get(index))
            }
            Value::Unknown(_) => return None,
            _ => None,
        };
        let Some(next) = next else {
            let span = place.span(source, member_range(used, member, source));
            let message = match value {
                Value::List(items) => format!("`{path}` has {} items, no `{member}`", items.len()),
                Value::Map(_) => format!("`{path}` has no `{member}`"),
                other => format!("`{path}` is {}, it has no `{member}`", a(other.kind())),
            };
            let diagnostic = Diagnostic::new(message).at(span);
            let keys = value.as_map().into_iter().flat_map(|map| map.keys());
            return Some(match nearest(member, keys.map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        };
        value = next.exposed();
        path = format!("{path}.{member}");
    }
    None
}

/// Where a member is named in its chain; the whole chain if it is not named plainly.
fn member_range(used: &Use, member: &str, source: &str) -> Range<usize> {
    let after = used.range.end..used.chain.end;
    source
        .get(after.clone())
        .and_then(|rest| rest.find(member))
        .map_or(used.chain.clone(), |at| after.start + at..after.start + at + member.len())
}

/// A kind's name with its article.
pub(super) fn a(kind: &str) -> String {
    match kind {
        "null" | "text" | "secret" | "unknown" => kind.to_owned(),
        "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

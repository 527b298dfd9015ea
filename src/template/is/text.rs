//! Tests of text against a regular expression.

use super::super::filters::{regex, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.test("match", |value: &Value, pattern: &str, flags: Kwargs| {
        found(value, pattern, &flags, |at| at == 0)
    });
    to.test("search", |value: &Value, pattern: &str, flags: Kwargs| {
        found(value, pattern, &flags, |_| true)
    });
    to.test("regex", of_type);
}

/// Whether a match begins where it must.
fn found(
    value: &Value,
    pattern: &str,
    kwargs: &Kwargs,
    begins: impl Fn(usize) -> bool,
) -> Result<bool, Error> {
    let flags = regex::Flags::of(kwargs)?;
    kwargs.assert_all_used()?;
    // An alternative that matches at the start may not be the leftmost first: anchor instead.
    let anchored = !begins(1);
    let pattern = if anchored { format!(r"\A(?:{pattern})") } else { pattern.to_owned() };
    Ok(regex::compile(&pattern, flags)?.is_match(&text(value)?))
}

/// `match` or `search`, whichever `match_type` says; `search` is the default.
fn of_type(value: &Value, pattern: &str, kwargs: Kwargs) -> Result<bool, Error> {
    let kind = kwargs.get::<Option<&str>>("match_type")?.unwrap_or("search");
    match kind {
        "match" => found(value, pattern, &kwargs, |at| at == 0),
        "fullmatch" => found(value, &format!(r"(?:{pattern})\z"), &kwargs, |at| at == 0),
        _ => found(value, pattern, &kwargs, |_| true),
    }
}

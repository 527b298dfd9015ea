//! Tests of text against a regular expression.

use super::super::filters::pattern::{Flags, Pattern};
use super::super::filters::text;
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs, from_args};
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    type Flag = Option<bool>;
    to.test("match", |value: &Value, pattern: &str, case: Flag, lines: Flag, named: Kwargs| {
        // An alternative that matches at the start may not be the leftmost first: anchor instead.
        found(value, &format!(r"\A(?:{pattern})"), Flags::of(case, lines, &named)?, &named)
    });
    to.test("search", |value: &Value, pattern: &str, case: Flag, lines: Flag, named: Kwargs| {
        found(value, pattern, Flags::of(case, lines, &named)?, &named)
    });
    to.test("regex", of_type);
}

fn found(value: &Value, pattern: &str, flags: Flags, kwargs: &Kwargs) -> Result<bool, Error> {
    kwargs.assert_all_used()?;
    let value = text(value)?;
    Pattern::of(pattern, flags, &value)?.is_in(&value)
}

/// `match` or `search`, whichever `match_type` says; `search` is the default.
fn of_type(value: &Value, pattern: &str, flags: Rest<ValueOrKwargs>) -> Result<bool, Error> {
    type Given<'a> = (Option<bool>, Option<bool>, Option<&'a str>, Kwargs);
    let flags = flags.into_values();
    let (ignore_case, multiline, kind, kwargs): Given<'_> = from_args(&flags)?;
    let kind = kind.or(kwargs.get("match_type")?).unwrap_or("search");
    let flags = Flags::of(ignore_case, multiline, &kwargs)?;
    match kind {
        "match" => found(value, &format!(r"\A(?:{pattern})"), flags, &kwargs),
        "fullmatch" => found(value, &format!(r"\A(?:{pattern})\z"), flags, &kwargs),
        _ => found(value, pattern, flags, &kwargs),
    }
}

//! Filters: Jinja's own and those of Ansible that its roles use, one file for each kind.

mod basic;
mod comment;
mod encode;
mod hash;
mod json;
mod lists;
mod maps;
mod numbers;
mod paths;
pub(super) mod pattern;
mod regex;
mod url;
mod width;
mod yaml;

pub(super) use lists::items;

use super::environment::Registry;
use minijinja::value::{Kwargs, StringInput, ValueKind};
use minijinja::{Error, ErrorKind, State, Value, filters as jinja};
use std::borrow::Cow;
use std::sync::Arc;

/// Adds every filter.
pub(super) fn register(to: &mut Registry) {
    to.filter("abs", jinja::abs);
    to.filter("attr", jinja::attr);
    to.filter("batch", jinja::batch);
    to.filter("capitalize", jinja::capitalize);
    to.filter("count", jinja::length);
    to.filter("dictsort", jinja::dictsort);
    to.filter("e", jinja::escape);
    to.filter("escape", jinja::escape);
    to.filter("first", jinja::first);
    to.filter("format", jinja::format);
    to.filter("groupby", jinja::groupby);
    to.filter("items", jinja::items);
    to.filter("join", join);
    to.filter("last", jinja::last);
    to.filter("length", jinja::length);
    to.filter("list", list);
    to.filter("lower", jinja::lower);
    to.filter("map", jinja::map);
    to.filter("max", max);
    to.filter("min", jinja::min);
    to.filter("reject", jinja::reject);
    to.filter("rejectattr", jinja::rejectattr);
    to.filter("replace", replace);
    to.filter("reverse", jinja::reverse);
    to.filter("round", jinja::round);
    to.filter("safe", jinja::safe);
    to.filter("select", jinja::select);
    to.filter("selectattr", jinja::selectattr);
    to.filter("slice", jinja::slice);
    to.filter("sort", jinja::sort);
    to.filter("split", split);
    to.filter("string", jinja::string);
    to.filter("sum", jinja::sum);
    to.filter("title", jinja::title);
    to.filter("trim", jinja::trim);
    to.filter("upper", jinja::upper);
    for register in [
        basic::register,
        comment::register,
        encode::register,
        hash::register,
        json::register,
        lists::register,
        maps::register,
        numbers::register,
        paths::register,
        regex::register,
        url::register,
        width::register,
        yaml::register,
    ] {
        register(to);
    }
}

/// A list of its items. `map` may leave undefined ones, which are an error as soon as they are
/// more than looked at.
fn list(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    let list = jinja::list(state, value)?;
    all_defined(&list)?;
    Ok(list)
}

fn join(
    state: &mut State<'_, '_>,
    value: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    all_defined(value)?;
    let between = joiner.as_ref().map_or(0, |joiner| joiner.as_str().len());
    let (mut items, mut length) = (0_usize, 0_usize);
    if let Some(text) = value.as_str() {
        (items, length) = (text.chars().count(), text.len());
    } else if let Ok(all) = value.try_iter() {
        for item in all {
            items += 1;
            length = length.saturating_add(item.as_str().map_or(1, str::len));
        }
    }
    short_enough(length.saturating_add(between.saturating_mul(items)))?;
    jinja::join(state, value, joiner, attribute, kwargs)
}

/// The longest text that a filter makes, in bytes: filters stand one behind the other, and each may
/// make much more of what it gets.
const LONGEST: usize = 64 << 20;

/// Refuses to make a longer text.
pub(super) fn short_enough(length: usize) -> Result<(), Error> {
    if length <= LONGEST {
        return Ok(());
    }
    Err(invalid(format!("the text would be longer than {} MiB", LONGEST >> 20)))
}

/// Refuses a list with an undefined item.
pub(super) fn all_defined(list: &Value) -> Result<(), Error> {
    let is_list = matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list && list.try_iter()?.any(|item| item.is_undefined()) {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(())
}

/// The first of the greatest; the engine's own filter gives the last.
fn max(state: &State<'_, '_>, list: &Value, kwargs: Kwargs) -> Result<Value, Error> {
    let mut items: Vec<Value> = list.try_iter()?.checked().collect::<Result<_, _>>()?;
    items.reverse();
    jinja::max(state, Value::from(items), kwargs)
}

/// Every place where a text stands replaced, or the first so many.
fn replace(
    value: &Value,
    old: &Value,
    new: &Value,
    count: Option<usize>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let count = count.or(kwargs.get("count")?);
    kwargs.assert_all_used()?;
    let (value, old, new) = (text(value)?, text(old)?, text(new)?);
    let places = value.matches(&*old).take(count.unwrap_or(usize::MAX)).count();
    short_enough(value.len().saturating_add(places.saturating_mul(new.len())))?;
    Ok(value.replacen(&*old, &new, count.unwrap_or(usize::MAX)))
}

/// The parts of a text between blanks, or between a text.
fn split(
    value: &Value,
    at: Option<Arc<str>>,
    most: Option<i64>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let at = at.or(kwargs.get("sep")?);
    let most = most.or(kwargs.get("maxsplit")?);
    kwargs.assert_all_used()?;
    jinja::split(value, at, most)
}

/// A value as text; undefined is an error, not an empty text.
pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed))
}

/// What a filter says about values it cannot work with.
pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

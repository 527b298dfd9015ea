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
pub(super) mod regex;
mod url;
mod width;
mod yaml;

pub(super) use lists::items;

use super::environment::Registry;
use minijinja::{Error, ErrorKind, Value, filters as jinja};
use std::borrow::Cow;

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
    to.filter("join", jinja::join);
    to.filter("last", jinja::last);
    to.filter("length", jinja::length);
    to.filter("list", jinja::list);
    to.filter("lower", jinja::lower);
    to.filter("map", jinja::map);
    to.filter("max", jinja::max);
    to.filter("min", jinja::min);
    to.filter("reject", jinja::reject);
    to.filter("rejectattr", jinja::rejectattr);
    to.filter("replace", jinja::replace);
    to.filter("reverse", jinja::reverse);
    to.filter("round", jinja::round);
    to.filter("safe", jinja::safe);
    to.filter("select", jinja::select);
    to.filter("selectattr", jinja::selectattr);
    to.filter("slice", jinja::slice);
    to.filter("sort", jinja::sort);
    to.filter("split", jinja::split);
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

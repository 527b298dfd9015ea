//! Tests, which follow `is`: Jinja's own and those of Ansible that its roles use.

mod result;
mod text;
mod version;

use super::environment::Registry;
use super::filters::invalid;
use minijinja::value::Kwargs;
use minijinja::{Error, Value, tests as jinja};

/// Adds every test.
pub(super) fn register(to: &mut Registry) {
    for name in ["eq", "equalto", "=="] {
        to.test(name, jinja::is_eq);
    }
    for name in ["ne", "!="] {
        to.test(name, jinja::is_ne);
    }
    for name in ["lt", "lessthan", "<"] {
        to.test(name, jinja::is_lt);
    }
    for name in ["le", "<="] {
        to.test(name, jinja::is_le);
    }
    for name in ["gt", "greaterthan", ">"] {
        to.test(name, jinja::is_gt);
    }
    for name in ["ge", ">="] {
        to.test(name, jinja::is_ge);
    }
    to.test("boolean", jinja::is_boolean);
    to.test("defined", jinja::is_defined);
    to.test("divisibleby", jinja::is_divisibleby);
    to.test("even", jinja::is_even);
    to.test("false", jinja::is_false);
    to.test("float", jinja::is_float);
    to.test("in", jinja::is_in);
    to.test("integer", jinja::is_integer);
    to.test("iterable", jinja::is_iterable);
    to.test("lower", jinja::is_lower);
    to.test("mapping", jinja::is_mapping);
    to.test("none", jinja::is_none);
    to.test("number", jinja::is_number);
    to.test("odd", jinja::is_odd);
    to.test("sameas", jinja::is_sameas);
    // Whatever has a length and members, in Python: text and mappings too.
    to.test("sequence", |value: &Value| {
        jinja::is_sequence(value) || jinja::is_string(value) || jinja::is_mapping(value)
    });
    to.test("string", jinja::is_string);
    to.test("true", jinja::is_true);
    to.test("undefined", jinja::is_undefined);
    to.test("upper", jinja::is_upper);
    to.test("all", |list: &Value| Ok(items(list)?.iter().all(Value::is_true)));
    to.test("any", |list: &Value| Ok(items(list)?.iter().any(Value::is_true)));
    to.test("contains", contains);
    to.test("falsy", |value: &Value, convert: Option<bool>, kwargs: Kwargs| {
        truthy(value, convert, kwargs).map(|truth| !truth)
    });
    to.test("truthy", truthy);
    for name in ["issubset", "subset"] {
        to.test(name, |list: &Value, of: &Value| subset(list, of));
    }
    for name in ["issuperset", "superset"] {
        to.test(name, |list: &Value, of: &Value| subset(of, list));
    }
    result::register(to);
    text::register(to);
    version::register(to);
}

fn items(list: &Value) -> Result<Vec<Value>, Error> {
    if list.is_undefined() {
        return Err(Error::from(minijinja::ErrorKind::UndefinedError));
    }
    list.try_iter()?.checked().collect()
}

fn subset(list: &Value, of: &Value) -> Result<bool, Error> {
    let of = items(of)?;
    Ok(items(list)?.iter().all(|item| of.contains(item)))
}

/// `in` with its sides exchanged, for use in `select`.
fn contains(container: &Value, member: &Value) -> Result<bool, Error> {
    if let Some(text) = container.as_str() {
        return Ok(member.as_str().is_some_and(|part| text.contains(part)));
    }
    Ok(items(container)?.contains(member))
}

/// Python's truth; with `convert_bool` the words for a boolean count as what they say.
fn truthy(value: &Value, convert: Option<bool>, kwargs: Kwargs) -> Result<bool, Error> {
    let convert = convert.or(kwargs.get("convert_bool")?);
    kwargs.assert_all_used()?;
    if value.is_undefined() {
        return Err(Error::from(minijinja::ErrorKind::UndefinedError));
    }
    let word = convert.unwrap_or(false).then(|| value.as_str()).flatten();
    Ok(word.and_then(super::condition::boolean).unwrap_or_else(|| value.is_true()))
}

/// The member of a registered result.
fn member(result: &Value, name: &str) -> Result<Value, Error> {
    if result.is_undefined() {
        return Err(Error::from(minijinja::ErrorKind::UndefinedError));
    }
    if result.kind() != minijinja::value::ValueKind::Map {
        return Err(invalid("this test takes a registered result"));
    }
    result.get_attr(name)
}

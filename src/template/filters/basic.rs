//! Filters on single values: defaults, choices, conversions.

use super::{invalid, text};
use crate::template::condition::boolean;
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("bool", bool);
    to.filter("d", default);
    to.filter("default", default);
    to.filter("mandatory", mandatory);
    to.filter("ternary", ternary);
    to.filter("type_debug", type_debug);
}

/// Another value for an undefined one; with a true second argument for any false one, too.
fn default(
    value: &Value,
    other: Option<Value>,
    boolean: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let other = match other {
        Some(other) => Some(other),
        None => kwargs.get::<Option<Value>>("default_value")?,
    };
    let boolean = match boolean {
        Some(boolean) => Some(boolean),
        None => kwargs.get::<Option<Value>>("boolean")?,
    };
    kwargs.assert_all_used()?;
    let replaced = value.is_undefined()
        || (boolean.is_some_and(|wanted| wanted.is_true()) && !value.is_true());
    Ok(if replaced { other.unwrap_or_else(|| Value::from("")) } else { value.clone() })
}

/// The words that Ansible takes for a boolean, and numbers; other text is refused, not false.
fn bool(value: &Value) -> Result<Option<bool>, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(None),
        ValueKind::Bool => Ok(Some(value.is_true())),
        ValueKind::Number => Ok(Some(value.as_i64() == Some(1))),
        ValueKind::String if value.as_str().is_some_and(str::is_empty) => Ok(Some(false)),
        ValueKind::String => value.as_str().and_then(boolean).map(Some).ok_or_else(|| {
            invalid("the text given to `bool` is no boolean such as `yes`, `true`, `off` or `0`")
        }),
        kind => Err(invalid(format!("`bool` cannot take a {kind}; write `… | length > 0`"))),
    }
}

/// The value, which must be defined.
fn mandatory(value: &Value, message: Option<&str>, kwargs: Kwargs) -> Result<Value, Error> {
    let message = message.or(kwargs.get::<Option<&str>>("msg")?);
    kwargs.assert_all_used()?;
    match (value.is_undefined(), message) {
        (false, _) => Ok(value.clone()),
        (true, Some(message)) => Err(invalid(message.to_owned())),
        (true, None) => Err(Error::from(ErrorKind::UndefinedError)),
    }
}

/// One of two values, or a third for null.
fn ternary(
    value: &Value,
    if_true: Option<Value>,
    if_false: Option<Value>,
    if_none: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let named = |given: Option<Value>, name: &str| match given {
        Some(value) => Ok(Some(value)),
        None => kwargs.get::<Option<Value>>(name),
    };
    let if_true = named(if_true, "true_val")?;
    let if_false = named(if_false, "false_val")?;
    let if_none = named(if_none, "none_val")?;
    kwargs.assert_all_used()?;
    let missing = || Error::from(ErrorKind::MissingArgument);
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None if if_none.is_some() => if_none.ok_or_else(missing),
        _ if value.is_true() => if_true.ok_or_else(missing),
        _ => if_false.ok_or_else(missing),
    }
}

/// The type's name as Python has it.
fn type_debug(value: &Value) -> Result<&'static str, Error> {
    text(value)?;
    Ok(match value.kind() {
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        ValueKind::Map => "dict",
        ValueKind::Seq | ValueKind::Iterable => "list",
        _ => "object",
    })
}

//! Filters on single values: defaults, choices, conversions.

use super::{invalid, text};
use crate::template::condition::boolean;
use crate::template::environment::Registry;
use crate::template::evaluation::Evaluation;
use crate::text::Diagnostic;
use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Error, ErrorKind, State, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("bool", bool);
    to.filter("d", default);
    to.filter("default", default);
    to.filter("float", float);
    to.filter("int", int);
    to.filter("mandatory", mandatory);
    to.filter("ternary", ternary);
    to.filter("type_debug", type_debug);
}

/// Another value for an undefined one; with a true second argument for any false one, too.
fn default(
    value: &Value,
    // An optional argument would take an undefined one for none.
    others: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let others = others.into_values();
    let (others, kwargs): (&[Value], Kwargs) = from_args(&others)?;
    let (other, boolean) = match others {
        [] => (None, None),
        [other] => (Some(other.clone()), None),
        [other, boolean] => (Some(other.clone()), Some(boolean.clone())),
        _ => return Err(Error::from(ErrorKind::TooManyArguments)),
    };
    let other = match other {
        Some(other) => Some(other),
        None if kwargs.has("default_value") => Some(kwargs.get::<Value>("default_value")?),
        None => None,
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
        ValueKind::String => {
            // Ansible's filter takes `y` and `t` for false, its other readers for true.
            let word = value.as_str().filter(|word| word.len() > 1 || matches!(*word, "0" | "1"));
            word.and_then(boolean).map(Some).ok_or_else(|| {
                invalid(
                    "the text given to `bool` is no boolean such as `yes`, `true`, `off` or `0`",
                )
            })
        }
        kind => Err(invalid(format!("`bool` cannot take a {kind}; write `… | length > 0`"))),
    }
}

/// The whole number that a value says; another value, 0 if none is given, where it says none.
fn int(
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let default = match default {
        Some(default) => Some(default),
        None => kwargs.get::<Option<Value>>("default")?,
    };
    let base = base.or(kwargs.get("base")?).unwrap_or(10);
    kwargs.assert_all_used()?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(invalid(format!("`int` knows bases from 2 to 36, and 0, not {base}")));
    }
    let number = match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => Some(Value::from(i64::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => Some(value.clone()),
        ValueKind::Number => f64::try_from(value.clone()).ok().and_then(whole).map(Value::from),
        ValueKind::String => value.as_str().map(|text| digits(text, base)).transpose()?.flatten(),
        _ => None,
    };
    Ok(number.or(default).unwrap_or_else(|| Value::from(0)))
}

fn whole(number: f64) -> Option<i64> {
    // Every number below is held exactly, so that no cast can go wrong.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (number.abs() <= EXACT).then_some(number.trunc() as i64)
}

/// As Python's `int` reads it: blanks around it, a sign, and single `_` between digits.
fn digits(text: &str, base: u32) -> Result<Option<Value>, Error> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = unsigned.to_ascii_lowercase();
    let prefixed = [(16, "0x"), (8, "0o"), (2, "0b")].into_iter().find_map(|(radix, prefix)| {
        let digits = lower.strip_prefix(prefix)?;
        (base == radix || base == 0).then_some((radix, digits))
    });
    let (base, digits) = prefixed.unwrap_or((if base == 0 { 10 } else { base }, &lower));
    let joined = digits.replace('_', "");
    let well_formed = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    if well_formed && !joined.is_empty() && joined.chars().all(|digit| digit.is_digit(base)) {
        let number = i64::from_str_radix(&joined, base)
            .map_err(|_| invalid(format!("`{text}` does not fit in 64 bits")))?;
        return Ok(Some(Value::from(if negative { -number } else { number })));
    }
    // `'2.9' | int` is 2, as in Jinja.
    let fraction = (base == 10).then(|| text.parse().ok().and_then(whole)).flatten();
    Ok(fraction.map(Value::from))
}

/// The number that a value says; another value, 0.0 if none is given, where it says none.
fn float(value: &Value, default: Option<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let default = match default {
        Some(default) => Some(default),
        None => kwargs.get::<Option<Value>>("default")?,
    };
    kwargs.assert_all_used()?;
    let number = match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        ValueKind::String => value.as_str().and_then(|text| text.trim().parse().ok()),
        _ => None,
    };
    Ok(number.map(Value::from).or(default).unwrap_or_else(|| Value::from(0.0)))
}

/// The value, which must be defined.
fn mandatory(
    state: &State<'_, '_>,
    value: &Value,
    message: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let message = message.or(kwargs.get::<Option<&str>>("msg")?);
    kwargs.assert_all_used()?;
    match (value.is_undefined(), message) {
        (false, _) => Ok(value.clone()),
        (true, Some(message)) => {
            // The author's words, instead of those about the undefined name.
            if let Some(evaluation) = Evaluation::of(state) {
                evaluation.fail(Diagnostic::new(message));
            }
            Err(Error::from(ErrorKind::UndefinedError))
        }
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

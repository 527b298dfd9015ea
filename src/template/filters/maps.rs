//! Filters on mappings: to and from lists, and combining several.

use super::invalid;
use super::lists::items;
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Error, ErrorKind, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("combine", combine);
    to.filter("dict2items", to_items);
    to.filter("items2dict", from_items);
}

/// A list of `{key, value}`; other names with `key_name` and `value_name`.
fn to_items(map: &Value, names: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    let (key_name, value_name) = member_names(names)?;
    let pair = |key: Value| {
        let value = map.get_item(&key)?;
        Ok(Value::from_pairs([(key_name.clone(), key), (value_name.clone(), value)]))
    };
    keys(map, "dict2items")?.into_iter().map(pair).collect()
}

/// A mapping from a list of `{key, value}`.
fn from_items(list: &Value, names: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let (key_name, value_name) = member_names(names)?;
    let mut pairs = Vec::new();
    for item in items(list)? {
        let member = |name: &str| match item.get_attr(name)? {
            missing if missing.is_undefined() => Err(invalid(format!(
                "`items2dict` takes a list of mappings with `{key_name}` and `{value_name}`; \
                 one has no `{name}`"
            ))),
            value => Ok(value),
        };
        pairs.push((member(&key_name)?, member(&value_name)?));
    }
    Ok(Value::from_pairs(pairs))
}

fn member_names(names: Rest<ValueOrKwargs>) -> Result<(String, String), Error> {
    let names = names.into_values();
    let (key, value, kwargs): (Option<&str>, Option<&str>, Kwargs) = from_args(&names)?;
    let key = key.or(kwargs.get("key_name")?).unwrap_or("key").to_owned();
    let value = value.or(kwargs.get("value_name")?).unwrap_or("value").to_owned();
    kwargs.assert_all_used()?;
    Ok((key, value))
}

fn keys(map: &Value, filter: &str) -> Result<Vec<Value>, Error> {
    match map.kind() {
        ValueKind::Map => map.try_iter()?.checked().collect(),
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        kind => Err(invalid(format!("`{filter}` takes mappings, not a {kind}"))),
    }
}

/// The mappings over one another, the last one strongest.
fn combine(map: &Value, rest: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let rest = rest.into_values();
    let (others, kwargs): (&[Value], Kwargs) = from_args(&rest)?;
    let recursive = kwargs.get::<Option<bool>>("recursive")?.unwrap_or(false);
    let lists = Lists::named(kwargs.get::<Option<&str>>("list_merge")?.unwrap_or("replace"))?;
    kwargs.assert_all_used()?;
    let mut terms = Vec::new();
    spread(map, &mut terms)?;
    others.iter().try_for_each(|other| spread(other, &mut terms))?;
    let mut terms = terms.into_iter();
    let first = terms.next().unwrap_or_else(|| Value::from_pairs([("", ""); 0]));
    keys(&first, "combine")?;
    terms.try_fold(first, |under, over| merge(&under, &over, recursive, lists))
}

/// Mappings that stand in lists are taken one by one.
fn spread(term: &Value, terms: &mut Vec<Value>) -> Result<(), Error> {
    if term.kind() == ValueKind::Seq {
        return items(term)?.iter().try_for_each(|item| spread(item, terms));
    }
    terms.push(term.clone());
    Ok(())
}

/// What becomes of two lists under the same key.
#[derive(Clone, Copy, PartialEq)]
enum Lists {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

impl Lists {
    fn named(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendNew,
            "prepend_rp" => Self::PrependNew,
            other => {
                return Err(invalid(format!(
                    "`list_merge` is replace, keep, append, prepend, append_rp or prepend_rp, \
                     not `{other}`"
                )));
            }
        })
    }

    fn merge(self, under: &Value, over: &Value) -> Result<Value, Error> {
        let (under, over) = (items(under)?, items(over)?);
        let without = |list: &[Value]| -> Vec<Value> {
            list.iter().filter(|item| !over.contains(item)).cloned().collect()
        };
        Ok(Value::from(match self {
            Self::Replace => over,
            Self::Keep => under,
            Self::Append => [under, over].concat(),
            Self::Prepend => [over, under].concat(),
            Self::AppendNew => [without(&under), over].concat(),
            Self::PrependNew => [over.clone(), without(&under)].concat(),
        }))
    }
}

fn merge(under: &Value, over: &Value, recursive: bool, lists: Lists) -> Result<Value, Error> {
    let mut pairs = Vec::new();
    for key in keys(under, "combine")? {
        let (low, high) = (under.get_item(&key)?, over.get_item(&key)?);
        let value = match (low.kind(), high.kind()) {
            (_, ValueKind::Undefined) => low,
            (ValueKind::Map, ValueKind::Map) if recursive => merge(&low, &high, recursive, lists)?,
            (ValueKind::Seq, ValueKind::Seq) => lists.merge(&low, &high)?,
            _ => high,
        };
        pairs.push((key, value));
    }
    for key in keys(over, "combine")? {
        if under.get_item(&key)?.is_undefined() {
            let value = over.get_item(&key)?;
            pairs.push((key, value));
        }
    }
    Ok(Value::from_pairs(pairs))
}

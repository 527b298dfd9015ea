//! Filters on lists: sets that keep their order, flattening, pairing.

use super::invalid;
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Error, ErrorKind, Value};
use std::collections::BTreeSet;

/// Items that `product` may make.
const PRODUCT_LIMIT: usize = 100_000;

pub(super) fn register(to: &mut Registry) {
    to.filter("combinations", |list: &Value, size: usize| choices(list, Some(size), false));
    to.filter("difference", |list: &Value, other: &Value| {
        let other = set(other)?;
        Ok(distinct(items(list)?.into_iter().filter(|item| !other.contains(item))))
    });
    to.filter("extract", extract);
    to.filter("flatten", flatten);
    to.filter("intersect", |list: &Value, other: &Value| {
        let other = set(other)?;
        Ok(distinct(items(list)?.into_iter().filter(|item| other.contains(item))))
    });
    to.filter("permutations", |list: &Value, size: Option<usize>| choices(list, size, true));
    to.filter("product", product);
    to.filter("subelements", sub_elements);
    to.filter("symmetric_difference", |list: &Value, other: &Value| {
        let (left, right) = (set(list)?, set(other)?);
        let both = items(list)?.into_iter().chain(items(other)?);
        Ok(distinct(both.filter(|item| left.contains(item) != right.contains(item))))
    });
    to.filter("union", |list: &Value, other: &Value| {
        Ok(distinct(items(list)?.into_iter().chain(items(other)?)))
    });
    to.filter("unique", unique);
    to.filter("zip", |list: &Value, others: Rest<Value>| zip(list, &others, None));
    to.filter("zip_longest", zip_longest);
}

/// The items of a list; text is no list here.
pub(in crate::template) fn items(list: &Value) -> Result<Vec<Value>, Error> {
    match list.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            list.try_iter()?.checked().collect()
        }
        kind => Err(invalid(format!("expected a list, not a {kind}"))),
    }
}

fn set(list: &Value) -> Result<BTreeSet<Value>, Error> {
    Ok(items(list)?.into_iter().collect())
}

/// Each item at its first place only.
fn distinct(items: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// Each item once; letters' case does not tell texts apart unless `case_sensitive` is true.
fn unique(
    list: &Value,
    case_sensitive: Option<bool>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Vec<Value>, Error> {
    let case_sensitive = case_sensitive.or(kwargs.get("case_sensitive")?).unwrap_or(false);
    let attribute = attribute.or(kwargs.get("attribute")?);
    kwargs.assert_all_used()?;
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for item in items(list)? {
        let key = match attribute {
            Some(attribute) => item.get_attr(attribute)?,
            None => item.clone(),
        };
        let key = match key.as_str() {
            Some(text) if !case_sensitive => Value::from(text.to_lowercase()),
            _ => key,
        };
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// Lists in the list replaced by their items, as deep as `levels` says; nulls are left out.
fn flatten(
    list: &Value,
    levels: Option<usize>,
    skip_nulls: Option<bool>,
    kwargs: Kwargs,
) -> Result<Vec<Value>, Error> {
    let levels = levels.or(kwargs.get("levels")?).unwrap_or(usize::MAX);
    let skip_nulls = skip_nulls.or(kwargs.get("skip_nulls")?).unwrap_or(true);
    kwargs.assert_all_used()?;
    let mut flat = Vec::new();
    flatten_into(items(list)?, levels, skip_nulls, &mut flat)?;
    Ok(flat)
}

fn flatten_into(
    list: Vec<Value>,
    levels: usize,
    skip_nulls: bool,
    flat: &mut Vec<Value>,
) -> Result<(), Error> {
    for item in list {
        match item.kind() {
            ValueKind::None if skip_nulls => {}
            ValueKind::Seq | ValueKind::Iterable if levels > 0 => {
                flatten_into(items(&item)?, levels - 1, skip_nulls, flat)?;
            }
            _ => flat.push(item),
        }
    }
    Ok(())
}

/// The lists' first items together, their second, and so on; to the end of the shortest, or
/// with `fill` to that of the longest.
fn zip(list: &Value, others: &[Value], fill: Option<Value>) -> Result<Vec<Value>, Error> {
    let mut lists = vec![items(list)?];
    for other in others {
        lists.push(items(other)?);
    }
    let lengths = lists.iter().map(Vec::len);
    let length = if fill.is_some() { lengths.max() } else { lengths.min() };
    let row = |at: usize| -> Value {
        let item = |list: &Vec<Value>| list.get(at).or(fill.as_ref()).cloned().unwrap_or_default();
        lists.iter().map(item).collect()
    };
    Ok((0..length.unwrap_or(0)).map(row).collect())
}

fn zip_longest(list: &Value, rest: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    let rest = rest.into_values();
    let (others, kwargs): (&[Value], Kwargs) = from_args(&rest)?;
    let fill = kwargs.get::<Option<Value>>("fillvalue")?.unwrap_or_else(|| Value::from(()));
    kwargs.assert_all_used()?;
    zip(list, others, Some(fill))
}

/// Every choice of one item from each list.
fn product(list: &Value, rest: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    let rest = rest.into_values();
    let (others, kwargs): (&[Value], Kwargs) = from_args(&rest)?;
    let repeat = kwargs.get::<Option<usize>>("repeat")?.unwrap_or(1);
    kwargs.assert_all_used()?;
    let mut lists = vec![items(list)?];
    for other in others {
        lists.push(items(other)?);
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in lists.iter().cycle().take(lists.len().saturating_mul(repeat.min(PRODUCT_LIMIT))) {
        if rows.len().saturating_mul(list.len()) > PRODUCT_LIMIT {
            return Err(invalid(format!("`product` makes more than {PRODUCT_LIMIT} items")));
        }
        let longer = |row: &Vec<Value>| -> Vec<Vec<Value>> {
            let with = |item: &Value| row.iter().chain([item]).cloned().collect();
            list.iter().map(with).collect()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    Ok(rows.into_iter().map(Value::from).collect())
}

/// The member of `container` that is named by the value, and those below it that follow.
fn extract(key: Value, container: &Value, more: Option<Value>) -> Result<Value, Error> {
    let mut value = container.get_item(&key)?;
    let more = match more {
        None => Vec::new(),
        Some(keys) if matches!(keys.kind(), ValueKind::Seq | ValueKind::Iterable) => items(&keys)?,
        Some(key) => vec![key],
    };
    for key in more {
        value = value.get_item(&key)?;
    }
    Ok(value)
}

/// Each item together with each of its own items under `path`.
fn sub_elements(
    list: &Value,
    path: &Value,
    skip_missing: Option<bool>,
    kwargs: Kwargs,
) -> Result<Vec<Value>, Error> {
    let skip_missing = skip_missing.or(kwargs.get("skip_missing")?).unwrap_or(false);
    kwargs.assert_all_used()?;
    let keys: Vec<String> = match path.as_str() {
        Some(path) => path.split('.').map(str::to_owned).collect(),
        None => items(path)?.iter().map(ToString::to_string).collect(),
    };
    let list = match list.kind() {
        ValueKind::Map => {
            let keys = items(list)?;
            keys.iter().map(|key| list.get_item(key)).collect::<Result<_, _>>()?
        }
        _ => items(list)?,
    };
    let mut pairs = Vec::new();
    for item in list {
        let mut below = item.clone();
        for key in &keys {
            if !below.is_undefined() {
                below = below.get_attr(key)?;
            }
        }
        if below.is_undefined() {
            if skip_missing {
                continue;
            }
            let path = keys.join(".");
            return Err(invalid(format!("an item given to `subelements` has no `{path}`")));
        }
        pairs.extend(items(&below)?.into_iter().map(|sub| Value::from(vec![item.clone(), sub])));
    }
    Ok(pairs)
}

/// Every choice of so many items, in the order of their places; `ordered` also in every other.
fn choices(list: &Value, size: Option<usize>, ordered: bool) -> Result<Vec<Value>, Error> {
    let items = items(list)?;
    let size = size.unwrap_or(items.len());
    if size > items.len() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        let mut longer = Vec::new();
        for chosen in &found {
            let first = if ordered { 0 } else { chosen.last().map_or(0, |last| last + 1) };
            for at in (first..items.len()).filter(|at| !chosen.contains(at)) {
                longer.push(chosen.iter().copied().chain([at]).collect());
            }
            if longer.len() > PRODUCT_LIMIT {
                return Err(invalid(format!("more than {PRODUCT_LIMIT} choices")));
            }
        }
        found = longer;
    }
    let choice = |places: Vec<usize>| places.into_iter().map(|at| items[at].clone()).collect();
    Ok(found.into_iter().map(choice).collect())
}

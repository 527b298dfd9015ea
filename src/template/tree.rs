//! Values as templates see them: mappings and lists are read in place, member by member.

use super::evaluation::Evaluation;
use super::omit::{Omitted, is_omit, omit};
use crate::value::{Map, Origin, Value};
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value as Jinja};
use std::sync::Arc;

/// How deep a result may nest.
const DEPTH_LIMIT: usize = Value::MAX_DEPTH;

/// Items that one list or mapping of a result may have.
const LENGTH_LIMIT: usize = 1_000_000;

/// A mapping or list of the scope. Only a member that is reached is converted, and recorded if
/// it is unknown or secret; the others do not count.
pub(super) struct Tree {
    root: Arc<Value>,
    /// Positions of the members that lead from the root to here.
    path: Vec<usize>,
    evaluation: Arc<Evaluation>,
}

impl Tree {
    pub(super) fn root(root: Arc<Value>, evaluation: Arc<Evaluation>) -> Self {
        Self { root, path: Vec::new(), evaluation }
    }

    /// The value that this stands for, behind a secret's mark.
    pub(super) fn value(&self) -> &Value {
        let mut value = self.root.exposed();
        for &index in &self.path {
            let member = match value {
                Value::List(items) => items.get(index),
                Value::Map(map) => map.get_index(index).map(|(_, value)| value),
                _ => None,
            };
            value = member.unwrap_or(&Value::Null).exposed();
        }
        value
    }

    /// The evaluation that this was handed out by.
    pub(super) fn evaluation(&self) -> &Arc<Evaluation> {
        &self.evaluation
    }

    /// The member under a key, and its position. Keys are text here; YAML's numbers as keys
    /// were read as text, too. Negative positions in a list count from its end.
    pub(super) fn find(&self, key: &Jinja) -> Option<(usize, &Value)> {
        match self.value() {
            Value::List(items) => {
                let index = key.as_i64()?;
                let index =
                    if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
                let index = usize::try_from(index).ok()?;
                Some((index, items.get(index)?))
            }
            Value::Map(map) => {
                let found = match key.as_str() {
                    Some(key) => map.get_full(key),
                    None if key.is_number() => map.get_full(&key.to_string()),
                    None => None,
                };
                found.map(|(index, _, value)| (index, value))
            }
            _ => None,
        }
    }

    /// The member at a position.
    pub(super) fn below(&self, index: usize) -> Self {
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend_from_slice(&self.path);
        path.push(index);
        Self { root: self.root.clone(), path, evaluation: self.evaluation.clone() }
    }
}

/// Never shows what is in it.
impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tree")
    }
}

impl Object for Tree {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.value() {
            Value::List(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let (index, value) = self.find(key)?;
        Some(self.evaluation.give(value, || self.below(index)))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        let Value::Map(map) = self.value() else { return None };
        let (index, _, value) = map.get_full(key)?;
        Some(self.evaluation.give(value, || self.below(index)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.value() {
            Value::List(items) => Enumerator::Seq(items.len()),
            Value::Map(map) => {
                Enumerator::Values(map.keys().map(|key| Jinja::from(key.as_str())).collect())
            }
            _ => Enumerator::Empty,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match self.value() {
            Value::List(items) => Some(items.len()),
            Value::Map(map) => Some(map.len()),
            _ => Some(0),
        }
    }
}

/// A value that is known only after apply. The evaluation that met it is discarded; until then
/// every question is answered with more of the same.
#[derive(Debug)]
pub(super) struct Unsettled(pub(super) Origin);

impl Object for Unsettled {
    fn get_value(self: &Arc<Self>, _: &Jinja) -> Option<Jinja> {
        Some(Jinja::from_dyn_object(self.clone()))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Jinja]) -> Result<Jinja, Error> {
        Ok(Jinja::from_dyn_object(self.clone()))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        _: &str,
        _: &[Jinja],
    ) -> Result<Jinja, Error> {
        Ok(Jinja::from_dyn_object(self.clone()))
    }
}

/// What an expression resulted in. A mapping or list of the scope comes back as it was, its
/// unknown and secret leaves marked one by one.
pub(super) fn result(value: &Jinja) -> Result<Value, Error> {
    nested(value, true, 0)
}

/// The value that a filter works on, each of its leaves reached: the evaluation records those
/// that are unknown or secret.
pub(super) fn data(value: &Jinja) -> Result<Value, Error> {
    nested(value, false, 0)
}

fn nested(value: &Jinja, keep_trees: bool, depth: usize) -> Result<Value, Error> {
    if depth > DEPTH_LIMIT {
        return Err(invalid(format!("the value nests deeper than {DEPTH_LIMIT} levels")));
    }
    if keep_trees && let Some(tree) = value.downcast_object_ref::<Tree>() {
        return Ok(tree.value().clone());
    }
    if let Some(unsettled) = value.downcast_object_ref::<Unsettled>() {
        return Ok(Value::Unknown(unsettled.0.clone()));
    }
    if Omitted::is(value) {
        return Ok(omit());
    }
    Ok(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => number(value)?,
        ValueKind::String => Value::Str(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter()?.checked() {
                if items.len() >= LENGTH_LIMIT {
                    return Err(invalid("a list has more than a million items"));
                }
                let item = nested(&item?, keep_trees, depth + 1)?;
                if !is_omit(&item) {
                    items.push(item);
                }
            }
            Value::List(items)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let member = nested(&value.get_item(&key)?, keep_trees, depth + 1)?;
                if !is_omit(&member) {
                    let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                    map.insert(name, member);
                }
            }
            Value::Map(map)
        }
        kind => return Err(invalid(format!("a {kind} is no value"))),
    })
}

/// Data that was just read from text, for templates; it holds neither secret nor unknown.
pub(super) fn native(value: &Value) -> Jinja {
    match value {
        Value::Null | Value::Unknown(_) => Jinja::from(()),
        Value::Bool(value) => Jinja::from(*value),
        Value::Int(value) => Jinja::from(*value),
        Value::Float(value) => Jinja::from(*value),
        Value::Str(text) => Jinja::from(text.as_str()),
        Value::List(items) => items.iter().map(native).collect(),
        Value::Map(map) => {
            Jinja::from_pairs(map.iter().map(|(key, value)| (key.as_str(), native(value))))
        }
        Value::Secret(inner) => native(inner),
    }
}

fn number(value: &Jinja) -> Result<Value, Error> {
    if value.is_integer() {
        return value
            .as_i64()
            .map(Value::Int)
            .ok_or_else(|| invalid("the whole number needs more than 64 bits"));
    }
    Ok(Value::Float(f64::try_from(value.clone())?))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

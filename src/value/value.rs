//! A variable's value once it is rendered: data, never a template again.

use super::{Origin, REDACTED};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A mapping in the order it was written.
pub type Map = IndexMap<String, Value>;

/// What a variable, a fact, a parameter or a result is. Strings in it are data: they are never
/// rendered again, wherever they came from.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// YAML's null.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(String),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping with text keys.
    Map(Map),
    /// A value that no output may show. Never nested directly in another `Secret`.
    Secret(Box<Value>),
    /// A value that is known only after apply.
    Unknown(Origin),
}

impl Value {
    /// Text.
    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// This value marked secret; unknown stays unknown.
    #[must_use]
    pub fn into_secret(self) -> Self {
        match self {
            Self::Secret(_) | Self::Unknown(_) => self,
            other => Self::Secret(Box::new(other)),
        }
    }

    /// The value behind a secret's mark.
    #[must_use]
    pub fn exposed(&self) -> &Self {
        match self {
            Self::Secret(inner) => inner,
            other => other,
        }
    }

    /// The first unknown in this value, itself included.
    #[must_use]
    pub fn unknown(&self) -> Option<&Origin> {
        match self {
            Self::Unknown(origin) => Some(origin),
            Self::Secret(inner) => inner.unknown(),
            Self::List(items) => items.iter().find_map(Self::unknown),
            Self::Map(map) => map.values().find_map(Self::unknown),
            _ => None,
        }
    }

    /// Whether this value holds a secret anywhere.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(items) => items.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            _ => false,
        }
    }

    /// Text, if this is text (a secret's too).
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.exposed() {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self.exposed() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The member of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map().and_then(|map| map.get(key))
    }

    /// The kind's name in messages: `text`, `list`, …
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "number",
            Self::Str(_) => "text",
            Self::List(_) => "list",
            Self::Map(_) => "mapping",
            Self::Secret(_) => "secret",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The deepest that data nests: it is remembered and sent as JSON with two levels for each of its
    /// own, which is read to 128.
    pub const MAX_DEPTH: usize = 50;

    /// Reads JSON that came from outside.
    ///
    /// # Errors
    /// What is wrong with it, or that it nests deeper than [`Value::MAX_DEPTH`].
    pub fn of_json(text: &str) -> Result<Self, String> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let value = Self::from(json);
        if value.depth() > Self::MAX_DEPTH {
            return Err(format!("it nests deeper than {} levels", Self::MAX_DEPTH));
        }
        Ok(value)
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(map) => 1 + map.values().map(Self::depth).max().unwrap_or(0),
            Self::Secret(inner) => inner.depth(),
            _ => 0,
        }
    }

    /// JSON with secrets exposed: for typing a specification, never for output. Unknowns become
    /// null; ask [`Value::unknown`] first.
    #[must_use]
    pub fn to_json_exposed(&self) -> serde_json::Value {
        self.json(&|inner| inner.to_json_exposed())
    }

    /// JSON for people and reports: secrets and unknowns are replaced by words.
    #[must_use]
    pub fn to_json_redacted(&self) -> serde_json::Value {
        self.json(&|_| serde_json::Value::from(REDACTED))
    }

    fn json(&self, secret: &dyn Fn(&Self) -> serde_json::Value) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Str(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.json(secret)).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter().map(|(key, value)| (key.clone(), value.json(secret))).collect(),
            ),
            Self::Secret(inner) => secret(inner),
            Self::Unknown(_) => serde_json::Value::Null,
        }
    }
}

/// Never shows a secret.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(origin) => write!(f, "(known after apply: {origin})"),
            other => std::fmt::Display::fmt(&other.to_json_redacted(), f),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => number
                .as_i64()
                .map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Int),
            serde_json::Value::String(text) => Self::Str(text),
            serde_json::Value::Array(items) => {
                Self::List(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(map) => {
                Self::Map(map.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

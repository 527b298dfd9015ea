//! A value as it was written: every part with its place, strings perhaps templates.

use super::Value;
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// A part of a YAML document. Its strings were written by the role's or inventory's author and
/// may hold templates; data from hosts is never a `Node`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What stands there.
    pub kind: NodeKind,
    /// Where.
    pub span: Span,
    /// Whether it was vaulted, or marked secret by an argument specification.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// The kinds of node. Scalars are resolved by YAML 1.2's core schema, strictly: only `true` and
/// `false` are booleans.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, perhaps with templates in it.
    Str(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in order; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// The member of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(k, _)| k.name == key).map(|(_, node)| node)
    }

    /// A mapping's entries; none where this is no mapping.
    #[must_use]
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// A sequence's items; none where this is no sequence.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::List(items) => items,
            _ => &[],
        }
    }

    /// Text, if this is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Whether any text in it holds a template.
    #[must_use]
    pub fn has_template(&self) -> bool {
        match &self.kind {
            NodeKind::Str(text) => ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)),
            NodeKind::List(items) => items.iter().any(Self::has_template),
            NodeKind::Map(entries) => entries.iter().any(|(_, node)| node.has_template()),
            _ => false,
        }
    }

    /// The value as it stands, templates not rendered.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let value = match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Int(value) => Value::Int(*value),
            NodeKind::Float(value) => Value::Float(*value),
            NodeKind::Str(text) => Value::Str(text.clone()),
            NodeKind::List(items) => Value::List(items.iter().map(Self::to_value).collect()),
            NodeKind::Map(entries) => Value::Map(
                entries.iter().map(|(key, node)| (key.name.clone(), node.to_value())).collect(),
            ),
        };
        if self.secret { value.into_secret() } else { value }
    }

    /// The kind's name in messages: `text`, `list`, …
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "boolean",
            NodeKind::Int(_) => "integer",
            NodeKind::Float(_) => "number",
            NodeKind::Str(_) => "text",
            NodeKind::List(_) => "list",
            NodeKind::Map(_) => "mapping",
        }
    }
}

/// Never shows a secret.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.to_value(), f)
    }
}

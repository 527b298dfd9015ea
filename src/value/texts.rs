//! The texts in a value or tree: what must be known of a secret to find it elsewhere.

use super::{Node, NodeKind, Value};

impl Value {
    /// Hands over every text and number in it, secret or not; not the keys of mappings.
    pub fn each_leaf(&self, found: &mut dyn FnMut(&str)) {
        match self {
            Self::Str(text) => found(text),
            Self::Int(number) => found(&number.to_string()),
            Self::Float(number) => found(&number.to_string()),
            Self::Secret(inner) => inner.each_leaf(found),
            Self::List(items) => items.iter().for_each(|item| item.each_leaf(found)),
            Self::Map(map) => map.values().for_each(|value| value.each_leaf(found)),
            Self::Null | Self::Bool(_) | Self::Unknown(_) => {}
        }
    }

    /// As [`Value::each_leaf`], of what is not secret in it.
    pub fn each_open(&self, found: &mut dyn FnMut(&str)) {
        match self {
            Self::Secret(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.each_open(found)),
            Self::Map(map) => map.values().for_each(|value| value.each_open(found)),
            other => other.each_leaf(found),
        }
    }

    /// As [`Value::each_leaf`], of what is secret in it.
    pub fn each_secret(&self, found: &mut dyn FnMut(&str)) {
        match self {
            Self::Secret(inner) => inner.each_leaf(found),
            Self::List(items) => items.iter().for_each(|item| item.each_secret(found)),
            Self::Map(map) => map.values().for_each(|value| value.each_secret(found)),
            _ => {}
        }
    }
}

impl Node {
    /// Hands over every text and number in it as they are written, secret or not; not the keys of
    /// mappings.
    pub fn each_leaf(&self, found: &mut dyn FnMut(&str)) {
        match &self.kind {
            NodeKind::Str(text) => found(text),
            NodeKind::Int(number) => found(&number.to_string()),
            NodeKind::Float(number) => found(&number.to_string()),
            NodeKind::List(items) => items.iter().for_each(|item| item.each_leaf(found)),
            NodeKind::Map(entries) => entries.iter().for_each(|(_, node)| node.each_leaf(found)),
            NodeKind::Null | NodeKind::Bool(_) => {}
        }
    }

    /// As [`Node::each_leaf`], of what is secret in it.
    pub fn each_secret(&self, found: &mut dyn FnMut(&str)) {
        match &self.kind {
            _ if self.secret => self.each_leaf(found),
            NodeKind::List(items) => items.iter().for_each(|item| item.each_secret(found)),
            NodeKind::Map(entries) => entries.iter().for_each(|(_, node)| node.each_secret(found)),
            _ => {}
        }
    }
}

//! `argument_specs`: the types of a role's variables, as Ansible's roles declare them.

mod apply;
mod check;
mod convert;
mod read;

use crate::text::Span;
use crate::value::{Node, NodeKind};
use indexmap::IndexMap;

/// A role's specifications, by entry point: `main`, or another file of tasks.
#[derive(Debug, Clone, Default)]
pub struct ArgumentSpecs(pub IndexMap<String, ArgumentSpec>);

/// What one entry point takes.
#[derive(Debug, Clone)]
pub struct ArgumentSpec {
    /// One line about it.
    pub short_description: Option<String>,
    /// Its variables.
    pub options: IndexMap<String, Argument>,
}

/// One variable, or one member of a mapping.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Where it is declared.
    pub span: Span,
    /// What it is.
    pub description: Vec<String>,
    /// Its type; text where none is given.
    pub kind: ArgumentType,
    /// The type of a list's items.
    pub elements: Option<ArgumentType>,
    /// Whether it must be set.
    pub required: bool,
    /// What it is when not set: for documentation; `defaults/main.yml` is what sets it.
    pub default: Option<Node>,
    /// The only values it may have; any where empty.
    pub choices: Vec<Node>,
    /// Whether it is a secret.
    pub no_log: bool,
    /// The members of a mapping, or of each mapping in a list; any where empty.
    pub options: IndexMap<String, Argument>,
}

/// The types of Ansible's argument specifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentType {
    /// Text.
    Str,
    /// A whole number.
    Int,
    /// Any number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A list.
    List,
    /// A mapping.
    Dict,
    /// The path of a file.
    Path,
    /// Anything.
    Raw,
}

impl ArgumentType {
    /// Their names in Ansible.
    const NAMES: [(&'static str, Self); 8] = [
        ("str", Self::Str),
        ("int", Self::Int),
        ("float", Self::Float),
        ("bool", Self::Bool),
        ("list", Self::List),
        ("dict", Self::Dict),
        ("path", Self::Path),
        ("raw", Self::Raw),
    ];

    /// In words, as messages say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Str => "text",
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::Bool => "true or false",
            Self::List => "a list",
            Self::Dict => "a mapping",
            Self::Path => "a path",
            Self::Raw => "anything",
        }
    }

    /// A value of the type, as it is written.
    const fn example(self) -> &'static str {
        match self {
            Self::Str | Self::Raw => "text",
            Self::Int => "25",
            Self::Float => "0.5",
            Self::Bool => "true",
            Self::List => "[first, second]",
            Self::Dict => "{key: value}",
            Self::Path => "/etc/example.conf",
        }
    }

    /// Whether a value of this kind has the type.
    const fn fits(self, kind: &NodeKind) -> bool {
        match self {
            Self::Str | Self::Path => matches!(kind, NodeKind::Str(_)),
            Self::Int => matches!(kind, NodeKind::Int(_)),
            Self::Float => matches!(kind, NodeKind::Int(_) | NodeKind::Float(_)),
            Self::Bool => matches!(kind, NodeKind::Bool(_)),
            Self::List => matches!(kind, NodeKind::List(_)),
            Self::Dict => matches!(kind, NodeKind::Map(_)),
            Self::Raw => true,
        }
    }
}

#[cfg(test)]
mod tests;

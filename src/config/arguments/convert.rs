//! From the text that `-e` gives to the type that the role declares. Nothing else is converted.

use super::ArgumentType;
use crate::config::fields::boolean_meant;
use crate::config::yaml;
use crate::text::Span;
use crate::value::{Node, NodeKind};

impl ArgumentType {
    /// What a text means as this type; `None` where it means nothing. Lists are `a,b` or `[a, b]`,
    /// mappings `{a: b}`.
    pub(super) fn convert(
        self,
        text: &str,
        elements: Option<Self>,
        span: Span,
    ) -> Option<NodeKind> {
        Some(match self {
            Self::Str | Self::Path | Self::Raw => NodeKind::Str(text.to_owned()),
            Self::Int => NodeKind::Int(text.trim().parse().ok()?),
            Self::Float => {
                NodeKind::Float(text.trim().parse().ok().filter(|it: &f64| it.is_finite())?)
            }
            Self::Bool => NodeKind::Bool(boolean_meant(text.trim())?),
            Self::List if text.trim_start().starts_with('[') => collection(text, span)?,
            Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                let elements = elements.unwrap_or(Self::Str);
                let convert = |item| {
                    let kind = elements.convert(item, None, span)?;
                    Some(Node { kind, span, secret: false })
                };
                NodeKind::List(items.map(convert).collect::<Option<_>>()?)
            }
            Self::Dict => collection(text, span)?,
        })
    }
}

/// A list or mapping in YAML's flow form, every part of it at one place.
fn collection(text: &str, span: Span) -> Option<NodeKind> {
    let mut node = yaml::parse(span.source, text).ok()?;
    move_to(&mut node, span);
    matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_)).then_some(node.kind)
}

fn move_to(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(|item| move_to(item, span)),
        NodeKind::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
            key.span = span;
            move_to(node, span);
        }),
        _ => {}
    }
}

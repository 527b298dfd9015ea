//! Whether a value is what its declaration says.

use super::{Argument, ArgumentType};
use crate::config::fields::{found, not_boolean};
use crate::text::{Diagnostic, Span, nearest};
use crate::value::{Node, NodeKind, Value};
use indexmap::IndexMap;

impl Argument {
    /// What is wrong with a value; templates in it are passed over, they are no values yet.
    pub(super) fn check(&self, name: &str, node: &Node) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        self.check_into(name, node, &mut errors);
        if self.holds_secret() || node.secret {
            // The line would show the value, and a hint would guess at it.
            for error in &mut errors {
                *error = Diagnostic::new(std::mem::take(&mut error.message))
                    .at(self.span)
                    .label("declared here; what it was set to is secret")
                    .help(format!("`converge explain HOST {name}` says where it is set"));
            }
        }
        errors
    }

    /// What is wrong with a rendered value; `span` is where it was written. What is not known yet
    /// is passed over.
    #[must_use]
    pub fn check_rendered(&self, name: &str, value: &Value, span: Span) -> Vec<Diagnostic> {
        value_node(value, span).map_or_else(Vec::new, |node| self.check(name, &node))
    }

    /// What is wrong with a role's own value of it: that it can in no way be read as its type.
    pub fn check_own(&self, name: &str, node: &Node) -> Vec<Diagnostic> {
        let readable = match &node.kind {
            NodeKind::Str(text) => self.kind.convert(text, self.elements, node.span).is_some(),
            NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Bool(_) => {
                matches!(self.kind, ArgumentType::Str | ArgumentType::Path | ArgumentType::Bool)
            }
            _ => false,
        };
        if readable || self.kind.fits(&node.kind) || matches!(node.kind, NodeKind::Null) {
            return Vec::new();
        }
        self.check(name, node)
    }

    fn check_into(&self, name: &str, node: &Node, errors: &mut Vec<Diagnostic>) {
        if is_template(node) || matches!(node.kind, NodeKind::Null) && !self.required {
            return;
        }
        if !self.kind.fits(&node.kind) {
            errors.push(mistyped(self.kind, name, node));
            return;
        }
        match (&node.kind, self.elements) {
            (NodeKind::List(items), Some(elements)) => {
                for (at, item) in items.iter().enumerate() {
                    self.check_item(elements, &format!("{name}[{at}]"), item, errors);
                }
            }
            (NodeKind::List(_), None) => {}
            _ => self.check_choice(name, node, errors),
        }
        if let (NodeKind::Map(_), ArgumentType::Dict) = (&node.kind, self.kind) {
            check_members(&self.options, name, node, errors);
        }
    }

    fn check_item(
        &self,
        elements: ArgumentType,
        name: &str,
        item: &Node,
        errors: &mut Vec<Diagnostic>,
    ) {
        if is_template(item) {
            return;
        }
        if !elements.fits(&item.kind) {
            errors.push(mistyped(elements, name, item));
            return;
        }
        self.check_choice(name, item, errors);
        if elements == ArgumentType::Dict {
            check_members(&self.options, name, item, errors);
        }
    }

    fn check_choice(&self, name: &str, node: &Node, errors: &mut Vec<Diagnostic>) {
        if self.choices.is_empty() || self.choices.iter().any(|choice| choice.kind == node.kind) {
            return;
        }
        let choices: Vec<String> = self
            .choices
            .iter()
            .map(|choice| match choice.as_str() {
                Some(text) => text.to_owned(),
                None => format!("{choice:?}"),
            })
            .collect();
        let near = node.as_str().and_then(|text| nearest(text, choices.iter().map(String::as_str)));
        errors.push(
            Diagnostic::new(format!("`{name}` is not one of {}", choices.join(", ")))
                .at(node.span)
                .help(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("choose {}", choices.join(" or ")),
                }),
        );
    }
}

fn check_members(
    options: &IndexMap<String, Argument>,
    name: &str,
    node: &Node,
    errors: &mut Vec<Diagnostic>,
) {
    if options.is_empty() {
        return;
    }
    for (key, node) in node.entries() {
        match options.get(&key.name) {
            Some(argument) => errors.extend(argument.check(&format!("{name}.{}", key.name), node)),
            None => {
                let error = Diagnostic::new(format!("`{name}` has no member `{}`", key.name));
                let known: Vec<&str> = options.keys().map(String::as_str).collect();
                errors.push(error.at(key.span).help(
                    match nearest(&key.name, known.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("its members are {}", known.join(", ")),
                    },
                ));
            }
        }
    }
    for (member, _) in options.iter().filter(|(_, argument)| argument.required) {
        if node.get(member).is_none_or(|node| matches!(node.kind, NodeKind::Null)) {
            errors.push(
                Diagnostic::new(format!("`{name}` lacks its member `{member}`"))
                    .at(node.span)
                    .help(format!("add `{member}: …`")),
            );
        }
    }
}

fn mistyped(kind: ArgumentType, name: &str, node: &Node) -> Diagnostic {
    if kind == ArgumentType::Bool {
        return not_boolean(node, name);
    }
    let error =
        Diagnostic::new(format!("`{name}` is {}, not {}", kind.words(), found(node))).at(node.span);
    match (kind, &node.kind) {
        (
            ArgumentType::Str | ArgumentType::Path,
            NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Bool(_),
        ) => error.help("put it in quotes"),
        (ArgumentType::Int, NodeKind::Str(text)) if text.parse::<i64>().is_ok() => {
            error.help("take the quotes away")
        }
        (ArgumentType::Float, NodeKind::Str(text)) if text.parse::<f64>().is_ok() => {
            error.help("take the quotes away")
        }
        (ArgumentType::List, NodeKind::Str(_)) => error.help("write `- ITEM` for each, or [a, b]"),
        _ => error.help(format!("write {}, as in `{}`", kind.words(), kind.example())),
    }
}

/// Whether this text becomes a value only when it is rendered.
fn is_template(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Str(_)) && node.has_template()
}

/// A rendered value as if it had been written; `None` where any of it is unknown.
fn value_node(value: &Value, span: Span) -> Option<Node> {
    let item = |item: &Value| value_node(item, span);
    let kind = match value {
        Value::Null => NodeKind::Null,
        Value::Bool(value) => NodeKind::Bool(*value),
        Value::Int(value) => NodeKind::Int(*value),
        Value::Float(value) => NodeKind::Float(*value),
        Value::Str(text) => NodeKind::Str(text.clone()),
        Value::List(items) => NodeKind::List(items.iter().map(item).collect::<Option<_>>()?),
        Value::Map(map) => {
            let entry = |(name, value): (&String, &Value)| {
                let key = crate::value::Key { name: name.clone(), span };
                Some((key, value_node(value, span)?))
            };
            NodeKind::Map(map.iter().map(entry).collect::<Option<_>>()?)
        }
        Value::Secret(inner) => {
            return value_node(inner, span).map(|node| Node { secret: true, ..node });
        }
        Value::Unknown(_) => return None,
    };
    Some(Node { kind, span, secret: false })
}

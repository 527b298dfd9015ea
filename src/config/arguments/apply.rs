//! A role's declarations put to work on a host's variables.

use super::{Argument, ArgumentSpec};
use crate::config::secret::mark_secret;
use crate::config::variables::{Layer, LayerKind, Layers};
use crate::text::{Diagnostic, nearest};
use crate::value::{Node, NodeKind};
use std::sync::Arc;

impl ArgumentSpec {
    /// Marks secret variables, gives what `-e` set as text its type, and says everything that is
    /// wrong. `comes_later` names what the run itself may set (facts, `register`, `set_fact`):
    /// that is not missed.
    pub fn apply(
        &self,
        role: &str,
        layers: &mut Layers,
        comes_later: impl Fn(&str) -> bool,
    ) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        for (name, argument) in &self.options {
            for layer in layers.all_mut(name) {
                argument.settle(name, layer, &mut errors);
            }
            match layers.get(name) {
                Some(layer) if !matches!(layer.node.kind, NodeKind::Null) => {
                    errors.extend(argument.check(name, &layer.node));
                }
                _ if argument.required && !comes_later(name) => {
                    let others = layers.names().filter(|set| !self.options.contains_key(*set));
                    errors.push(missing(role, name, argument, nearest(name, others)));
                }
                _ => {}
            }
        }
        errors
    }
}

impl Argument {
    /// Whether it, or a member of it, is a secret.
    pub(super) fn holds_secret(&self) -> bool {
        self.no_log || self.options.values().any(Self::holds_secret)
    }

    /// Marks what is secret of a value.
    fn mark(&self, node: &mut Node) {
        if self.no_log {
            return mark_secret(node);
        }
        match &mut node.kind {
            NodeKind::List(items) => items.iter_mut().for_each(|item| self.mark(item)),
            NodeKind::Map(entries) => {
                for (key, member) in entries {
                    if let Some(argument) = self.options.get(&key.name) {
                        argument.mark(member);
                    }
                }
            }
            _ => {}
        }
    }

    fn settle(&self, name: &str, layer: &mut Layer, errors: &mut Vec<Diagnostic>) {
        if self.no_log && layer.kind == LayerKind::Extra {
            errors.push(
                Diagnostic::new(format!("secret `{name}` may not come from the command line"))
                    .at(self.span)
                    .label("declared secret here")
                    .note("every process of this machine can read command lines")
                    .help("put it into a file: -e @FILE, or a vaulted file in group_vars/"),
            );
        }
        if self.holds_secret() {
            self.mark(Arc::make_mut(&mut layer.node));
        }
        if layer.kind != LayerKind::Extra || layer.node.has_template() {
            return;
        }
        let NodeKind::Str(text) = &layer.node.kind else { return };
        let span = layer.node.span;
        // What cannot be converted is said by the check that follows.
        if let Some(kind) = self.kind.convert(text, self.elements, span) {
            layer.node = Arc::new(Node { kind, span, secret: layer.node.secret });
        }
    }
}

fn missing(role: &str, name: &str, argument: &Argument, near: Option<&str>) -> Diagnostic {
    let words = argument.kind.words();
    let error = Diagnostic::new(format!("role `{role}` needs the variable `{name}`"))
        .at(argument.span)
        .label(format!("required here: {words}"));
    if let Some(near) = near {
        error.help(format!("`{near}` is set: is it meant to be this one?"))
    } else if argument.no_log {
        error.help("set it in a vaulted file in group_vars/ or host_vars/")
    } else {
        error.help("set it in group_vars/ or host_vars/, or with -e")
    }
}

//! Who does a task: `delegate_to`, `delegate_facts`, `local_action`.

use super::Typing;
use crate::engine::task::{Body, Keywords, Task};
use crate::text::{Diagnostic, Lack};
use crate::value::{Key, Node, NodeKind};

/// What the controller itself is called as a delegate.
const CONTROLLER: &str = "localhost";

impl Typing<'_> {
    /// Settles who does a task. What only works with a host's variables (`debug`, `assert`, `set_fact`)
    /// the host does itself, as in Ansible; what is in a block the block's delegate does.
    pub(super) fn delegation(&mut self, keywords: &mut Keywords, key: &Key, body: &mut Body) {
        let facts = std::mem::take(&mut keywords.delegate_facts);
        let Some(delegate) = keywords.delegate_to.take() else { return };
        match body {
            Body::Block { block, rescue, always } => {
                for list in [block, rescue, always] {
                    hand_down(list, &delegate, facts);
                }
            }
            Body::IncludeRole { .. } | Body::IncludeTasks { .. } => self.error(
                Diagnostic::new(format!("`{}` cannot be delegated as a whole", key.name))
                    .lacks(Lack::Keyword("delegate_to".to_owned()))
                    .at(delegate.span)
                    .help("write `delegate_to` at its tasks, or at a block around them"),
            ),
            Body::FlushHandlers | Body::EndHost => self.error(
                Diagnostic::new(format!("`{}` cannot be delegated", key.name)).at(delegate.span),
            ),
            _ => give(keywords, body, &delegate, facts),
        }
    }

    /// `local_action` as the resource that it names, delegated to the controller.
    pub(super) fn local_action(&mut self, entries: &[(Key, Node)]) -> Option<Vec<(Key, Node)>> {
        let (key, node) = entries.iter().find(|(key, _)| key.name == "local_action")?;
        let (name, params) = match &node.kind {
            NodeKind::Str(text) => {
                let text = text.trim();
                let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                let kind = match rest.trim() {
                    "" => NodeKind::Null,
                    rest => NodeKind::Str(rest.to_owned()),
                };
                (name.to_owned(), Node { kind, ..node.clone() })
            }
            NodeKind::Map(params) => {
                let module = params.iter().find(|(key, _)| key.name == "module");
                let name = module.and_then(|(_, node)| node.as_str()).unwrap_or_default();
                let others = params.iter().filter(|(key, _)| key.name != "module").cloned();
                (name.to_owned(), Node { kind: NodeKind::Map(others.collect()), ..node.clone() })
            }
            _ => (String::new(), node.clone()),
        };
        if name.is_empty() {
            self.error(
                Diagnostic::new("`local_action` names no resource")
                    .at(node.span)
                    .help("as in `local_action: {module: command, cmd: date}`"),
            );
        }
        let others = entries.iter().filter(|(key, _)| key.name != "local_action").cloned();
        let delegate = Node { kind: NodeKind::Str(CONTROLLER.to_owned()), ..node.clone() };
        let named = |name: &str| Key { name: name.to_owned(), span: key.span };
        let added = [(named(&name), params), (named("delegate_to"), delegate)];
        Some(others.chain(added).collect())
    }
}

/// Gives a block's tasks its delegate, but for those that have one of their own.
fn hand_down(tasks: &mut [Task], delegate: &Node, facts: bool) {
    for task in tasks {
        if task.keywords.is_done_elsewhere() {
            continue;
        }
        match &mut task.body {
            Body::Block { block, rescue, always } => {
                for list in [block, rescue, always] {
                    hand_down(list, delegate, facts);
                }
            }
            body => give(&mut task.keywords, body, delegate, facts),
        }
    }
}

fn give(keywords: &mut Keywords, body: &Body, delegate: &Node, facts: bool) {
    match body {
        // It needs no root, no lock and no memory: the controller's process does it itself.
        Body::Resource { kind, .. }
            if delegate.as_str() == Some(CONTROLLER)
                && crate::resource::find(kind).is_some_and(|kind| kind.delegable) =>
        {
            keywords.delegated = true;
        }
        Body::Resource { .. } => keywords.delegate_to = Some(delegate.clone()),
        Body::SetFact(_) if facts => {
            keywords.delegate_to = Some(delegate.clone());
            keywords.delegate_facts = true;
        }
        _ => {}
    }
}

//! A task: the one key that says what it does, beside its keywords.

use super::{Typing, control, keywords, refused};
use crate::engine::task::{Body, Task};
use crate::text::{Diagnostic, Lack, nearest, with_article};
use crate::value::{Key, Node, NodeKind};

impl Typing<'_> {
    /// A list of tasks; an empty document is an empty list.
    pub(super) fn list(&mut self, node: &Node) -> Vec<Task> {
        match &node.kind {
            NodeKind::Null => Vec::new(),
            NodeKind::List(items) => items.iter().filter_map(|item| self.task(item)).collect(),
            _ => {
                self.error(
                    Diagnostic::new(format!(
                        "a list of tasks, not {}",
                        with_article(node.kind_name())
                    ))
                    .at(node.span)
                    .help("write each task as `- name: …`"),
                );
                Vec::new()
            }
        }
    }

    /// A task, even where something is wrong with it: what it names is looked at all the same.
    fn task(&mut self, node: &Node) -> Option<Task> {
        let NodeKind::Map(entries) = &node.kind else {
            self.error(
                Diagnostic::new(format!(
                    "a task is a mapping, not {}",
                    with_article(node.kind_name())
                ))
                .at(node.span)
                .help("name a resource and what it takes, as in `- command: COMMAND`"),
            );
            return None;
        };
        let before = self.errors.len();
        let local = self.local_action(entries);
        let entries = local.as_deref().unwrap_or(entries);
        let mut keywords = self.keywords(entries);
        let (key, params) = self.action(node, entries, before)?;
        let mut body = self.body(key, params, entries);
        self.delegation(&mut keywords, key, &mut body);
        self.misplaced(key, &body, entries);
        self.observation(&keywords, &body, entries);
        self.other_user(&keywords, &body);
        let name = entries.iter().find(|(key, _)| key.name == "name").map(|(_, name)| name.clone());
        let name = name.unwrap_or_else(|| Node {
            kind: NodeKind::Str(key.name.trim_start_matches("ansible.builtin.").to_owned()),
            span: key.span,
            secret: false,
        });
        let id = self.id(name.as_str().unwrap_or("?"));
        Some(Task { id, role: self.role.to_owned(), name, span: key.span, body, keywords })
    }

    /// The entry that says what the task does: the one that is no keyword.
    fn action<'n>(
        &mut self,
        node: &Node,
        entries: &'n [(Key, Node)],
        before: usize,
    ) -> Option<(&'n Key, &'n Node)> {
        let others = entries.iter().filter(|(key, _)| {
            !keywords::is_keyword(&key.name) && keywords::refusal(&key.name).is_none()
        });
        let (known, unknown): (Vec<_>, Vec<_>) = others.partition(|(key, _)| is_action(&key.name));
        for (key, _) in &unknown {
            let lack = if known.is_empty() { Lack::Resource } else { Lack::Keyword };
            self.error(unknown_key(key).lacks(lack(key.name.clone())));
        }
        if let [(first, _), (second, _), ..] = known.as_slice() {
            let (first, name) = (&first.name, &second.name);
            self.error(
                Diagnostic::new(format!("a task does one thing: `{first}` and `{name}` are two"))
                    .at(second.span)
                    .help("write two tasks"),
            );
        }
        let found = known.first().or(unknown.first());
        if found.is_none() && self.errors.len() == before {
            self.error(
                Diagnostic::new("this task does nothing: it names no resource")
                    .at(node.span)
                    .help("add one, such as `file:` or `package:`  (converge doc)"),
            );
        }
        found.map(|(key, params)| (key, params))
    }

    fn body(&mut self, key: &Key, params: &Node, entries: &[(Key, Node)]) -> Body {
        if control::is_control(&key.name) {
            return self.control(key, params, entries).unwrap_or_else(|| wrong(key, params));
        }
        let Some(kind) = crate::resource::find(&key.name) else { return wrong(key, params) };
        let args = entries.iter().find(|(key, _)| key.name == "args").map(|(_, args)| args);
        let params = self.params(kind, key, params, args);
        Body::Resource { kind: kind.name.to_owned(), params }
    }
}

fn is_action(name: &str) -> bool {
    control::is_control(name) || crate::resource::find(name).is_some()
}

/// What stands for a task whose error was told; no role with one is ever run.
fn wrong(key: &Key, params: &Node) -> Body {
    Body::Resource { kind: key.name.clone(), params: params.clone() }
}

fn unknown_key(key: &Key) -> Diagnostic {
    if let Some(instead) = refused::instead(&key.name) {
        return Diagnostic::new(format!("there is no resource `{}`", key.name))
            .at(key.span)
            .help(instead);
    }
    let known = keywords::names().chain(control::names()).chain(
        crate::resource::kinds()
            .iter()
            .flat_map(|kind| std::iter::once(kind.name).chain(kind.aliases.iter().copied())),
    );
    let known: Vec<&str> = known.collect();
    let diagnostic =
        Diagnostic::new(format!("no resource or keyword is called `{}`", key.name)).at(key.span);
    match nearest(refused::bare(&key.name), known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("`converge doc` lists the resources"),
    }
}

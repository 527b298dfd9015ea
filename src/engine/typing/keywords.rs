//! The keywords around a task.

use super::Typing;
use crate::config::refuse_boolean_words;
use crate::engine::task::{Keywords, LoopControl, RunOnce};
use crate::text::{Diagnostic, Lack, nearest, with_article};
use crate::value::{Key, Node, NodeKind};

const KEYWORDS: &[&str] = &[
    "name",
    "when",
    "loop",
    "with_dict",
    "with_items",
    "with_list",
    "loop_control",
    "register",
    "notify",
    "listen",
    "tags",
    "vars",
    "environment",
    "run_once",
    "id",
    "changed_when",
    "check_mode",
    "failed_when",
    "ignore_errors",
    "retries",
    "until",
    "delay",
    "timeout",
    "no_log",
    "delegate_to",
    "delegate_facts",
    "local_action",
    "args",
    "become",
    "become_user",
    "rescue",
    "always",
];

/// Keywords of Ansible's that are refused by name, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("become_method", "the agent runs as root; leave it out"),
    ("become_flags", "the agent runs as root; leave it out"),
    ("async", "hosts run side by side already; use `timeout` to bound a task"),
    ("poll", "hosts run side by side already; use `timeout` to bound a task"),
    ("diff", "use `--diff` on the command line"),
    ("throttle", "use `--forks` on the command line"),
    ("any_errors_fatal", "leave it out"),
    ("ignore_unreachable", "leave it out"),
    ("collections", "name the resource in full"),
    ("module_defaults", "write the parameters in the task, or in a variable"),
    ("connection", "set `ansible_connection` in the inventory"),
    ("remote_user", "set `ansible_user` in the inventory"),
    ("port", "set `ansible_port` in the inventory"),
    ("debugger", "use `-vvv`"),
    ("with_fileglob", "list the files in `loop:`"),
    ("with_first_found", "use `include_tasks` with a variable"),
    ("with_together", "use `loop: \"{{ a | zip(b) | list }}\"`"),
    ("with_nested", "use `loop:` over a combined list"),
    ("with_subelements", "use `loop:` over a flattened list"),
    ("with_sequence", "use `loop: \"{{ range(1, 5) | list }}\"`"),
    ("with_indexed_items", "use `loop_control: {index_var: NAME}`"),
    ("with_random_choice", "a role has no randomness: a dry run could not foretell it"),
];

/// The keywords that stand beside a resource in a task.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().copied()
}

/// A value that a keyword takes.
fn example(keyword: &str) -> &'static str {
    match keyword {
        "retries" | "delay" | "timeout" => "5",
        "environment" => "{LANG: C.UTF-8}",
        "vars" => "{port: 25}",
        "when" | "until" | "changed_when" | "failed_when" => "result.rc == 0",
        "loop" => "[first, second]",
        "loop_control" => "{loop_var: each}",
        "register" => "result",
        "notify" | "listen" => "restart postfix",
        "tags" => "[mail]",
        "become_user" => "postfix",
        "check_mode" => "false",
        "id" => "the-first-mail",
        "delegate_to" => "lb1",
        _ => "true",
    }
}

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// What to do instead of a keyword that is not there.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, instead)| *instead)
}

impl Typing<'_> {
    pub(super) fn keywords(&mut self, entries: &[(Key, Node)]) -> Keywords {
        let mut keywords = Keywords::default();
        for (key, node) in entries {
            if let Some(instead) = refusal(&key.name) {
                self.error(
                    Diagnostic::new(format!("`{}` is not supported", key.name))
                        .lacks(Lack::Keyword(key.name.clone()))
                        .at(key.span)
                        .help(instead),
                );
                continue;
            }
            self.keyword(&mut keywords, key, node);
        }
        self.once_needs_an_id(&keywords, entries);
        keywords
    }

    /// What is remembered for good must not hinge on a task's name.
    fn once_needs_an_id(&mut self, keywords: &Keywords, entries: &[(Key, Node)]) {
        let key = entries.iter().map(|(key, _)| key).find(|key| key.name == "run_once");
        if let (Some(RunOnce::Ever), None, Some(key)) = (keywords.run_once, &keywords.once_id, key)
        {
            self.error(
                Diagnostic::new("`run_once: ever` needs an `id`")
                    .at(key.span)
                    .help("add `id: SOME-NAME` and keep it: under it the host remembers"),
            );
        }
    }

    fn keyword(&mut self, keywords: &mut Keywords, key: &Key, node: &Node) {
        if matches!(key.name.as_str(), "vars" | "loop" | "with_dict" | "with_items" | "with_list") {
            refuse_boolean_words(node, &mut self.errors);
        }
        match key.name.as_str() {
            "when" => keywords.when = self.conditions(key, node),
            "changed_when" => keywords.changed_when = self.conditions(key, node),
            "failed_when" => keywords.failed_when = self.conditions(key, node),
            "until" => keywords.until = self.conditions(key, node),
            "loop" => keywords.loop_over = self.loop_over(key, node),
            "with_dict" | "with_items" | "with_list" => older_loop(keywords, key, node),
            "loop_control" => keywords.loop_control = self.loop_control(node),
            "register" => keywords.register = self.variable_name(key, node),
            "notify" => keywords.notify = self.texts(key, node),
            "listen" => keywords.listen = self.plain_texts(key, node),
            "tags" => keywords.tags = self.plain_texts(key, node),
            "vars" => match &node.kind {
                NodeKind::Map(entries) => keywords.vars = entries.clone(),
                NodeKind::Null => {}
                _ => self.wrong_type(key, node, "a mapping of variables"),
            },
            "environment" => match &node.kind {
                NodeKind::Map(_) | NodeKind::Str(_) => keywords.environment = Some(node.clone()),
                _ => self.wrong_type(key, node, "a mapping"),
            },
            "run_once" => keywords.run_once = self.run_once(key, node),
            "id" => keywords.once_id = self.plain_texts(key, node).pop(),
            "become" => self.become_root(key, node),
            "become_user" => keywords.become_user = self.become_user(key, node),
            "check_mode" => keywords.observes = self.check_mode(key, node),
            "delegate_to" => keywords.delegate_to = self.texts(key, node).pop(),
            "delegate_facts" => {
                let facts = self.boolean(key, node).map(|node| node.kind);
                keywords.delegate_facts = facts == Some(NodeKind::Bool(true));
            }
            "ignore_errors" => keywords.ignore_errors = self.boolean(key, node),
            "no_log" => keywords.no_log = self.boolean(key, node),
            "retries" => keywords.retries = self.number(key, node),
            "delay" => keywords.delay = self.number(key, node),
            "timeout" => keywords.timeout = self.number(key, node),
            _ => {}
        }
    }

    /// The agent runs as root, so that `become: true` asks for what is so.
    fn become_root(&mut self, key: &Key, node: &Node) {
        match self.boolean(key, node).map(|node| node.kind) {
            Some(NodeKind::Bool(true)) | None => {}
            Some(_) => self.error(
                Diagnostic::new("`become` can only be `true`")
                    .lacks(Lack::Keyword(key.name.clone()))
                    .at(node.span)
                    .help("the agent runs as root; leave it out"),
            ),
        }
    }

    /// As whom a command runs; root is who runs it anyway.
    fn become_user(&mut self, key: &Key, node: &Node) -> Option<Node> {
        match node.as_str() {
            Some("root") => None,
            Some(_) => Some(node.clone()),
            None => {
                self.wrong_type(key, node, "a user's name");
                None
            }
        }
    }

    /// `false` marks an observation, which is made in a dry run too.
    fn check_mode(&mut self, key: &Key, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Bool(false) => return true,
            NodeKind::Bool(true) => self.error(
                Diagnostic::new("a task with `check_mode: true` would never be applied")
                    .at(node.span)
                    .help("leave it out: a dry run is asked for with `converge --check`"),
            ),
            NodeKind::Str(text) if matches!(text.as_str(), "no" | "off") => {
                self.boolean(key, node);
            }
            _ => self.wrong_type(key, node, "`false`, written out"),
        }
        false
    }

    fn wrong_type(&mut self, key: &Key, node: &Node, wanted: &str) {
        self.error(
            Diagnostic::new(format!(
                "`{}` takes {wanted}, not {}",
                key.name,
                with_article(node.kind_name())
            ))
            .at(node.span)
            .help(format!("as in `{}: {}`", key.name, example(&key.name))),
        );
    }

    /// A boolean, an expression, or a list of them.
    fn conditions(&mut self, key: &Key, node: &Node) -> Vec<Node> {
        match &node.kind {
            NodeKind::List(items) => {
                items.iter().flat_map(|item| self.conditions(key, item)).collect()
            }
            NodeKind::Str(text) if text.contains("{{") || text.contains("{%") => {
                self.error(
                    Diagnostic::new(format!("`{}` is an expression already", key.name))
                        .at(node.span)
                        .help("write it without `{{ }}`"),
                );
                Vec::new()
            }
            NodeKind::Str(_) | NodeKind::Bool(_) => vec![node.clone()],
            _ => {
                self.wrong_type(key, node, "an expression");
                Vec::new()
            }
        }
    }

    fn loop_over(&mut self, key: &Key, node: &Node) -> Option<Node> {
        let is_template = node.as_str().is_some_and(|_| node.has_template());
        if matches!(node.kind, NodeKind::List(_)) || is_template {
            return Some(node.clone());
        }
        self.wrong_type(key, node, "a list or one `{{ expression }}` that gives a list");
        None
    }

    fn loop_control(&mut self, node: &Node) -> Option<LoopControl> {
        let NodeKind::Map(entries) = &node.kind else {
            self.error(
                Diagnostic::new(format!(
                    "`loop_control` takes a mapping, not {}",
                    with_article(node.kind_name())
                ))
                .at(node.span),
            );
            return None;
        };
        let mut control = LoopControl::default();
        for (key, value) in entries {
            match key.name.as_str() {
                "loop_var" => control.loop_var = self.variable_name(key, value),
                "index_var" => control.index_var = self.variable_name(key, value),
                "label" => control.label = Some(value.clone()),
                "pause" => control.pause = self.number(key, value),
                other => {
                    let known = ["loop_var", "index_var", "label", "pause"];
                    let mut diagnostic =
                        Diagnostic::new(format!("`loop_control` has no `{other}`")).at(key.span);
                    diagnostic = match nearest(other, known) {
                        _ if other.starts_with("extended") => {
                            diagnostic.help("use `index_var`, and the list itself")
                        }
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                        None => diagnostic,
                    };
                    self.error(diagnostic);
                }
            }
        }
        Some(control)
    }

    fn variable_name(&mut self, key: &Key, node: &Node) -> Option<String> {
        match node.as_str() {
            Some(text) if is_variable_name(text) => Some(text.to_owned()),
            _ => {
                self.error(
                    Diagnostic::new(format!("`{}` takes a variable's name", key.name))
                        .at(node.span)
                        .help("letters, digits and `_`, not starting with a digit"),
                );
                None
            }
        }
    }

    fn run_once(&mut self, key: &Key, node: &Node) -> Option<RunOnce> {
        match &node.kind {
            NodeKind::Bool(true) => Some(RunOnce::Run),
            NodeKind::Bool(false) => None,
            NodeKind::Str(text) => match text.as_str() {
                "host" => Some(RunOnce::Host),
                "ever" => Some(RunOnce::Ever),
                "until_changed" => Some(RunOnce::UntilChanged),
                _ => {
                    self.wrong_type(key, node, "`true`, `host`, `ever` or `until_changed`");
                    None
                }
            },
            _ => {
                self.wrong_type(key, node, "`true`, `host`, `ever` or `until_changed`");
                None
            }
        }
    }

    /// One text or a list of them, perhaps with templates.
    fn texts(&mut self, key: &Key, node: &Node) -> Vec<Node> {
        match &node.kind {
            NodeKind::List(items) => items.iter().flat_map(|item| self.texts(key, item)).collect(),
            NodeKind::Str(_) => vec![node.clone()],
            NodeKind::Null => Vec::new(),
            _ => {
                self.wrong_type(key, node, "text or a list of texts");
                Vec::new()
            }
        }
    }

    fn plain_texts(&mut self, key: &Key, node: &Node) -> Vec<String> {
        let texts = self.texts(key, node);
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(|part| part.trim().to_owned()).collect()
        };
        match key.name.as_str() {
            "tags" => texts.iter().filter_map(Node::as_str).flat_map(split).collect(),
            _ => texts.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        }
    }

    fn boolean(&mut self, key: &Key, node: &Node) -> Option<Node> {
        match &node.kind {
            NodeKind::Bool(_) => Some(node.clone()),
            NodeKind::Str(_) if node.has_template() => Some(node.clone()),
            NodeKind::Str(text) if matches!(text.as_str(), "yes" | "no" | "on" | "off") => {
                let plain = if matches!(text.as_str(), "yes" | "on") { "true" } else { "false" };
                self.error(
                    Diagnostic::new(format!("`{}` takes true or false", key.name))
                        .at(node.span)
                        .help(format!("write `{plain}`: `{text}` is text in YAML 1.2")),
                );
                None
            }
            _ => {
                self.wrong_type(key, node, "true or false");
                None
            }
        }
    }

    fn number(&mut self, key: &Key, node: &Node) -> Option<Node> {
        let is_template = node.as_str().is_some_and(|_| node.has_template());
        if matches!(node.kind, NodeKind::Int(_) | NodeKind::Float(_)) || is_template {
            return Some(node.clone());
        }
        self.wrong_type(key, node, "a number");
        None
    }
}

/// Whether a variable can be called so.
pub(super) fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The loops that `loop` has replaced.
fn older_loop(keywords: &mut Keywords, key: &Key, node: &Node) {
    let (span, secret) = (node.span, node.secret);
    let list = |kind| Node { kind, span, secret };
    keywords.loop_over = Some(match (key.name.as_str(), &node.kind) {
        ("with_dict", NodeKind::Map(entries)) => {
            let item = |(key, value): &(Key, Node)| {
                let name = Node { kind: NodeKind::Str(key.name.clone()), span: key.span, secret };
                let part = |part: &str, node| (Key { name: part.into(), span: key.span }, node);
                list(NodeKind::Map(vec![part("key", name), part("value", value.clone())]))
            };
            list(NodeKind::List(entries.iter().map(item).collect()))
        }
        ("with_dict", NodeKind::Str(text)) => {
            let inner = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
            let inner = inner.unwrap_or(text).trim();
            list(NodeKind::Str(format!("{{{{ ({inner}) | dict2items }}}}")))
        }
        _ => node.clone(),
    });
    keywords.loop_flat = key.name == "with_items";
}

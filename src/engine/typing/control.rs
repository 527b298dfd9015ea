//! Tasks that steer the loop instead of declaring a resource.

use super::Typing;
use super::keywords::is_variable_name;
use crate::config::refuse_boolean_words;
use crate::engine::task::{Body, Keywords};
use crate::resource::{self, Kind, Nature, Steer};
use crate::text::{Diagnostic, Lack, nearest, with_article};
use crate::value::{Key, Node, NodeKind};

/// What holds tasks together. What else steers the run is a kind.
const STRUCTURE: &[&str] =
    &["block", "include_role", "import_role", "include_tasks", "import_tasks"];

/// What `apply` takes of an include: what it hands on.
const APPLIED: &[&str] =
    &["tags", "when", "vars", "environment", "ignore_errors", "no_log", "become"];

/// What `meta` takes.
const ORDERS: &[&str] = &["flush_handlers", "end_host", "noop"];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    STRUCTURE.iter().copied()
}

pub(super) fn is_control(name: &str) -> bool {
    STRUCTURE.contains(&short(name)) || steer(name).is_some()
}

/// What a task of a kind that steers the run asks for.
fn steer(name: &str) -> Option<(&'static Kind, Steer)> {
    let kind = resource::find(name)?;
    match kind.nature {
        Nature::Steer(steer) => Some((kind, steer)),
        _ => None,
    }
}

fn short(name: &str) -> &str {
    let legacy = name.strip_prefix("ansible.legacy.");
    name.strip_prefix("ansible.builtin.").or(legacy).unwrap_or(name)
}

impl Typing<'_> {
    pub(super) fn control(
        &mut self,
        key: &Key,
        node: &Node,
        entries: &[(Key, Node)],
    ) -> Option<Body> {
        match short(&key.name) {
            "block" => {
                let mut part = |name: &str| {
                    let list = entries.iter().find(|(key, _)| key.name == name);
                    list.map(|(_, list)| self.list(list)).unwrap_or_default()
                };
                Some(Body::Block {
                    block: part("block"),
                    rescue: part("rescue"),
                    always: part("always"),
                })
            }
            name @ ("include_role" | "import_role") => self.role(key, node, name == "import_role"),
            name @ ("include_tasks" | "import_tasks") => {
                self.tasks(key, node, name == "import_tasks")
            }
            name => self.steer(name, key, node),
        }
    }

    fn steer(&mut self, name: &str, key: &Key, node: &Node) -> Option<Body> {
        let (kind, steer) = steer(name)?;
        let takes: Vec<&str> = kind.parameters().names().collect();
        match steer {
            Steer::SetFacts => {
                self.known_members(key, node, None)?;
                self.fact_names(node);
                refuse_boolean_words(node, &mut self.errors);
                Some(Body::SetFact(node.clone()))
            }
            Steer::Assert => {
                self.known_members(key, node, Some(&takes))?;
                let that = node.get("that").map(|that| self.expressions(that))?;
                if that.is_empty() {
                    let error = Diagnostic::new("`assert` needs `that`").at(key.span);
                    self.error(error.help("converge doc assert"));
                    return None;
                }
                let fail_msg = node.get("fail_msg").or_else(|| node.get("msg")).cloned();
                Some(Body::Assert { that, fail_msg })
            }
            Steer::Fail => {
                self.known_members(key, node, Some(&takes))?;
                Some(Body::Fail(node.get("msg").cloned()))
            }
            Steer::Say => {
                self.known_members(key, node, Some(&takes))?;
                self.message(key, node)
            }
            Steer::Order => self.order(key, node),
        }
    }

    /// The names that a task sets are known before any host is touched.
    fn fact_names(&mut self, node: &Node) {
        for (key, _) in node.entries() {
            if is_variable_name(&key.name) {
                continue;
            }
            let error = Diagnostic::new("the name that `set_fact` sets must be written out");
            let help = if key.name.contains("run_once") {
                "leave the task out: `run_once_ROLE` is set when a role has succeeded"
            } else {
                "letters, digits and `_`, not starting with a digit"
            };
            self.error(error.at(key.span).help(help));
        }
    }

    fn message(&mut self, key: &Key, node: &Node) -> Option<Body> {
        if let Some(var) = node.get("var") {
            let text = var.as_str().map(|name| format!("{name}: {{{{ {name} }}}}"));
            let kind = NodeKind::Str(text.unwrap_or_default());
            return Some(Body::Debug(Node { kind, span: var.span, secret: false }));
        }
        let Some(msg) = node.get("msg") else {
            let error = Diagnostic::new("`debug` needs `msg` or `var`").at(key.span);
            self.error(error.help("converge doc debug"));
            return None;
        };
        Some(Body::Debug(msg.clone()))
    }

    fn order(&mut self, key: &Key, node: &Node) -> Option<Body> {
        match node.as_str() {
            Some("flush_handlers") => Some(Body::FlushHandlers),
            Some("end_host") => Some(Body::EndHost),
            Some("end_play") => {
                self.error(
                    Diagnostic::new("`meta: end_play` would end the run of every host")
                        .lacks(Lack::Keyword("meta: end_play".to_owned()))
                        .at(node.span)
                        .help("hosts do not wait for each other: write `end_host`, which each that comes to it ends with"),
                );
                None
            }
            Some("noop") => Some(Body::Debug(node.clone())),
            _ => {
                let text = node.as_str();
                let near = text.and_then(|text| nearest(text, ORDERS.iter().copied()));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write `meta: flush_handlers`  (converge doc meta)".to_owned(),
                };
                self.error(
                    Diagnostic::new("`meta` takes `flush_handlers`, `end_host` or `noop`")
                        .at(if text.is_some() { node.span } else { key.span })
                        .help(help),
                );
                None
            }
        }
    }

    fn role(&mut self, key: &Key, node: &Node, import: bool) -> Option<Body> {
        self.known_members(key, node, Some(&["name", "tasks_from", "public", "apply"]))?;
        let Some(name) = node.get("name") else {
            let error = Diagnostic::new(format!("`{}` needs `name`", key.name)).at(key.span);
            self.error(error.help(format!("write `{}: {{name: ROLE}}`", key.name)));
            return None;
        };
        let role = self.plain(name, "a role's name")?;
        let file = match node.get("tasks_from") {
            Some(from) => self.plain(from, "a file's name")?,
            None => "main".to_owned(),
        };
        let apply = self.applied(key, node, import)?;
        Some(Body::IncludeRole { role, file: with_suffix(&file), import, apply })
    }

    fn tasks(&mut self, key: &Key, node: &Node, import: bool) -> Option<Body> {
        let file = match &node.kind {
            NodeKind::Str(_) => node,
            NodeKind::Map(_) => {
                self.known_members(key, node, Some(&["file", "apply"]))?;
                node.get("file")?
            }
            _ => {
                self.error(
                    Diagnostic::new(format!("`{}` takes a file's name", key.name))
                        .at(node.span)
                        .help(format!("write `{}: FILE.yml`, of the role's tasks/", key.name)),
                );
                return None;
            }
        };
        if import {
            self.plain(file, "a file's name")?;
        }
        let apply = self.applied(key, node, import)?;
        Some(Body::IncludeTasks { file: file.clone(), import, apply })
    }

    /// `apply:`, the keywords that an include puts around what it includes.
    fn applied(&mut self, key: &Key, node: &Node, import: bool) -> Option<Box<Keywords>> {
        let apply = match &node.kind {
            NodeKind::Map(entries) => entries.iter().find(|(key, _)| key.name == "apply"),
            _ => None,
        };
        let Some((apply, keywords)) = apply else { return Some(Box::default()) };
        if import {
            self.error(
                Diagnostic::new(format!("`{}` takes no `apply`", key.name))
                    .at(apply.span)
                    .help("what is imported has the keywords of its import: write them there"),
            );
            return None;
        }
        self.known_members(apply, keywords, Some(APPLIED))?;
        Some(Box::new(self.keywords(keywords.entries())))
    }

    /// Text that must be known before any host is touched.
    fn plain(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.as_str() {
            Some(text) if !node.has_template() => Some(text.to_owned()),
            _ => {
                self.error(
                    Diagnostic::new(format!("{what} must be plain text here"))
                        .at(node.span)
                        .help("what a host can reach is decided before it is touched; use `when` to choose"),
                );
                None
            }
        }
    }

    fn expressions(&mut self, node: &Node) -> Vec<Node> {
        match &node.kind {
            NodeKind::List(items) => items.clone(),
            _ => vec![node.clone()],
        }
    }

    fn known_members(&mut self, key: &Key, node: &Node, known: Option<&[&str]>) -> Option<()> {
        let NodeKind::Map(entries) = &node.kind else {
            if matches!(node.kind, NodeKind::Null) && known.is_some() {
                return Some(());
            }
            self.error(
                Diagnostic::new(format!(
                    "`{}` takes a mapping, not {}",
                    key.name,
                    with_article(node.kind_name())
                ))
                .at(node.span)
                .help("write its parameters as `name: value`"),
            );
            return None;
        };
        let Some(known) = known else { return Some(()) };
        let mut all_known = true;
        for (member, _) in
            entries.iter().filter(|(member, _)| !known.contains(&member.name.as_str()))
        {
            all_known = false;
            let structure = STRUCTURE.iter().find(|name| **name == short(&key.name)).copied();
            let name = structure.or_else(|| steer(&key.name).map(|(kind, _)| kind.name));
            let lack = Lack::Parameter(member.name.clone(), name.unwrap_or("task"));
            let mut diagnostic =
                Diagnostic::new(format!("`{}` has no parameter `{}`", key.name, member.name))
                    .lacks(lack)
                    .at(member.span);
            diagnostic = diagnostic.help(match nearest(&member.name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes {}", known.join(", ")),
            });
            self.error(diagnostic);
        }
        all_known.then_some(())
    }
}

/// A task file's name with its suffix.
pub(in crate::engine) fn with_suffix(file: &str) -> String {
    if file.ends_with(".yml") || file.ends_with(".yaml") {
        file.to_owned()
    } else {
        format!("{file}.yml")
    }
}

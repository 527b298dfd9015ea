//! A whole role, typed.

use super::Typing;
use crate::config::Role;
use crate::engine::bundle::{FileContent, Include, RoleTasks};
use crate::engine::role_files::{called, home, path_of, vaulted, without};
use crate::engine::task::{Body, Task};
use crate::resource::Source;
use crate::text::{Diagnostic, Sources, Span};
use crate::value::Node;

/// A role as the engine runs it, and what it reaches.
#[derive(Debug, Clone)]
pub struct TypedRole {
    /// What the agent gets.
    pub tasks: RoleTasks,
    /// Roles that it includes or imports.
    pub includes: Vec<Include>,
    /// Handlers' names and topics that its tasks notify, as far as they are written out.
    pub notifies: Vec<(String, Span)>,
    /// Everything that is wrong with it.
    pub errors: Vec<Diagnostic>,
}

impl TypedRole {
    /// The names and topics that its handlers answer to.
    pub fn answers(&self) -> impl Iterator<Item = &str> {
        self.tasks.handlers.iter().flat_map(|handler| {
            let topics = handler.keywords.listen.iter().map(String::as_str);
            handler.name.as_str().into_iter().chain(topics)
        })
    }
}

/// Types a role's tasks, handlers and checks.
#[must_use]
pub fn type_role(role: &Role, sources: &Sources) -> TypedRole {
    let mut errors = Vec::new();
    let mut list = |file: &str, node: &Node| {
        let mut typing = Typing::new(&role.name, file);
        let tasks = typing.list(node);
        errors.append(&mut typing.errors);
        tasks
    };
    let mut tasks = RoleTasks {
        defaults: role.defaults.clone(),
        vars: role.vars.clone(),
        secrets: secret_names(role),
        vaulted: vaulted_in(role),
        ..RoleTasks::default()
    };
    for (file, node) in &role.tasks {
        let stem = file.trim_end_matches(".yml").trim_end_matches(".yaml");
        tasks.tasks.insert(file.clone(), list(stem, node));
    }
    tasks.handlers = role.handlers.as_ref().map(|node| list("handlers", node)).unwrap_or_default();
    tasks.verify = role.verify.as_ref().map(|node| list("verify", node)).unwrap_or_default();
    for (name, source) in &role.templates {
        let text = sources.text(*source).unwrap_or_default().to_owned();
        tasks.templates.insert(name.clone(), (*source, text));
    }
    for (name, bytes) in &role.files {
        tasks.files.insert(name.clone(), FileContent(bytes.clone()));
    }
    let (mut includes, mut notifies) = (Vec::new(), Vec::new());
    for list in tasks.tasks.values().chain([&tasks.handlers, &tasks.verify]) {
        for_each(list, &mut |task| {
            if let Body::IncludeRole { role, file, .. } = &task.body {
                let (role, file) = (role.clone(), file.clone());
                includes.push(Include { role, file, span: task.span });
            }
            let written = task.keywords.notify.iter().filter(|node| !node.has_template());
            let written = written.filter_map(|node| Some((node.as_str()?.to_owned(), node.span)));
            notifies.extend(written);
            if let Some(error) = missing_file(task, &tasks) {
                errors.push(error);
            }
        });
    }
    errors.extend(cyclic_includes(&tasks));
    TypedRole { tasks, includes, notifies, errors }
}

/// What is vaulted in the role's tasks.
fn vaulted_in(role: &Role) -> Vec<Node> {
    fn find(node: &Node, found: &mut Vec<Node>) {
        if node.secret {
            found.push(node.clone());
            return;
        }
        let members = node.entries().iter().map(|(_, member)| member);
        node.items().iter().chain(members).for_each(|member| find(member, found));
    }
    let mut found = Vec::new();
    let written = role.tasks.values().chain(&role.handlers).chain(&role.verify);
    written.for_each(|node| find(node, &mut found));
    found
}

/// Variables that the role's argument specification marks `no_log`.
fn secret_names(role: &Role) -> Vec<String> {
    let specs = role.argument_specs.iter().flat_map(|specs| specs.0.values());
    let options = specs.flat_map(|spec| &spec.options);
    options.filter(|(_, argument)| argument.no_log).map(|(name, _)| name.clone()).collect()
}

/// Every task of a list, those in blocks too.
pub(crate) fn for_each<'t>(tasks: &'t [Task], each: &mut dyn FnMut(&'t Task)) {
    for task in tasks {
        each(task);
        if let Body::Block { block, rescue, always } = &task.body {
            for list in [block, rescue, always] {
                for_each(list, each);
            }
        }
    }
}

/// A file that a task names and the role does not have, where that can be told already.
fn missing_file(task: &Task, role: &RoleTasks) -> Option<Diagnostic> {
    let plain = |node: &Node| node.as_str().filter(|_| !node.has_template()).map(str::to_owned);
    let (what, folder, name, span, known): (_, _, _, _, Vec<&String>) = match &task.body {
        Body::IncludeTasks { file, .. } => {
            let name = super::with_suffix(&plain(file)?);
            ("task file", "tasks", name, file.span, role.tasks.keys().collect())
        }
        Body::Resource { kind, params } => {
            let source = crate::resource::find(kind)?.source?;
            let src = params.get("src")?;
            let known = match source {
                Source::Template => role.templates.keys().collect(),
                Source::File => role.files.keys().collect(),
            };
            (source.word(), source.folder(), plain(src)?, src.span, known)
        }
        _ => return None,
    };
    let inside = if folder == "tasks" { &name } else { without(folder, &name) };
    if let Some(known) = known.iter().find(|known| ***known == name || **known == inside) {
        let bytes = match folder {
            "templates" => role.templates.get(*known).map(|(_, text)| text.as_bytes()),
            "files" => role.files.get(*known).map(|content| &*content.0),
            _ => None,
        };
        return bytes.and_then(vaulted).map(|error| error.at(span));
    }
    let path = path_of(&task.role, folder, &name);
    let message = format!("{} has no {what} {path}", called(&task.role));
    let near = crate::text::nearest(&name, known.iter().map(|known| known.as_str()));
    Some(not_there(message, span, near, home(&task.role, folder)))
}

/// A file that an include asks for and its role does not have.
pub(in crate::engine) fn no_such_task_file(
    name: &str,
    span: Span,
    task: &Task,
    role: &RoleTasks,
) -> Diagnostic {
    let path = path_of(&task.role, "tasks", name);
    let message = format!("{} has no task file {path}", called(&task.role));
    let near = crate::text::nearest(name, role.tasks.keys().map(String::as_str));
    not_there(message, span, near, home(&task.role, "tasks"))
}

fn not_there(message: String, span: Span, near: Option<&str>, home: String) -> Diagnostic {
    let error = Diagnostic::new(message).at(span);
    match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(home),
    }
}

/// Task files of a role that include each other without end.
fn cyclic_includes(role: &RoleTasks) -> Vec<Diagnostic> {
    fn walk(role: &RoleTasks, file: &str, path: &mut Vec<String>, errors: &mut Vec<Diagnostic>) {
        let Some(tasks) = role.tasks.get(file) else { return };
        path.push(file.to_owned());
        for_each(tasks, &mut |task| {
            let Body::IncludeTasks { file: next, .. } = &task.body else { return };
            let Some(name) = next.as_str().filter(|_| !next.has_template()) else { return };
            let name = super::with_suffix(name);
            if path.contains(&name) {
                if errors.is_empty() {
                    let way = format!("{} → {name}", path.join(" → "));
                    errors.push(
                        Diagnostic::new("these task files include each other without end")
                            .at(next.span)
                            .note(way)
                            .help("take one of the includes out"),
                    );
                }
            } else {
                walk(role, &name, path, errors);
            }
        });
        path.pop();
    }
    let mut errors = Vec::new();
    for file in role.tasks.keys() {
        if errors.is_empty() {
            walk(role, file, &mut Vec::new(), &mut errors);
        }
    }
    errors
}

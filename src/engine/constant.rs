//! What can be told of a loop and of an included file's name before any host is touched: where
//! they hinge on no variable, and where nothing fits whatever the variables are.

use super::bundle::RoleTasks;
use super::task::{Body, Task};
use super::typing::{no_such_task_file, with_suffix};
use crate::template::Templates;
use crate::text::{Diagnostic, Span, with_article};
use crate::value::{Map, Node, Value};
use std::sync::Arc;

/// A loop over what is no list, an include of a file that the role does not have.
pub(super) fn mistakes(task: &Task, role: &RoleTasks, templates: &Templates) -> Vec<Diagnostic> {
    let list = task.keywords.loop_over.as_ref();
    let items = list.and_then(|list| value(list, templates, Map::new()));
    let mut errors = Vec::new();
    if let (Some(list), false) = (list, task.keywords.loop_flat) {
        match &items {
            Some(value) if !matches!(value.exposed(), Value::List(_)) => {
                errors.push(not_a_list(value, list.span));
            }
            None if is_surely_text(list) => {
                errors.push(not_a_list(&Value::str(""), list.span));
            }
            _ => {}
        }
    }
    if let Body::IncludeTasks { file, .. } = &task.body
        && file.has_template()
    {
        errors.extend(missing(task, file, items.as_ref(), role, templates));
    }
    errors
}

/// What a loop says that is given something else.
pub(super) fn not_a_list(value: &Value, span: Span) -> Diagnostic {
    let value = value.exposed();
    let help = match value {
        Value::Map(_) => "add `| dict2items`",
        Value::Str(_) => "write the items in brackets, or take `text | split(',')`",
        Value::Int(_) => "to count, write `range(N) | list`",
        _ => "write the items in brackets",
    };
    let kind = with_article(value.kind());
    Diagnostic::new(format!("`loop` takes a list, not {kind}")).at(span).help(help)
}

/// The value of what hinges on these variables alone.
fn value(node: &Node, templates: &Templates, scope: Map) -> Option<Value> {
    let named = templates.names(node);
    let known = named.names.iter().all(|name| scope.contains_key(&name.name));
    if !known || !named.lookups.is_empty() || !named.errors.is_empty() {
        return None;
    }
    let scope: Arc<dyn crate::template::Scope> = Arc::new(scope);
    templates.node(node, &scope).ok().filter(|value| value.unknown().is_none())
}

/// The first file that is asked for and not there, or that none of the files can be.
fn missing(
    task: &Task,
    file: &Node,
    items: Option<&Value>,
    role: &RoleTasks,
    templates: &Templates,
) -> Option<Diagnostic> {
    let control = task.keywords.loop_control.clone().unwrap_or_default();
    let item = |item: &Value| Map::from_iter([(control.variable().to_owned(), item.clone())]);
    let scopes: Vec<Map> = match (&task.keywords.loop_over, items.map(Value::exposed)) {
        (None, _) => vec![Map::new()],
        // A condition may choose among the items.
        (Some(_), Some(Value::List(items))) if task.keywords.when.is_empty() => {
            items.iter().map(item).collect()
        }
        _ => Vec::new(),
    };
    let names = scopes.into_iter().map_while(|scope| value(file, templates, scope));
    let names: Vec<String> =
        names.filter_map(|name| name.exposed().as_str().map(with_suffix)).collect();
    if let Some(name) = names.iter().find(|name| !role.tasks.contains_key(*name)) {
        return Some(no_such_task_file(name, file.span, task, role));
    }
    let parts = parts(file.as_str()?)?;
    let fits = |name: &&String| fits(&parts, name);
    if !names.is_empty() || role.tasks.keys().any(|name| fits(&name)) {
        return None;
    }
    let text = file.as_str().unwrap_or_default();
    Some(
        Diagnostic::new(format!("no file in tasks/ of role `{}` can be `{text}`", task.role))
            .at(file.span)
            .help(format!("put the files it may name into roles/{}/tasks/", task.role)),
    )
}

/// What is written out of a text, and `None` for each expression; nothing where that cannot be
/// told without its grammar.
fn parts(text: &str) -> Option<Vec<Option<&str>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((written, after)) = rest.split_once("{{") {
        let (expression, left) = after.split_once("}}")?;
        if expression.contains(['{', '}']) || left.starts_with('}') {
            return None;
        }
        parts.extend((!written.is_empty()).then_some(Some(written)));
        parts.push(None);
        rest = left;
    }
    parts.extend((!rest.is_empty()).then_some(Some(rest)));
    let grammar = parts.iter().flatten().any(|part| part.contains(['{', '}', '\'', '"']));
    (!grammar).then_some(parts)
}

/// Whether a text is more than one expression, so that it is text whatever that gives.
fn is_surely_text(node: &Node) -> bool {
    let Some(parts) = node.as_str().and_then(parts) else { return false };
    let expressions = parts.iter().filter(|part| part.is_none()).count();
    let written = parts.iter().flatten().any(|part| !part.trim().is_empty());
    expressions > 1 || (expressions == 1 && written)
}

/// Whether a task file's name can come of these parts. The suffix is added where there is none.
fn fits(parts: &[Option<&str>], name: &str) -> bool {
    let [.., last] = parts else { return false };
    let bare = name.strip_suffix(".yml").unwrap_or(name);
    let whole = last.is_some_and(|last| last.ends_with(".yml") || last.ends_with(".yaml"));
    let mut rest = if whole || last.is_none() { name } else { bare };
    let mut loose = false;
    for (at, part) in parts.iter().enumerate() {
        let Some(written) = part else {
            loose = true;
            continue;
        };
        let found = match (loose, at + 1 == parts.len()) {
            (false, _) => rest.strip_prefix(written),
            (true, true) => rest.strip_suffix(written).map(|_| ""),
            (true, false) => rest.split_once(written).map(|(_, after)| after),
        };
        let Some(found) = found else { return false };
        rest = found;
        loose = false;
    }
    loose || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_fits_what_is_written_out_of_it() {
        for (text, name, is_so) in [
            ("{{ a }}", "x.yml", true),
            ("{{ a }}.yml", "x.yml", true),
            ("{{ a }}.yml", "x.yaml", false),
            ("on-{{ a }}", "on-debian.yml", true),
            ("on-{{ a }}", "off-debian.yml", false),
            ("{{ a }}-on", "debian-on.yml", true),
            ("{{ a }}-on", "debian-off.yml", false),
            ("{{ a }}-{{ b }}.yml", "debian-12.yml", true),
            ("{{ a }}-{{ b }}.yml", "debian.yml", false),
            ("a{{ a }}a.yml", "a.yml", false),
        ] {
            assert_eq!(fits(&parts(text).unwrap(), name), is_so, "{text} {name}");
        }
        for text in ["{{ {'a': 1}[b] }}.yml", "{{ '}}' }}", "{% if a %}x{% endif %}.yml", "{{ a"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}

//! Parameters that come from a role's files: `src` of `copy` and `template` becomes the content,
//! so that a resource never reads anything but the host.

use super::context::Context;
use super::item::Item;
use super::role_files::{called, home, vaulted, without};
use super::run::Runner;
use crate::resource::{Kind, Source};
use crate::text::{Diagnostic, nearest};
use crate::value::{Map, Node, NodeKind, Value};
use base64::Engine as _;
use indexmap::IndexMap;

impl Runner<'_> {
    /// Adds what the engine knows and the role does not write: file contents, environment,
    /// time-out, as whom a command runs, and whether it only observes.
    pub(super) fn fill_in(
        &self,
        kind: &Kind,
        value: &mut Value,
        params: &Node,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<(), Diagnostic> {
        let Value::Map(map) = value else { return Ok(()) };
        match kind.source {
            Some(Source::Template) => self.render_source(map, params, item, context)?,
            Some(Source::File) => self.copy_source(map, params, context)?,
            None => {}
        }
        let keywords = &item.task.keywords;
        if kind.takes("environment") {
            for environment in context.environment.iter().chain(&keywords.environment) {
                let nearer = self.templates.node(environment, &item.scopes.scope())?;
                let all = match map.shift_remove("environment") {
                    Some(outer) => merged(outer, nearer),
                    None => nearer,
                };
                map.insert("environment".into(), all);
            }
        }
        if kind.takes("timeout")
            && let Some(timeout) = &keywords.timeout
            && !map.contains_key("timeout")
        {
            map.insert("timeout".into(), self.templates.node(timeout, &item.scopes.scope())?);
        }
        if kind.takes("become_user")
            && let Some(user) = &keywords.become_user
        {
            map.insert("become_user".into(), self.templates.node(user, &item.scopes.scope())?);
        }
        let never_changes =
            matches!(keywords.changed_when.as_slice(), [Node { kind: NodeKind::Bool(false), .. }]);
        if kind.takes("observe") && (keywords.observes || never_changes) {
            map.insert("observe".into(), Value::Bool(true));
        }
        Ok(())
    }

    fn render_source(
        &self,
        map: &mut Map,
        params: &Node,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<(), Diagnostic> {
        let Some(name) = source_name(map) else { return Ok(()) };
        let name = name.as_str();
        let role = self.bundle.library.get(&context.role);
        let templates = role.map(|role| &role.templates);
        let found = templates.and_then(|all| member(all, Source::Template, name));
        let Some((source, text)) = found else {
            let known = templates.map(|all| all.keys().cloned().collect()).unwrap_or_default();
            return Err(missing(Source::Template, name, context, params, known));
        };
        if let Some(error) = vaulted(text.as_bytes()) {
            return Err(error.at(params.get("src").map_or(params.span, |src| src.span)));
        }
        let content = self.templates.file(*source, text, &item.scopes.scope())?;
        map.insert("content".into(), content);
        Ok(())
    }

    fn copy_source(
        &self,
        map: &mut Map,
        params: &Node,
        context: &Context,
    ) -> Result<(), Diagnostic> {
        let Some(name) = source_name(map) else { return Ok(()) };
        let name = name.as_str();
        let files = self.bundle.library.get(&context.role).map(|role| &role.files);
        let Some(content) = files.and_then(|all| member(all, Source::File, name)) else {
            let known = files.map(|all| all.keys().cloned().collect()).unwrap_or_default();
            return Err(missing(Source::File, name, context, params, known));
        };
        if let Some(error) = vaulted(&content.0) {
            return Err(error.at(params.get("src").map_or(params.span, |src| src.span)));
        }
        let content = match std::str::from_utf8(&content.0) {
            Ok(text) => Value::str(text),
            Err(_) => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(&content.0);
                Value::Map([("base64".to_owned(), Value::Str(encoded))].into_iter().collect())
            }
        };
        map.insert("content".into(), content);
        Ok(())
    }
}

/// The file that `src` names, if it names one. Where the name is unknown, the content is.
fn source_name(map: &mut Map) -> Option<String> {
    let src = map.get("src").cloned()?;
    if src.unknown().is_some() {
        map.insert("content".into(), src);
        return None;
    }
    Some(src.as_str().unwrap_or_default().to_owned())
}

/// A file of a role by its name in the folder it belongs in, which may stand before it.
fn member<'r, T>(all: &'r IndexMap<String, T>, source: Source, name: &str) -> Option<&'r T> {
    all.get(name).or_else(|| all.get(without(source.folder(), name)))
}

fn missing(
    source: Source,
    name: &str,
    context: &Context,
    params: &Node,
    known: Vec<String>,
) -> Diagnostic {
    let span = params.get("src").map_or(params.span, |src| src.span);
    let (what, folder) = (source.word(), source.folder());
    let diagnostic =
        Diagnostic::new(format!("{} has no {what} {folder}/{name}", called(&context.role)))
            .at(span);
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(home(&context.role, folder)),
    }
}

/// Both mappings, where the nearer has the last word. What is no mapping is left to be refused.
fn merged(outer: Value, nearer: Value) -> Value {
    let secret = matches!(outer, Value::Secret(_)) || matches!(nearer, Value::Secret(_));
    let merged = match (outer.exposed(), nearer.exposed()) {
        (Value::Map(outer), Value::Map(nearer)) => {
            let mut all = outer.clone();
            all.extend(nearer.clone());
            Value::Map(all)
        }
        (Value::Map(_), other) => other.clone(),
        (other, _) => other.clone(),
    };
    if secret { merged.into_secret() } else { merged }
}

#[cfg(test)]
mod tests {
    use super::merged;
    use crate::value::{Map, Value};

    #[test]
    fn of_two_environments_the_nearer_has_the_last_word() {
        let map = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, text)| ((*name).to_owned(), Value::str(*text)));
            Value::Map(Map::from_iter(pairs))
        };
        let (outer, nearer) = (map(&[("A", "block"), ("B", "block")]), map(&[("B", "task")]));
        let both = map(&[("A", "block"), ("B", "task")]);
        assert_eq!(merged(outer.clone(), nearer.clone()), both);
        assert_eq!(merged(outer.into_secret(), nearer), both.into_secret());
    }
}

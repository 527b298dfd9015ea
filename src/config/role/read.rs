//! Reading a role's folder.

use super::Role;
use super::meta::Meta;
use crate::config::Reader;
use crate::config::arguments::ArgumentSpecs;
use crate::config::fields::{Fields, mapping};
use crate::config::variables::check_name;
use crate::text::{Diagnostic, nearest};
use crate::value::{Key, Node};
use indexmap::IndexMap;
use std::path::Path;

/// The folders that are read.
const FOLDERS: [&str; 8] =
    ["tasks", "handlers", "defaults", "vars", "meta", "verify", "templates", "files"];

/// Folders of Ansible's that mean nothing here, and are no misspelling of one that does.
const IGNORED: [&str; 3] = ["tests", "library", "molecule"];

/// How deep the folders in a role may nest.
const MAX_DEPTH: usize = 16;

impl Role {
    /// Reads the role in a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn read(
        name: &str,
        folder: &Path,
        reader: &mut Reader<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut keep = |error: Diagnostic| errors.push(error);
        if let Err(error) = reject_misspelt(folder, reader) {
            keep(error);
        }
        let mut role = Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            defaults: variables(folder, "defaults", reader).unwrap_or_else_keep(&mut keep),
            vars: variables(folder, "vars", reader).unwrap_or_else_keep(&mut keep),
            tasks: IndexMap::new(),
            handlers: main(folder, "handlers", reader).unwrap_or_else_keep(&mut keep),
            verify: main(folder, "verify", reader).unwrap_or_else_keep(&mut keep),
            argument_specs: None,
            dependencies: Vec::new(),
            templates: IndexMap::new(),
            files: IndexMap::new(),
        };
        let meta = main(folder, "meta", reader)
            .and_then(|node| node.map(Meta::read).transpose())
            .unwrap_or_else_keep(&mut keep)
            .unwrap_or_default();
        role.dependencies = meta.dependencies;
        role.argument_specs =
            specs(folder, reader).unwrap_or_else_keep(&mut keep).or(meta.argument_specs);
        role.read_trees(reader, &mut errors);
        if errors.is_empty() { Ok(role) } else { Err(errors) }
    }

    fn read_trees(&mut self, reader: &mut Reader<'_>, errors: &mut Vec<Diagnostic>) {
        for kind in ["tasks", "templates", "files"] {
            let folder = self.folder.join(kind);
            let mut names = Vec::new();
            if let Err(error) = walk(&folder, "", reader, &mut names, 0) {
                errors.push(error);
            }
            for name in names {
                if let Err(error) = self.read_member(kind, name, &folder, reader) {
                    errors.push(error);
                }
            }
        }
    }

    fn read_member(
        &mut self,
        kind: &str,
        name: String,
        folder: &Path,
        reader: &mut Reader<'_>,
    ) -> Result<(), Diagnostic> {
        let path = folder.join(&name);
        match kind {
            "tasks" => {
                let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
                if let Some(node) = if is_yaml { reader.yaml(&path)? } else { None } {
                    self.tasks.insert(name, node);
                }
            }
            "templates" => {
                if let Some(source) = reader.text(&path)? {
                    self.templates.insert(name, source);
                }
            }
            _ => {
                if let Some(bytes) = reader.bytes(&path)? {
                    self.files.insert(name, bytes);
                }
            }
        }
        Ok(())
    }
}

/// Keeps an error and goes on with nothing.
trait OrKeep<T> {
    fn unwrap_or_else_keep(self, keep: &mut impl FnMut(Diagnostic)) -> T;
}

impl<T: Default> OrKeep<T> for Result<T, Diagnostic> {
    fn unwrap_or_else_keep(self, keep: &mut impl FnMut(Diagnostic)) -> T {
        self.unwrap_or_else(|error| {
            keep(error);
            T::default()
        })
    }
}

fn main(folder: &Path, part: &str, reader: &mut Reader<'_>) -> Result<Option<Node>, Diagnostic> {
    let folder = folder.join(part);
    match reader.yaml(&folder.join("main.yml"))? {
        Some(node) => Ok(Some(node)),
        None => reader.yaml(&folder.join("main.yaml")),
    }
}

fn variables(
    folder: &Path,
    part: &str,
    reader: &mut Reader<'_>,
) -> Result<Vec<(Key, Node)>, Diagnostic> {
    let Some(node) = main(folder, part, reader)? else { return Ok(Vec::new()) };
    let entries = mapping(node, &format!("`{part}/main.yml`"))?;
    entries.iter().try_for_each(|(key, _)| check_name(key))?;
    Ok(entries)
}

fn specs(folder: &Path, reader: &mut Reader<'_>) -> Result<Option<ArgumentSpecs>, Diagnostic> {
    let Some(node) = reader.yaml(&folder.join("meta/argument_specs.yml"))? else {
        return Ok(None);
    };
    let mut fields = Fields::of(node, "`meta/argument_specs.yml`", &["argument_specs"])?;
    fields.take("argument_specs").map(ArgumentSpecs::read).transpose()
}

/// The paths of every file below a folder, hidden ones included, in lexical order.
fn walk(
    folder: &Path,
    prefix: &str,
    reader: &Reader<'_>,
    names: &mut Vec<String>,
    depth: usize,
) -> Result<(), Diagnostic> {
    if depth > MAX_DEPTH {
        let shown = folder.display();
        return Err(Diagnostic::new(format!("{shown} nests deeper than {MAX_DEPTH} folders"))
            .help("is there a link that leads back up?"));
    }
    for name in reader.list(folder)? {
        match name.strip_suffix('/') {
            Some(name) => {
                walk(&folder.join(name), &format!("{prefix}{name}/"), reader, names, depth + 1)?;
            }
            None => names.push(format!("{prefix}{name}")),
        }
    }
    Ok(())
}

/// A folder `task/` would otherwise be passed over in silence.
fn reject_misspelt(folder: &Path, reader: &Reader<'_>) -> Result<(), Diagnostic> {
    for name in reader.list(folder)? {
        let Some(name) = name.strip_suffix('/') else { continue };
        if FOLDERS.contains(&name) || IGNORED.contains(&name) {
            continue;
        }
        if let Some(meant) = nearest(name, FOLDERS) {
            let folder = folder.display();
            return Err(Diagnostic::new(format!("a role has no folder `{name}/`: {folder}"))
                .help(format!("did you mean `{meant}/`?")));
        }
    }
    Ok(())
}

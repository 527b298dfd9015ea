//! Reading a role's folder.

use super::Role;
use super::meta::Meta;
use crate::config::Reader;
use crate::config::arguments::ArgumentSpecs;
use crate::config::fields::{Fields, mapping};
use crate::config::variables::{check_name, refuse_boolean_words};
use crate::text::{Diagnostic, nearest};
use crate::value::{Key, Node};
use std::path::Path;

/// The folders that are read.
const FOLDERS: [&str; 8] =
    ["tasks", "handlers", "defaults", "vars", "meta", "verify", "templates", "files"];

/// Folders of Ansible's that mean nothing here, and are no misspelling of one that does.
const IGNORED: [&str; 3] = ["tests", "library", "molecule"];

/// How deep the folders in a role may nest.
const MAX_DEPTH: usize = 16;

impl Role {
    /// Reads the role in a folder, and everything that is wrong with it. Where something is, the
    /// role is for finding more, not for use.
    pub(super) fn read(
        name: &str,
        folder: &Path,
        reader: &mut Reader<'_>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut errors = Vec::new();
        if let Err(error) = reject_misspelt(folder, reader) {
            errors.push(error);
        }
        let mut role = Self {
            defaults: variables(folder, "defaults", reader, &mut errors),
            vars: variables(folder, "vars", reader, &mut errors),
            handlers: main(folder, "handlers", reader, &mut errors),
            verify: main(folder, "verify", reader, &mut errors),
            ..Self::empty(name.to_owned(), folder.to_owned())
        };
        let meta = main(folder, "meta", reader, &mut errors);
        let meta = meta.map(|node| Meta::read(node, &mut errors)).unwrap_or_default();
        role.dependencies = meta.dependencies;
        role.argument_specs = specs(folder, reader, &mut errors).or(meta.argument_specs);
        role.read_folders(&["tasks", "templates", "files"], reader, &mut errors);
        if !role.tasks.contains_key("main.yml")
            && let Some(tasks) = role.tasks.shift_remove("main.yaml")
        {
            role.tasks.insert("main.yml".to_owned(), tasks);
        }
        (role, errors)
    }

    /// Reads everything below these of its folders.
    pub(in crate::config) fn read_folders(
        &mut self,
        kinds: &[&str],
        reader: &mut Reader<'_>,
        errors: &mut Vec<Diagnostic>,
    ) {
        for kind in kinds.iter().copied() {
            let folder = self.folder.join(kind);
            let mut names = Vec::new();
            if let Err(error) = walk(&folder, "", reader, &mut names, 0) {
                errors.push(error);
            }
            for name in names {
                if let Err(error) = self.read_member(kind, name, &folder, reader, errors) {
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
        errors: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let path = folder.join(&name);
        if !reader.files.is_inside(&self.folder, &path).unwrap_or(true) {
            let path = path.display();
            return Err(Diagnostic::new(format!("{path} is a link that leads out of the role"))
                .help("put the file itself there"));
        }
        match kind {
            "tasks" => {
                let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
                let node = is_yaml.then(|| reader.yaml_all(&path, errors));
                if let Some(node) = node.flatten() {
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

fn main(
    folder: &Path,
    part: &str,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let folder = folder.join(part);
    let before = errors.len();
    let node = reader.yaml_all(&folder.join("main.yml"), errors);
    match node {
        None if errors.len() == before => reader.yaml_all(&folder.join("main.yaml"), errors),
        node => node,
    }
}

fn variables(
    folder: &Path,
    part: &str,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Key, Node)> {
    let mut all: Vec<(Key, Node)> = Vec::new();
    for node in documents(folder, part, reader, errors) {
        match mapping(node, &format!("`{part}/main.yml`")) {
            Ok(entries) => {
                for (key, node) in &entries {
                    errors.extend(check_name(key).err());
                    refuse_boolean_words(node, errors);
                }
                all.retain(|(key, _)| entries.iter().all(|(other, _)| other.name != key.name));
                all.extend(entries);
            }
            Err(error) => errors.push(error),
        }
    }
    all
}

/// `main.yml`, or instead of it the files of a folder `main`, of which the later wins, as in Ansible.
fn documents(
    folder: &Path,
    part: &str,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let several = folder.join(part).join("main");
    let mut names = Vec::new();
    errors.extend(walk(&several, "", reader, &mut names, 0).err());
    if names.is_empty() {
        return main(folder, part, reader, errors).into_iter().collect();
    }
    names.retain(|name| [".yml", ".yaml", ".json"].iter().any(|end| name.ends_with(end)));
    names.iter().filter_map(|name| reader.yaml_all(&several.join(name), errors)).collect()
}

fn specs(
    folder: &Path,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Option<ArgumentSpecs> {
    let node = reader.yaml_all(&folder.join("meta/argument_specs.yml"), errors)?;
    let read = Fields::of(node, "`meta/argument_specs.yml`", &["argument_specs"])
        .and_then(|mut fields| fields.take("argument_specs").map(ArgumentSpecs::read).transpose());
    read.map_err(|error| errors.push(error)).ok().flatten()
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

//! What `-i` names: files, and folders of files, in the order in which Ansible reads them.

use crate::config::{Files, Reader, yaml};
use crate::text::{Diagnostic, quote};
use crate::value::Node;
use std::path::{Path, PathBuf};

/// What an inventory is read from, in order: each a file, or a folder of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventoryPaths {
    paths: Vec<PathBuf>,
    /// Folders of playbooks: their `group_vars/` and `host_vars/` are stronger than the inventories'.
    playbooks: Vec<PathBuf>,
}

/// Endings of names that Ansible passes over in a folder (`REJECT_EXTS` and `INVENTORY_IGNORE_EXTS`,
/// ansible-core 2.19).
const IGNORED_ENDINGS: [&str; 12] =
    [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];

/// Names in a folder that are no inventories: Ansible's, and the folders that lie beside one here.
const IGNORED: [&str; 5] = ["group_vars", "host_vars", "vars_plugins", "roles/", "files/"];

/// How deep the folders in an inventory may nest.
const MAX_DEPTH: usize = 16;

impl InventoryPaths {
    /// Each folder that variables, roles and files lie in: a folder itself, or that of a file. Where
    /// several name one, it stands where the last does, as what is read later wins.
    #[must_use]
    pub fn folders(&self, files: &dyn Files) -> Vec<PathBuf> {
        let folder = |path: &PathBuf| match is_folder(path, files) {
            true => path.clone(),
            false => path.parent().unwrap_or(Path::new("")).to_owned(),
        };
        let all = self.paths.iter().map(folder).collect();
        last_of_each(all)
    }

    /// The same with what lies beside these playbooks too.
    #[must_use]
    pub fn beside(mut self, playbooks: &[PathBuf]) -> Self {
        let folder = |path: &PathBuf| path.parent().unwrap_or(Path::new("")).to_owned();
        self.playbooks = playbooks.iter().map(folder).collect();
        self
    }

    /// Every folder in which `group_vars/` and `host_vars/` are looked for, the stronger later.
    pub(super) fn variable_folders(&self, files: &dyn Files) -> Vec<PathBuf> {
        last_of_each(self.folders(files).into_iter().chain(self.playbooks.clone()).collect())
    }

    /// The paths as messages name them.
    pub(super) fn shown(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        paths.join(", ")
    }

    /// Every file's tree, in the order of reading.
    pub(super) fn trees(&self, reader: &mut Reader<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
        let (mut trees, mut errors) = (Vec::new(), Vec::new());
        for path in &self.paths {
            if is_folder(path, reader.files) {
                folder(path, reader, &mut trees, &mut errors, 0);
            } else {
                tree(path, reader).map_or_else(|error| errors.push(error), |tree| trees.push(tree));
            }
        }
        if errors.is_empty() { Ok(trees) } else { Err(errors) }
    }
}

impl From<&Path> for InventoryPaths {
    fn from(path: &Path) -> Self {
        Self { paths: vec![path.to_owned()], ..Self::default() }
    }
}

impl From<&str> for InventoryPaths {
    fn from(path: &str) -> Self {
        Self { paths: vec![path.into()], ..Self::default() }
    }
}

impl From<PathBuf> for InventoryPaths {
    fn from(path: PathBuf) -> Self {
        Self { paths: vec![path], ..Self::default() }
    }
}

impl From<&[PathBuf]> for InventoryPaths {
    fn from(paths: &[PathBuf]) -> Self {
        Self { paths: paths.to_vec(), ..Self::default() }
    }
}

impl From<&Self> for InventoryPaths {
    fn from(paths: &Self) -> Self {
        paths.clone()
    }
}

fn last_of_each(all: Vec<PathBuf>) -> Vec<PathBuf> {
    let is_last = |(at, folder): &(usize, &PathBuf)| !all[at + 1..].contains(folder);
    all.iter().enumerate().filter(is_last).map(|(_, folder)| folder.clone()).collect()
}

fn is_folder(path: &Path, files: &dyn Files) -> bool {
    files.list(path).is_ok_and(|names| names.is_some())
}

/// Reads a folder's files by name, those of its folders where these stand.
fn folder(
    path: &Path,
    reader: &mut Reader<'_>,
    trees: &mut Vec<Node>,
    errors: &mut Vec<Diagnostic>,
    depth: usize,
) {
    let names = match reader.list(path) {
        Ok(names) if depth < MAX_DEPTH => names,
        Ok(_) => {
            let shown = path.display();
            let error = Diagnostic::new(format!("{shown} nests deeper than {MAX_DEPTH} folders"));
            return errors.push(error.help("is there a link that leads back up?"));
        }
        Err(error) => return errors.push(error),
    };
    for name in names {
        let bare = name.trim_end_matches('/');
        if bare.starts_with('.')
            || IGNORED_ENDINGS.iter().any(|ending| bare.ends_with(ending))
            || IGNORED.contains(&bare)
            || IGNORED.contains(&&*name)
        {
            continue;
        }
        let inside = path.join(bare);
        if name.ends_with('/') {
            folder(&inside, reader, trees, errors, depth + 1);
        } else {
            match tree_of_member(&inside, reader) {
                Ok(tree) => trees.push(tree),
                Err(error) => errors.push(error),
            }
        }
    }
}

fn tree_of_member(path: &Path, reader: &mut Reader<'_>) -> Result<Node, Diagnostic> {
    match path.extension().and_then(|extension| extension.to_str()) {
        None | Some("yml" | "yaml" | "json") => tree(path, reader),
        Some(_) => {
            let error = Diagnostic::new(format!("{} is no inventory in YAML", path.display()));
            Err(error.help(format!("{}, and take it out of the folder", conversion(path))))
        }
    }
}

/// A file's tree.
fn tree(path: &Path, reader: &mut Reader<'_>) -> Result<Node, Diagnostic> {
    let Some(source) = reader.text(path)? else {
        let error = Diagnostic::new(format!("there is no inventory at {}", path.display()));
        return Err(error.help(match path.to_str() {
            Some(hosts) if hosts.contains(',') => "write the hosts into a file, and name that",
            _ => "name one with -i",
        }));
    };
    let text = reader.sources.text(source).unwrap_or_default();
    if text.starts_with("#!") {
        return Err(Diagnostic::new("inventory is a program")
            .at(yaml::first_place(source))
            .help(format!("save what it prints: {}", command(path))));
    }
    let is_section = |line: &str| line.starts_with('[') && line.trim_end().ends_with(']');
    let is_ini = text.lines().any(is_section);
    let read = reader.parsed(source);
    if !is_ini {
        return read;
    }
    read.map_err(|error| {
        error
            .note("sections such as `[web]` are Ansible's INI form, which is not read")
            .help(conversion(path))
    })
}

/// How an inventory of another form becomes one that is read.
fn conversion(path: &Path) -> String {
    format!("convert it: {}", command(path))
}

fn command(path: &Path) -> String {
    // Not over the file itself, which would be empty before it is read.
    let into = if path.ends_with("hosts.yml") { "converted.yml" } else { "hosts.yml" };
    let path = path.display().to_string();
    format!("ansible-inventory -i {} --list --yaml --export > {into}", quote(&path))
}

//! A role: a folder in Ansible's layout, read whole.

mod dependency;
mod meta;
mod path;
mod read;
mod set;

use super::arguments::ArgumentSpecs;
use crate::text::SourceId;
use crate::value::{Key, Node};
use indexmap::IndexMap;
use std::path::PathBuf;

pub use dependency::Dependency;
pub use path::{RolePath, RolePlace};
pub use set::{RoleUse, Roles};

/// What `roles/NAME/` holds.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Where it was found.
    pub folder: PathBuf,
    /// `defaults/main.yml`.
    pub defaults: Vec<(Key, Node)>,
    /// `vars/main.yml`.
    pub vars: Vec<(Key, Node)>,
    /// Every file below `tasks/`, by its path there: `main.yml` is where it starts.
    pub tasks: IndexMap<String, Node>,
    /// `handlers/main.yml`.
    pub handlers: Option<Node>,
    /// `verify/main.yml`: what is checked after a converge.
    pub verify: Option<Node>,
    /// `meta/argument_specs.yml`, or `argument_specs:` in `meta/main.yml`.
    pub argument_specs: Option<ArgumentSpecs>,
    /// The roles that run before it.
    pub dependencies: Vec<Dependency>,
    /// Every file below `templates/`, by its path there.
    pub templates: IndexMap<String, SourceId>,
    /// Every file below `files/`, by its path there.
    pub files: IndexMap<String, Vec<u8>>,
}

impl Role {
    /// One that holds nothing yet.
    pub(super) fn empty(name: String, folder: PathBuf) -> Self {
        Self {
            name,
            folder,
            defaults: Vec::new(),
            vars: Vec::new(),
            tasks: IndexMap::new(),
            handlers: None,
            verify: None,
            argument_specs: None,
            dependencies: Vec::new(),
            templates: IndexMap::new(),
            files: IndexMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;

//! What a person asks for: where the inventory, the playbooks and the roles are, and who is to be run.

use super::access::Access;
use crate::config::{AdHoc, InventoryPaths, Prompt};
use crate::text::Diagnostic;
use std::path::{Path, PathBuf};

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The inventories.
    pub inventory: InventoryPaths,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--roles-path`, in order.
    pub roles_path: Vec<PathBuf>,
    /// Playbooks, in order; without one, the inventory says which roles its hosts get.
    pub playbooks: Vec<PathBuf>,
    /// What is run instead of a playbook.
    pub ad_hoc: Option<AdHoc>,
    /// Asks a person for a variable (`vars_prompt`); without it, `-e` must set it.
    pub ask: Option<Ask>,
    /// `-e`, in order.
    pub extra: Vec<String>,
    /// `--tags`.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// Reads this machine's environment; without it every variable is unset.
    pub environment: Option<Environment>,
    /// What the command line says of the way to the hosts.
    pub access: Access,
    /// This program's file: it, or what lies beside it, is the agent that hosts are sent.
    pub program: Option<PathBuf>,
    /// For a run: an inventory that declares nothing is a mistake then.
    pub runs: bool,
}

impl LoadOptions {
    /// The folders of the playbooks.
    pub(super) fn playbook_folders(&self) -> impl Iterator<Item = PathBuf> {
        let folder = |path: &PathBuf| path.parent().unwrap_or(Path::new("")).to_owned();
        self.playbooks.iter().map(folder)
    }
}

/// Asks a person; `None` where nobody is there.
pub type Ask = fn(&Prompt) -> Result<Option<String>, Diagnostic>;

/// Reads the environment: `None` where a variable is not set.
pub type Environment = fn(&str) -> Option<String>;

//! What a person wrote, as it is once it was loaded and found right.

use super::agent_programs::AgentPrograms;
use super::connection::{Connection, Root};
use super::loaded_role::LoadedRole;
use crate::config::{Inventory, InventoryPaths, Layers};
use crate::engine::bundle::RoleCall;
use crate::template::LookupKey;
use crate::text::{Diagnostic, Sources};
use crate::value::{HostName, Key, Node};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::path::PathBuf;

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The inventories.
    pub inventory: InventoryPaths,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--roles-path`, in order.
    pub roles_path: Vec<PathBuf>,
    /// `-e`, in order.
    pub extra: Vec<String>,
    /// `--tags`.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// Reads this machine's environment; without it every variable is unset.
    pub environment: Option<Environment>,
    /// How the agent comes to be root.
    pub root: Root,
    /// This program's file: it, or what lies beside it, is the agent that hosts are sent.
    pub program: Option<PathBuf>,
    /// For a run: an inventory that declares nothing is a mistake then.
    pub runs: bool,
}

/// What is wrong with a project, and the texts to show it in.
#[derive(Debug)]
pub struct LoadErrors {
    /// Each with its place.
    pub diagnostics: Vec<Diagnostic>,
    /// What the places point into.
    pub sources: Sources,
}

/// A project that can be run.
pub struct Project {
    /// Who is managed.
    pub inventory: Inventory,
    /// What diagnostics point into.
    pub sources: Sources,
    pub(super) hosts: IndexMap<HostName, HostPlan>,
    pub(super) roles: IndexMap<String, LoadedRole>,
    pub(super) extra: Layers,
    /// The inventories' folders.
    pub(super) folders: Vec<PathBuf>,
    /// What was looked up on this machine.
    pub(super) answers: Answers,
    pub(super) tags: Vec<String>,
    pub(super) skip_tags: Vec<String>,
    pub(super) root: Root,
    pub(super) agents: AgentPrograms,
}

/// One host's part of a run.
pub(super) struct HostPlan {
    /// In order, dependencies first.
    pub(super) roles: Vec<RoleCall>,
    /// Those and every role that they include.
    pub(super) library: Vec<String>,
    pub(super) connection: Connection,
    /// `ansible_host`, where the inventory gives one.
    pub(super) address: Option<String>,
    /// `-e`, typed by the roles' argument specifications.
    pub(super) extra: Vec<(Key, Node)>,
}

/// What was read, by what was asked.
pub(super) type Answers = HashMap<LookupKey, Node>;

/// Reads the environment: `None` where a variable is not set.
pub type Environment = fn(&str) -> Option<String>;

impl Project {
    /// The hosts that a run is about, in inventory order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hosts.keys().map(HostName::as_str)
    }

    /// Whether any of them is this machine itself, reached without another program.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        self.hosts.values().any(|plan| plan.connection == Connection::Local)
    }

    pub(super) fn connection(&self, host: &str) -> &Connection {
        self.hosts.get(host).map_or(&Connection::Local, |plan| &plan.connection)
    }
}

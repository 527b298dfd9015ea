//! Everything one host needs for its run. It is all that crosses to the agent: a host gets only
//! what its own roles can reach.

use super::task::Task;
use crate::template::LookupKey;
use crate::text::{SourceId, Span};
use crate::value::{Key, Map, Node};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One host's run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bundle {
    /// The run's id.
    pub run: String,
    /// The host's inventory name.
    pub host: String,
    /// Dry run, converge or verify.
    pub purpose: Purpose,
    /// The host's roles in order.
    pub roles: Vec<RoleCall>,
    /// Roles that the host's tasks can reach.
    pub library: IndexMap<String, RoleTasks>,
    /// The winning inventory variables.
    pub inventory: Vec<(Key, Node)>,
    /// `-e`.
    pub extra: Vec<(Key, Node)>,
    /// Delegated tasks, by id: the names whose values the host may tell the controller.
    pub delegated: IndexMap<String, Vec<String>>,
    /// What was looked up on the controller, for the texts above.
    pub lookups: Vec<(LookupKey, Node)>,
    /// `inventory_hostname`, `group_names`, `groups`, …
    pub magic: Map,
    /// Names and addresses of the run's other hosts.
    pub run_hosts: Vec<String>,
    /// `--tags`; empty runs all.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
}

impl Bundle {
    /// Some tasks are left out: what waits for them goes on waiting.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        !self.tags.is_empty() || !self.skip_tags.is_empty()
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Show what would be done.
    Check,
    /// Do it.
    Apply,
    /// Run the roles' `verify/` checks.
    Verify,
}

/// A role as the agent gets it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RoleTasks {
    /// `defaults/main.yml`, and the argument specification's defaults.
    pub defaults: Vec<(Key, Node)>,
    /// `vars/main.yml`.
    pub vars: Vec<(Key, Node)>,
    /// Names that the argument specification marks `no_log`.
    pub secrets: Vec<String>,
    /// What is vaulted in its tasks.
    pub vaulted: Vec<Node>,
    /// Files under `tasks/`, by name relative to it.
    pub tasks: IndexMap<String, Vec<Task>>,
    /// In order of definition.
    pub handlers: Vec<Task>,
    /// Checks after a converge.
    pub verify: Vec<Task>,
    /// Files under `templates/`, by name relative to it.
    pub templates: IndexMap<String, (SourceId, String)>,
    /// Files under `files/`, by name relative to it.
    pub files: IndexMap<String, FileContent>,
}

/// A file that is copied as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent(#[serde(with = "crate::host::action::bytes")] pub Vec<u8>);

/// A role that a host gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleCall {
    /// Its key in the library.
    pub name: String,
    /// What the role that needs it gives it.
    pub vars: Vec<(Key, Node)>,
}

/// A role that a task includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The role.
    pub role: String,
    /// The file under its `tasks/`.
    pub file: String,
    /// Where the task stands.
    pub span: Span,
}

//! Everything one host needs for its run. It is all that crosses to the agent: a host gets only
//! what its own roles can reach.

use super::task::{Keywords, Task};
use crate::host::Peers;
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
    /// What it gets, in order. Where hosts wait for each other between them, each after the first
    /// is asked for.
    pub plays: Vec<PlayPart>,
    /// Roles that the host's tasks can reach, and the plays' own.
    pub library: IndexMap<String, RoleTasks>,
    /// The winning inventory variables.
    pub inventory: Vec<(Key, Node)>,
    /// `-e`.
    pub extra: Vec<(Key, Node)>,
    /// Delegated tasks, by id: the names whose values the host may tell the controller.
    pub delegated: IndexMap<String, Vec<String>>,
    /// Other hosts may have it do something: it waits for that before its first play, and after each.
    pub serves: bool,
    /// Something of it asks for what other hosts have.
    pub asks_others: bool,
    /// What other hosts ask for of this one: facts, and what its tasks set.
    pub shares: Vec<String>,
    /// What was looked up on the controller, for the texts above.
    pub lookups: Vec<(LookupKey, Node)>,
    /// `inventory_hostname`, `group_names`, `groups`, …
    pub magic: Map,
    /// Names and addresses of the run's other hosts, as far as they stand in [`Bundle::written`].
    pub run_hosts: Vec<String>,
    /// `--tags`; empty runs all.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// Its tasks are those of a command line: it tells what commands said, and is no declaration of
    /// what the host is to be.
    pub ad_hoc: bool,
}

impl Bundle {
    /// Whether this run says what becomes of what a role, or a play, has left on the host. Who runs
    /// one playbook leaves alone what another has.
    #[must_use]
    pub fn speaks_for(&self, role: &str) -> bool {
        let is_of_inventory =
            !self.plays.is_empty() && self.plays.iter().all(|play| play.own.is_none());
        self.library.contains_key(role)
            || (is_of_inventory && !role.starts_with(crate::config::PLAY_PREFIX))
    }

    /// Every role call of every play.
    pub fn calls(&self) -> impl Iterator<Item = &RoleCall> {
        self.plays.iter().flat_map(|play| &play.stages).flatten()
    }

    /// All that was written of what the host does, in one text: no address that it asks for stands
    /// elsewhere but in what it finds out, or puts together, itself.
    #[must_use]
    pub fn written(&self) -> String {
        let role = |(_, role): (&_, &RoleTasks)| {
            let RoleTasks { defaults, vars, tasks, handlers, verify, templates, .. } = role;
            serde_json::to_string(&(defaults, vars, tasks, handlers, verify, templates))
        };
        let Self { plays, inventory, extra, lookups, magic, .. } = self;
        let own = serde_json::to_string(&(plays, inventory, extra, lookups, magic));
        // What cannot be written cannot be sent either.
        self.library.iter().map(role).chain([own]).flatten().collect()
    }

    /// Some tasks are left out, or all of a role's, or all where the host only serves others: what waits
    /// for them goes on waiting.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.plays.is_empty() || !self.tags.is_empty() || !self.skip_tags.is_empty() || self.ad_hoc
    }
}

impl Peers for Bundle {
    /// Who is not named in what was sent may be any host.
    fn may_change(&self, peer: &str) -> bool {
        self.run_hosts.iter().any(|host| host == peer) || !self.written().contains(peer)
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

/// What one host gets of one play.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlayPart {
    /// The play's own tasks, handlers, files and variables, as a role of the library; none where the
    /// inventory names the roles.
    pub own: Option<String>,
    /// What all of its tasks inherit.
    pub keywords: Keywords,
    /// Parameters of resources where a task does not write them, by kind.
    pub module_defaults: IndexMap<String, Node>,
    /// What is run, in order; after each stage, the handlers that were notified.
    pub stages: Vec<Vec<RoleCall>>,
    /// The library's roles whose handlers it has, in order.
    pub library: Vec<String>,
    /// `ansible_play_name`, `ansible_play_hosts`, …
    pub magic: Map,
    /// The checks that its roles must pass at its end, if they must.
    pub health: Option<Health>,
}

/// How a role's checks (`verify/`) are asked at the end of a play.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// How often they are tried again.
    pub retries: i64,
    /// Seconds between tries.
    pub delay: f64,
}

/// A role that a host gets, or a list of a play's own tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleCall {
    /// Its key in the library.
    pub name: String,
    /// The file of its tasks where it begins.
    pub file: String,
    /// What all of its tasks inherit from those that need it, the nearest last.
    pub keywords: Vec<Keywords>,
    /// What a play gives it, stronger than `set_fact`.
    pub params: Vec<(Key, Node)>,
}

impl RoleCall {
    /// Every variable that it is given.
    pub fn given(&self) -> impl Iterator<Item = &(Key, Node)> {
        self.keywords.iter().flat_map(|keywords| &keywords.vars).chain(&self.params)
    }
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

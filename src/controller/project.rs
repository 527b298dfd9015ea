//! What a person wrote, as it is once it was loaded and found right.

use super::access::Access;
use super::agent_programs::AgentPrograms;
use super::connection::Connection;
use super::loaded_role::LoadedRole;
use super::named_hosts::NamedHosts;
use super::playbook::LoadedPlay;
use crate::config::{Inventory, Layers};
use crate::engine::bundle::RoleCall;
use crate::engine::names::OtherValue;
use crate::template::LookupKey;
use crate::text::{Diagnostic, Sources};
use crate::value::{HostName, Key, Node};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::OnceLock;

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
    /// Those that the hosts can reach, and the plays' own.
    pub(super) roles: IndexMap<String, LoadedRole>,
    /// In order; none where the inventory names the roles.
    pub(super) plays: Vec<LoadedPlay>,
    /// Plays say what hosts get, and not the inventory.
    pub(super) has_playbook: bool,
    /// The play is no file.
    pub(super) ad_hoc: bool,
    pub(super) extra: Layers,
    /// The playbooks' folders, and the inventories'.
    pub(super) folders: Vec<PathBuf>,
    /// What was looked up on this machine.
    pub(super) answers: Answers,
    /// Hosts that only do something for others.
    pub(super) helpers: IndexMap<HostName, HostPlan>,
    /// Every host that does something for others.
    pub(super) serving: HashSet<String>,
    /// Roles, and plays' own, with tasks that other hosts do.
    pub(super) delegating: HashSet<String>,
    /// What any host asks of others.
    pub(super) asked: BTreeSet<OtherValue>,
    pub(super) tags: Vec<String>,
    pub(super) skip_tags: Vec<String>,
    pub(super) access: Access,
    pub(super) agents: AgentPrograms,
    /// Made when the first bundle is.
    pub(super) named_hosts: OnceLock<NamedHosts>,
}

/// One host's part of a run.
pub(super) struct HostPlan {
    /// What it gets, in order.
    pub(super) plays: Vec<HostPlay>,
    /// Every role of every play.
    pub(super) library: Vec<String>,
    pub(super) connection: Connection,
    /// `ansible_host`, where the inventory gives one.
    pub(super) address: Option<String>,
    /// `-e`, typed by the roles' argument specifications.
    pub(super) extra: Vec<(Key, Node)>,
}

/// What a host gets of a play.
pub(super) struct HostPlay {
    /// Which, by its place; none where the inventory names the roles.
    pub(super) place: Option<usize>,
    /// What is run, in order, dependencies first; after each stage the handlers.
    pub(super) stages: Vec<Vec<RoleCall>>,
    /// The roles of these calls and every role that they include; the play's own is the last.
    pub(super) library: Vec<String>,
}

impl HostPlay {
    pub(super) fn calls(&self) -> impl Iterator<Item = &RoleCall> {
        self.stages.iter().flatten()
    }
}

/// What was read, by what was asked.
pub(super) type Answers = HashMap<LookupKey, Node>;

impl Project {
    /// The hosts that a run is about, in inventory order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hosts.keys().map(HostName::as_str)
    }

    /// Whether any of them is this machine itself, reached without another program.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        let mut plans = self.hosts.values().chain(self.helpers.values());
        plans.any(|plan| plan.connection == Connection::Local)
    }

    pub(super) fn connection(&self, host: &str) -> &Connection {
        let plan = self.hosts.get(host).or_else(|| self.helpers.get(host));
        plan.map_or(&Connection::Local, |plan| &plan.connection)
    }
}

//! The host's own memory of what was applied, and what it tells about a change.

use super::seal::Sealed;
use crate::event::Change;
use crate::value::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the ids of tasks begin with that a host does for another, so that none of its own is taken for
/// one.
pub(super) const FOR_ANOTHER: &str = "@";

/// `state.json`. Hashes in it are keyed with the host's own key: a plain digest of a password file
/// could be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The format's version. Without it, it is no state.
    pub format: u32,
    /// The key under which its digests were made, by a digest of its own.
    #[serde(default)]
    pub key: Option<Sha256>,
    /// How many runs' journals are folded into it.
    #[serde(default)]
    pub folded: u64,
    /// What made each target, by kind and path, package or unit.
    #[serde(default)]
    pub targets: BTreeMap<String, Target>,
    /// Handlers that were notified and have not run.
    #[serde(default)]
    pub pending: Vec<PendingHandler>,
    /// `run_once: ever`, by id: the run that did it.
    #[serde(default)]
    pub ever: BTreeMap<String, String>,
    /// `run_once: until_changed`, by task id: the hash of the rendered task.
    #[serde(default)]
    pub until_changed: BTreeMap<String, Sha256>,
    /// A run that has not ended well.
    #[serde(default)]
    pub unfinished: Option<Unfinished>,
    /// The run that ended well last.
    #[serde(default)]
    pub last_run: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            format: 1,
            key: None,
            folded: 0,
            targets: BTreeMap::new(),
            pending: Vec::new(),
            ever: BTreeMap::new(),
            until_changed: BTreeMap::new(),
            unfinished: None,
            last_run: None,
        }
    }
}

/// What was last applied to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Of what was declared for it, one for each task that declares it.
    pub specs: BTreeSet<Sha256>,
    /// The task that declares it, without an item.
    pub task: String,
}

/// A handler that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingHandler {
    /// The role that notified it.
    pub role: String,
    /// The handler's name or topic, as notified.
    pub name: String,
    /// The task that notified it first, without an item.
    #[serde(default)]
    pub task: String,
    /// Units that were not active, and whose start was begun after it was notified last: where one
    /// is active now, it has read what changed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub started: BTreeSet<String>,
}

/// A run that was started and has not ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// Its id.
    pub run: String,
    /// What changed in it, by task and what was declared: it still counts as changed.
    pub changed: BTreeMap<String, Earlier>,
}

/// A change of a run that has not ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// An act was begun whose result the task registers.
    #[serde(default)]
    pub awaits: bool,
    /// What its actions brought back.
    #[serde(default)]
    pub result: Option<Sealed>,
}

impl PendingHandler {
    /// Whether it waits for the same handler, whoever notified it.
    #[must_use]
    pub fn is_same(&self, role: &str, name: &str) -> bool {
        self.role == role && self.name == name
    }
}

impl State {
    /// Why a target changes now: by what made it last. `None` if that cannot be told.
    #[must_use]
    pub fn classify(&self, target: &str, spec: Sha256) -> Option<Change> {
        match self.targets.get(target) {
            None => Some(Change::New),
            Some(known) if known.specs.is_empty() => None,
            Some(known) if known.specs.contains(&spec) => Some(Change::Drift),
            Some(_) => Some(Change::Intended),
        }
    }

    /// Forgets what only the lost key could tell: what was declared, and what acts brought back.
    pub fn without_its_key(&mut self) {
        self.targets.values_mut().for_each(|target| target.specs.clear());
        self.until_changed.clear();
    }
}

//! The host's own memory of what was applied, and what it tells about a change.

use crate::event::Change;
use crate::value::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `state.json`. Hashes in it are keyed with the host's own key: a plain digest of a password file
/// could be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The format's version.
    pub format: u32,
    /// What made each target, by kind and path, package or unit.
    pub targets: BTreeMap<String, Target>,
    /// Handlers that were notified and have not run.
    pub pending: Vec<PendingHandler>,
    /// `run_once: ever`, by id: the run that did it.
    pub ever: BTreeMap<String, String>,
    /// `run_once: until_changed`, by task id: the hash of the rendered task.
    pub until_changed: BTreeMap<String, Sha256>,
    /// A run that has not ended well.
    pub unfinished: Option<Unfinished>,
    /// The run that ended well last.
    pub last_run: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            format: 1,
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingHandler {
    /// The role that notified it.
    pub role: String,
    /// The handler's name or topic, as notified.
    pub name: String,
    /// The task that notified it first, without an item.
    #[serde(default)]
    pub task: String,
}

/// A run that was started and has not ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// Its id.
    pub run: String,
    /// Tasks that changed something in it, by id and pass: they still count as changed.
    pub changed: BTreeSet<String>,
}

impl PendingHandler {
    /// Whether it waits for the same handler, whoever notified it.
    #[must_use]
    pub fn is_same(&self, role: &str, name: &str) -> bool {
        self.role == role && self.name == name
    }
}

impl State {
    /// Why a target changes now: by what made it last.
    #[must_use]
    pub fn classify(&self, target: &str, spec: Sha256) -> Change {
        match self.targets.get(target) {
            None => Change::New,
            Some(known) if known.specs.contains(&spec) => Change::Drift,
            Some(_) => Change::Intended,
        }
    }
}

/// Where a host's memory is kept. A dry run's forgets what it is told.
pub trait Memory {
    /// The memory as it was at the start.
    fn state(&self) -> &State;

    /// Changes it and makes the change last before it returns. Writes nothing if nothing changed.
    ///
    /// # Errors
    /// If it cannot be written; the run must not go on then.
    fn update(&mut self, change: &mut dyn FnMut(&mut State)) -> Result<(), crate::host::HostError>;

    /// A digest under the host's own key.
    fn keyed(&self, bytes: &[u8]) -> Sha256;
}

/// A memory that lasts as long as the run: a dry run's, and tests'.
#[derive(Debug, Default)]
pub struct Forgetful {
    state: State,
    key: Vec<u8>,
}

impl Forgetful {
    /// Starts from what is remembered, under the host's key.
    #[must_use]
    pub fn new(state: State, key: Vec<u8>) -> Self {
        Self { state, key }
    }
}

impl Memory for Forgetful {
    fn state(&self) -> &State {
        &self.state
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut State)) -> Result<(), crate::host::HostError> {
        change(&mut self.state);
        Ok(())
    }

    fn keyed(&self, bytes: &[u8]) -> Sha256 {
        keyed(&self.key, bytes)
    }
}

/// HMAC-SHA-256 (RFC 2104).
#[must_use]
pub fn keyed(key: &[u8], bytes: &[u8]) -> Sha256 {
    use hmac::{KeyInit, Mac};
    match hmac::Hmac::<sha2::Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(bytes);
            Sha256::from_bytes(mac.finalize().into_bytes().into())
        }
        // HMAC takes a key of any length.
        Err(_) => Sha256::of(bytes),
    }
}

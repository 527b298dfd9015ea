//! What a run writes down as it goes, one entry at a time, and what each makes of the state.

use super::seal::Sealed;
use super::state::{PendingHandler, State, Target};
use crate::value::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One entry of a run's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum JournalEntry {
    /// An action is about to be performed.
    Begun(Begun),
    /// What a task's actions brought back, for what it registers.
    Brought {
        /// The task, as [`Begun::key`].
        key: String,
        /// The members of its result.
        result: Sealed,
    },
    /// Handlers that wait no longer.
    Handled(Vec<PendingHandler>),
    /// A `run_once: ever` task succeeded.
    Ever {
        /// Its id.
        id: String,
        /// The run.
        run: String,
    },
    /// A `run_once: until_changed` task succeeded.
    UntilChanged {
        /// Its id.
        id: String,
        /// Of the rendered task.
        hash: Sha256,
    },
    /// The run ended.
    Ended(Ended),
}

/// An action before it is performed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// The run.
    pub run: String,
    /// The task with what it declares, as [`super::state::Unfinished::changed`] knows it.
    pub key: String,
    /// What the memory calls the target.
    pub target: String,
    /// Whom the task notifies, in the entry of its first action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<PendingHandler>,
    /// The action's kind.
    pub action: String,
    /// The unit that the action starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// Its result is registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits: bool,
    /// As [`Ended::in_passing`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_passing: bool,
    /// What an inverse needs: a [`super::before::Before`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Sealed>,
}

/// What lasts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// The run.
    pub run: String,
    /// It came to its end, and nothing failed.
    pub well: bool,
    /// It changed something.
    pub acted: bool,
    /// What was declared for each target that it looked at.
    pub seen: BTreeMap<String, Target>,
    /// Targets that nothing declares any more.
    pub released: Vec<String>,
    /// What an earlier run began and this one, which left tasks out, did not come by: keys of
    /// [`super::state::Unfinished::changed`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// It declared nothing, and leaves everything as it found it remembered: a task or command of a
    /// command line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_passing: bool,
}

impl State {
    /// Takes an entry over. Whether it changed anything.
    pub fn take(&mut self, entry: &JournalEntry) -> bool {
        match entry {
            JournalEntry::Begun(begun) => self.begun(begun),
            JournalEntry::Brought { key, result } => {
                let unfinished = self.unfinished.get_or_insert_default();
                let earlier = unfinished.changed.entry(key.clone()).or_default();
                earlier.result.replace(result.clone()).as_ref() != Some(result)
            }
            JournalEntry::Handled(handlers) => {
                let before = self.pending.len();
                let done = |pending: &PendingHandler| {
                    handlers.iter().any(|done| done.is_same(&pending.role, &pending.name))
                };
                self.pending.retain(|pending| !done(pending));
                self.pending.len() != before
            }
            JournalEntry::Ever { id, run } => {
                self.ever.insert(id.clone(), run.clone()).as_ref() != Some(run)
            }
            JournalEntry::UntilChanged { id, hash } => {
                self.until_changed.insert(id.clone(), *hash) != Some(*hash)
            }
            JournalEntry::Ended(ended) => self.ended(ended),
        }
    }

    fn begun(&mut self, begun: &Begun) -> bool {
        let unfinished = self.unfinished.get_or_insert_default();
        // What a whole run left unfinished is still that run's.
        if !begun.in_passing || unfinished.changed.is_empty() {
            unfinished.run.clone_from(&begun.run);
        }
        let earlier = unfinished.changed.entry(begun.key.clone()).or_default();
        earlier.awaits |= begun.awaits;
        // What an earlier try brought back is not what this one will.
        earlier.result = None;
        for handler in &begun.notified {
            let is_same = |old: &&mut PendingHandler| old.is_same(&handler.role, &handler.name);
            match self.pending.iter_mut().find(is_same) {
                Some(waits) => waits.started.clear(),
                None => self.pending.push(handler.clone()),
            }
        }
        if let Some(unit) = &begun.starts {
            for waits in &mut self.pending {
                waits.started.insert(unit.clone());
            }
        }
        // The action itself is to be remembered, whatever it makes of the state.
        true
    }

    /// Nothing is unfinished any more, but what is left. Whether that changes anything.
    fn finish(&mut self, left: &[String]) -> bool {
        let Some(mut unfinished) = self.unfinished.take() else { return false };
        let before = unfinished.changed.len();
        unfinished.changed.retain(|key, _| left.contains(key));
        let now = unfinished.changed.len();
        self.unfinished = (now > 0).then_some(unfinished);
        now == 0 || now != before
    }

    fn ended(&mut self, ended: &Ended) -> bool {
        let mut changed = false;
        for name in &ended.released {
            changed |= self.targets.remove(name).is_some();
        }
        for (name, target) in &ended.seen {
            if self.targets.get(name) != Some(target) {
                self.targets.insert(name.clone(), target.clone());
                changed = true;
            }
        }
        if ended.in_passing {
            changed |= self.finish(&ended.left);
        } else if ended.well {
            let unfinished = self.finish(&ended.left);
            changed |= unfinished;
            // A run that changed nothing leaves the memory as it was.
            if ended.acted || unfinished || self.last_run.is_none() {
                changed |= self.last_run.replace(ended.run.clone()).as_ref() != Some(&ended.run);
            }
        }
        changed
    }
}

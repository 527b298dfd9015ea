//! What an earlier run, which did not end well, has done of a task: noted before each action, and
//! with what it brought back, so that nothing goes on with half of it.

use super::context::Reach;
use super::item::{Doing, Item};
use super::note::{Begun, Note};
use super::outcome::Attempt;
use super::run::Runner;
use super::seal::{Sealed, keyed, open, seal};
use crate::event::Reason;
use crate::host::{Action, View};
use crate::text::Diagnostic;
use crate::value::{Known, Map, Origin, Sha256};

/// The notes of one task's actions.
pub(super) struct Notes {
    /// The next action's; `None` where none is taken.
    next: Option<Begun>,
    begun: bool,
    registers: bool,
    result: Map,
}

impl Notes {
    /// What an action brought back.
    pub(super) fn brought(&mut self, result: &Map) {
        if self.next.is_some() && self.registers {
            self.result.extend(result.clone());
        }
    }
}

impl Runner<'_> {
    /// A digest under the host's own key.
    pub(super) fn keyed(&self, text: &str) -> Sha256 {
        keyed(self.memory.key(), text.as_bytes())
    }

    /// What the memory knows an item by: its task and what it declares, numbered if this run has
    /// come by the same before (a file may be included twice). Where the item stands in its loop
    /// is no part of it: the list may be another next time.
    pub(super) fn settle_key(&mut self, item: &Item<'_>, spec: Sha256) {
        if item.key.get().is_some() {
            return;
        }
        let mut key = format!("{} {spec}", item.task.id);
        let passed = self.knows.passed.entry(key.clone()).or_insert(0);
        *passed += 1;
        if *passed > 1 {
            key.push_str(&format!(" #{passed}"));
        }
        let _ = item.key.set(key);
    }

    /// What an earlier run, which did not end well, changed, and this one has not come by.
    pub(super) fn not_come_by(&self) -> Vec<String> {
        let come_by = |key: &str| {
            let (task, pass) = key.rsplit_once(" #").unwrap_or((key, "1"));
            let passed = self.knows.passed.get(task).copied().unwrap_or_default();
            pass.parse::<u32>().is_ok_and(|pass| pass <= passed)
        };
        self.changed_before.keys().filter(|key| !come_by(key)).cloned().collect()
    }

    /// Prepares the notes of a task's actions.
    pub(super) fn notes_of(&self, doing: &Doing<'_>) -> Result<Notes, Diagnostic> {
        let notified = self.to_notify(doing.item, doing.context)?;
        let next = (doing.context.reach == Reach::Certain).then(|| Begun {
            run: self.bundle.run.clone(),
            key: doing.item.key.get().cloned().unwrap_or_default(),
            target: doing.target.to_owned(),
            notified,
            ..Begun::default()
        });
        let registers = doing.item.task.keywords.register.is_some();
        Ok(Notes { next, begun: false, registers, result: Map::new() })
    }

    /// Written to the host's memory before an action: what it replaces, that its task changed,
    /// and whom that notifies.
    pub(super) fn note_before(
        &mut self,
        notes: &mut Notes,
        action: &Action,
        view: &dyn View,
    ) -> Result<(), Diagnostic> {
        let Some(next) = &mut notes.next else { return Ok(()) };
        action.kind().clone_into(&mut next.action);
        next.awaits = notes.registers && matches!(action, Action::Run { .. } | Action::Request(_));
        let begun = next.clone();
        next.notified.clear();
        let nothing = if notes.begun { "no more was done" } else { "nothing was done" };
        notes.begun = true;
        self.memory.begin(begun, action, view).map_err(|error| {
            error.diagnostic().note(format!("{nothing}: what cannot be remembered is not begun"))
        })
    }

    /// Remembers what the actions brought back, for what their task registers.
    pub(super) fn keep_result(&mut self, notes: Notes) {
        let (Some(next), false) = (notes.next, notes.result.is_empty()) else { return };
        let Ok(text) = serde_json::to_vec(&notes.result) else { return };
        let result = seal(self.memory.key(), &text);
        let kept = self.memory.note(Note::Brought { key: next.key, result });
        self.warn_if_failed(kept);
    }

    /// Nothing is left to do: whether an earlier run, which did not end well, has done it, and
    /// what that brought back.
    pub(super) fn recall_change(&self, doing: &Doing<'_>, attempt: &mut Attempt) {
        let Some(key) = doing.item.key.get() else { return };
        let Some(earlier) = self.changed_before.get(key) else { return };
        attempt.changed = Known::Is(true);
        attempt.earlier = true;
        attempt.reason.get_or_insert(Reason::ChangedBefore);
        match earlier.result.as_ref().and_then(|sealed| self.opened(sealed)) {
            Some(result) => attempt.result.extend(result),
            None if earlier.awaits => {
                let what = Origin::lost(format!("what `{}` brought back", doing.item.id));
                attempt.result.extend(doing.kind.unknown_result(&what));
            }
            None => {}
        }
    }

    fn opened(&self, sealed: &Sealed) -> Option<Map> {
        serde_json::from_slice(&open(self.memory.key(), sealed)?).ok()
    }
}

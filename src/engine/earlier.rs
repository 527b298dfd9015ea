//! What an earlier run, which did not end well, has done of a task: noted before each action, and
//! with what it brought back, so that nothing goes on with half of it.

use super::context::{Context, Reach};
use super::item::{Doing, Item};
use super::journal_entry::{Begun, JournalEntry};
use super::outcome::Attempt;
use super::run::Runner;
use super::seal::{Sealed, keyed, open, seal};
use super::secrets::mark;
use super::state::Earlier;
use super::task::Body;
use crate::event::Reason;
use crate::host::{Action, ServiceChange, View};
use crate::resource::{self, Kind};
use crate::text::Diagnostic;
use crate::value::{Known, Map, Origin, Sha256, Value};

/// The entries of one task's actions.
pub(super) struct TaskEntries {
    /// The next action's; `None` where none is taken.
    next: Option<Begun>,
    begun: bool,
    registers: bool,
    result: Map,
}

impl TaskEntries {
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

    /// The digest of what a task declares.
    pub(super) fn spec(&self, kind: &Kind, value: &Value) -> Sha256 {
        self.keyed(&format!("{} {}", kind.name, value.to_json_exposed()))
    }

    /// What the memory knows an item by: its task and what it declares, numbered if this run has
    /// come by the task before (a file may be included twice), done or passed over, or by the same
    /// in the same loop. Where an item stands in its loop, or in that of a block around the task,
    /// is no part of it: the list may be another next time.
    pub(super) fn settle_key(&mut self, item: &Item<'_>, spec: Sha256) {
        if item.key.get().is_none() {
            let (bare, key) = self.next_key(item, spec);
            *self.knows.passed.entry(bare).or_insert(0) += 1;
            let _ = item.key.set(key);
        }
    }

    fn next_key(&self, item: &Item<'_>, spec: Sha256) -> (String, String) {
        let id = &item.task.id;
        let bare = match self.knows.passed.get(item.place()) {
            None | Some(1) => format!("{id} {spec}"),
            Some(pass) => format!("{id} {spec} @{pass}"),
        };
        let key = match self.knows.passed.get(&bare) {
            None => bare.clone(),
            Some(passed) => format!("{bare} #{}", passed + 1),
        };
        (bare, key)
    }

    /// What an earlier run, which did not end well, changed, and this one has not come by.
    pub(super) fn not_come_by(&self) -> Vec<String> {
        let come_by = |key: &str| {
            let numbered = key.rsplit_once(" #");
            let numbered = numbered.and_then(|(bare, pass)| Some((bare, pass.parse().ok()?)));
            let (bare, pass) = numbered.unwrap_or((key, 1_u32));
            self.knows.passed.get(bare).is_some_and(|passed| pass <= *passed)
        };
        self.changed_before.keys().filter(|key| !come_by(key)).cloned().collect()
    }

    /// Prepares the entries of a task's actions.
    pub(super) fn entries_of(&self, doing: &Doing<'_>) -> Result<TaskEntries, Diagnostic> {
        let notified = self.to_notify(doing.item, doing.context)?;
        let next = (doing.context.reach == Reach::Certain).then(|| Begun {
            run: self.bundle.run.clone(),
            key: doing.item.key.get().cloned().unwrap_or_default(),
            target: doing.target.to_owned(),
            notified,
            in_passing: self.bundle.ad_hoc,
            ..Begun::default()
        });
        let registers = doing.item.task.keywords.register.is_some();
        Ok(TaskEntries { next, begun: false, registers, result: Map::new() })
    }

    /// Written to the host's memory before an action: what it replaces, that its task changed,
    /// and whom that notifies.
    pub(super) fn append_before(
        &mut self,
        entries: &mut TaskEntries,
        action: &Action,
        view: &dyn View,
    ) -> Result<(), Diagnostic> {
        let Some(next) = &mut entries.next else { return Ok(()) };
        action.kind().clone_into(&mut next.action);
        next.starts = match action {
            Action::Service { unit, change: ServiceChange::Start, .. } => Some(unit.clone()),
            _ => None,
        };
        next.awaits =
            entries.registers && matches!(action, Action::Run { .. } | Action::Request(_));
        let begun = next.clone();
        next.notified.clear();
        let nothing = if entries.begun { "no more was done" } else { "nothing was done" };
        entries.begun = true;
        self.memory.begin(begun, action, view).map_err(|error| {
            error.diagnostic().note(format!("{nothing}: what cannot be remembered is not begun"))
        })
    }

    /// Remembers what the actions brought back, for what their task registers.
    pub(super) fn keep_result(&mut self, entries: TaskEntries) {
        let (Some(next), false) = (entries.next, entries.result.is_empty()) else { return };
        let Ok(text) = serde_json::to_vec(&entries.result) else { return };
        let result = seal(self.memory.key(), &text);
        let kept = self.memory.append(JournalEntry::Brought { key: next.key, result });
        self.warn_if_failed(kept);
    }

    /// Nothing is left to do: whether an earlier run, which did not end well, has done it, and
    /// what that brought back.
    pub(super) fn recall_change(&self, doing: &Doing<'_>, attempt: &mut Attempt) {
        let key = doing.item.key.get();
        if let Some(earlier) = key.and_then(|key| self.changed_before.get(key)) {
            self.recall_result(doing.kind, doing.item, earlier, attempt);
        }
    }

    /// Its condition is false, which what an earlier run did may have made so.
    pub(super) fn passed_over(&mut self, item: &Item<'_>, context: &Context) -> Attempt {
        self.done_before(item, context).unwrap_or_else(|| Attempt::skipped(Reason::ConditionFalse))
    }

    fn done_before(&mut self, item: &Item<'_>, context: &Context) -> Option<Attempt> {
        let Body::Resource { kind, params } = &item.task.body else { return None };
        let known = format!("{} ", item.task.id);
        if !self.changed_before.range(known.clone()..).next()?.0.starts_with(&known) {
            return None;
        }
        let kind = resource::find(kind)?;
        // What cannot be told now was not done.
        let mut value = self.templates.node(params, &item.scopes.scope()).ok()?;
        self.fill_in(kind, &mut value, params, item, context).ok()?;
        let spec = self.spec(kind, &value);
        let (_, key) = self.next_key(item, spec);
        let earlier = self.changed_before.get(&key)?;
        let mut attempt = Attempt::ok();
        self.recall_result(kind, item, earlier, &mut attempt);
        self.settle_key(item, spec);
        let hidden = self.is_hidden(item, context);
        mark(&mut attempt.result, &value, hidden, &self.redactor);
        Some(attempt)
    }

    fn recall_result(
        &self,
        kind: &Kind,
        item: &Item<'_>,
        earlier: &Earlier,
        attempt: &mut Attempt,
    ) {
        attempt.changed = Known::Is(true);
        attempt.earlier = true;
        attempt.reason.get_or_insert(Reason::ChangedBefore);
        match earlier.result.as_ref().and_then(|sealed| self.opened(sealed)) {
            Some(result) => attempt.result.extend(result),
            None if earlier.awaits => {
                let what = Origin::lost(format!("what `{}` brought back", item.id));
                attempt.result.extend(kind.unknown_result(&what));
            }
            None => {}
        }
    }

    fn opened(&self, sealed: &Sealed) -> Option<Map> {
        serde_json::from_slice(&open(self.memory.key(), sealed)?).ok()
    }
}

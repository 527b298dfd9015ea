//! What one try of a task came to, and the result that `register` gets.

use crate::event::{ActionReport, Change, Expected, Output, Reason, TaskStatus, Texts};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Known, Map, Origin, Value};
use serde::{Deserialize, Serialize};

/// One try of one task for one item; crosses to the host if the controller made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Joined into the registered result.
    pub(super) result: Map,
    pub(super) changed: Known<bool>,
    /// It changed in an earlier run, which did not end well; nothing is left to do in this one.
    pub(super) earlier: bool,
    /// `Is(Some)`: failed. Unknown: whether it failed is known after apply.
    pub(super) failed: Known<Option<Diagnostic>>,
    pub(super) skipped: Known<bool>,
    pub(super) actions: Vec<ActionReport>,
    pub(super) not_needed: Vec<ActionReport>,
    pub(super) change: Option<Change>,
    pub(super) reason: Option<Reason>,
    /// It passed on an assumption.
    pub(super) assumed: bool,
    /// Whether it succeeds is not known: an assumption, an act.
    pub(super) may_fail: bool,
}

impl Attempt {
    /// The same with nothing told of what it says (`no_log`).
    pub(super) fn without_words(mut self) -> Self {
        const HIDDEN: &str = "not shown: `no_log`";
        if let Some(Reason::Message { message }) = &mut self.reason {
            HIDDEN.clone_into(message);
        }
        if let Known::Is(Some(error)) = &mut self.failed {
            HIDDEN.clone_into(&mut error.message);
        }
        for value in self.result.values_mut() {
            *value = std::mem::take(value).into_secret();
        }
        self
    }

    /// Takes secrets out of what is told of it; its result keeps them.
    pub(super) fn redact(&mut self, redactor: &Redactor) {
        self.actions.redact(redactor);
        self.not_needed.redact(redactor);
        self.reason.redact(redactor);
        if let Known::Is(error) = &mut self.failed {
            error.redact(redactor);
        }
    }

    /// What was performed; in a dry run what would be.
    #[must_use]
    pub fn actions(&self) -> &[ActionReport] {
        &self.actions
    }

    /// A member of the result.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.result.get(name)
    }

    /// What a command said. Of what it was given a secret for, nothing.
    pub(super) fn output(&self) -> Option<Output> {
        let text = |name: &str| match self.result.get(name)? {
            Value::Str(text) => Some(text.clone()),
            _ => None,
        };
        match self.result.get("rc")? {
            Value::Int(rc) => {
                Some(Output { rc: *rc, stdout: text("stdout")?, stderr: text("stderr")? })
            }
            _ => None,
        }
    }

    /// As declared.
    pub(super) fn ok() -> Self {
        Self {
            result: Map::new(),
            changed: Known::Is(false),
            earlier: false,
            failed: Known::Is(None),
            skipped: Known::Is(false),
            actions: Vec::new(),
            not_needed: Vec::new(),
            change: None,
            reason: None,
            assumed: false,
            may_fail: false,
        }
    }

    pub(super) fn failed(error: Diagnostic) -> Self {
        Self { failed: Known::Is(Some(error)), ..Self::ok() }
    }

    /// Whether it fails is not known.
    pub(super) fn doubtful() -> Self {
        Self { may_fail: true, ..Self::ok() }
    }

    pub(super) fn skipped(reason: Reason) -> Self {
        Self { skipped: Known::Is(true), ..Self::ok() }.because(reason)
    }

    pub(super) fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Passes on an assumption, and says which.
    pub(super) fn assuming(mut self, to: Expected, origin: &Origin) -> Self {
        self.assumed = true;
        self.may_fail = true;
        self.because(Reason::Assumed { to, origin: origin.to_string() })
    }

    pub(super) fn error(&self) -> Option<&Diagnostic> {
        match &self.failed {
            Known::Is(Some(error)) => Some(error),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> TaskStatus {
        if self.error().is_some() {
            return TaskStatus::Failed;
        }
        if self.skipped == Known::Is(true) {
            return TaskStatus::Skipped;
        }
        match &self.changed {
            Known::Is(true) => TaskStatus::Changed,
            Known::Is(false) if self.assumed => TaskStatus::Unknown,
            Known::Is(false) => TaskStatus::Ok,
            Known::Unknown(_) => TaskStatus::Unknown,
        }
    }

    /// What `register` gets. A member that is not known is unknown there too.
    pub(super) fn registered(&self) -> Value {
        let flag = |known: &Known<bool>| match known {
            Known::Is(value) => Value::Bool(*value),
            Known::Unknown(origin) => Value::Unknown(origin.clone()),
        };
        let mut map = self.result.clone();
        map.insert("changed".into(), flag(&self.changed));
        let failed = flag(&self.failed.as_ref().map(Option::is_some));
        map.entry("failed".into()).or_insert(failed);
        map.insert("skipped".into(), flag(&self.skipped));
        if let Some(error) = self.error() {
            map.entry("msg".into()).or_insert_with(|| error.message.as_str().into());
        }
        Value::Map(map)
    }
}

/// What `register` gets of a loop.
pub(super) fn registered_loop(items: Vec<Value>) -> Value {
    let any = |key: &str| {
        let mut unknown = None;
        for item in &items {
            match item.get(key) {
                Some(Value::Bool(true)) => return Value::Bool(true),
                Some(Value::Unknown(origin)) => unknown = Some(origin.clone()),
                _ => {}
            }
        }
        unknown.map_or(Value::Bool(false), Value::Unknown)
    };
    // A loop over nothing was passed over as a whole, too.
    let mut all_skipped = Value::Bool(true);
    for item in &items {
        match item.get("skipped") {
            Some(Value::Bool(true)) => {}
            Some(Value::Unknown(origin)) => all_skipped = Value::Unknown(origin.clone()),
            _ => {
                all_skipped = Value::Bool(false);
                break;
            }
        }
    }
    let mut map = Map::new();
    map.insert("changed".into(), any("changed"));
    map.insert("failed".into(), any("failed"));
    map.insert("skipped".into(), all_skipped);
    map.insert("results".into(), Value::List(items));
    Value::Map(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_skipped_if_no_item_was_done() {
        let item = |skipped: Value| Value::Map(Map::from_iter([("skipped".to_owned(), skipped)]));
        let unknown = || Value::Unknown(Origin::new("later"));
        let (yes, no) = (|| Value::Bool(true), || Value::Bool(false));
        for (items, skipped) in [
            (vec![], yes()),
            (vec![yes(), yes()], yes()),
            (vec![yes(), no()], no()),
            (vec![yes(), unknown()], unknown()),
            (vec![unknown(), no()], no()),
        ] {
            let result = registered_loop(items.into_iter().map(item).collect());
            // An unknown equals nothing: its words are compared.
            assert_eq!(format!("{:?}", result.get("skipped")), format!("{:?}", Some(&skipped)));
        }
    }
}

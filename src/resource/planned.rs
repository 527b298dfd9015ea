//! What one look at a resource yields: the actions still to do, the result, the verdict.

use super::later::Later;
use crate::host::Action;
use crate::text::Diagnostic;
use crate::value::{Map, Origin, Value};

/// A resource's plan. Empty of steps: the host is as declared.
#[derive(Debug, Default)]
pub struct Planned {
    /// In order.
    pub steps: Vec<Step>,
    /// Actions that may be needed, but that nothing can tell in full yet. In apply, another look
    /// after the steps were performed tells them.
    pub open: Vec<Open>,
    /// A `validate` that is to be asked about the file in its place, where it could not be asked
    /// before: now, or in a run that did not end well.
    pub later: Option<Later>,
    /// What `register` gets, besides `changed`, `failed`, `skipped` and an act's own output.
    pub result: Map,
    /// What a gate says; `Pass` for everything else.
    pub gate: Gate,
}

/// An action, and what it hinges on.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What would be done.
    pub action: Action,
    /// Why it may already be as declared; `None` if it is certain.
    pub unless: Option<Origin>,
    /// An act whose end the resource sees when it looks again (a database that holds what its
    /// source says), unlike a command, which only says that it succeeded.
    pub seen: bool,
}

impl Step {
    /// Whether looking again, once it was performed, tells anything.
    #[must_use]
    pub const fn has_end(&self) -> bool {
        self.seen || !self.action.is_act()
    }
}

/// An action that may be needed and cannot be written down yet, because what it builds on is not
/// known: a line in a file that a package will bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The action's kind, as [`Action::kind`] has it.
    pub kind: &'static str,
    /// The action's target, as [`Action::target`] has it; for a path, what becomes unknown.
    pub target: String,
    /// What will make it known.
    pub origin: Origin,
}

/// The answer of something that only observes.
#[derive(Debug, Default)]
pub enum Gate {
    /// As it should be.
    #[default]
    Pass,
    /// Not so.
    Fail(Diagnostic),
    /// Cannot be asked yet; a dry run assumes that it passes and says so.
    Unknown(Origin),
}

impl Planned {
    /// Nothing to do, nothing to tell.
    #[must_use]
    pub fn as_declared() -> Self {
        Self::default()
    }

    /// Adds an action that is certain.
    #[must_use]
    pub fn exact(mut self, action: Action) -> Self {
        self.steps.push(Step { action, unless: None, seen: false });
        self
    }

    /// Adds an action that may turn out not to be needed.
    #[must_use]
    pub fn unless(mut self, action: Action, origin: Origin) -> Self {
        self.steps.push(Step { action, unless: Some(origin), seen: false });
        self
    }

    /// Adds an action that cannot be written down yet.
    #[must_use]
    pub fn open(mut self, kind: &'static str, target: impl Into<String>, origin: Origin) -> Self {
        self.open.push(Open { kind, target: target.into(), origin });
        self
    }

    /// Adds an action that is certain unless there is an origin of doubt.
    #[must_use]
    pub fn step(mut self, action: Action, unless: Option<Origin>) -> Self {
        self.steps.push(Step { action, unless, seen: false });
        self
    }

    /// Adds an act whose end this resource sees.
    #[must_use]
    pub fn act_seen(mut self, action: Action, unless: Option<Origin>) -> Self {
        self.steps.push(Step { action, unless, seen: true });
        self
    }

    /// Cannot be asked yet.
    #[must_use]
    pub fn assume(mut self, origin: Origin) -> Self {
        self.gate = Gate::Unknown(origin);
        self
    }

    /// Adds to the result.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.result.insert(key.to_owned(), value.into());
        self
    }

    /// Fails.
    #[must_use]
    pub fn fail(mut self, diagnostic: Diagnostic) -> Self {
        self.gate = Gate::Fail(diagnostic);
        self
    }
}

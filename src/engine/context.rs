//! What a task inherits from where it stands: variables, conditions, how certain it is.

use super::scope::Scopes;
use super::task::Keywords;
use crate::value::{Node, Origin};
use std::collections::BTreeSet;

/// The surroundings of a task list.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) scopes: Scopes,
    /// The role whose files and templates are used.
    pub(super) role: String,
    /// Conditions of blocks and imports around it, asked again for every task.
    pub(super) when: Vec<Node>,
    pub(super) tags: Vec<String>,
    /// Of the blocks around it, the nearest last.
    pub(super) environment: Vec<Node>,
    pub(super) ignore_errors: Option<Node>,
    pub(super) no_log: Option<Node>,
    pub(super) reach: Reach,
    /// The items of the loops around it, as ids tell them: `[one][two]`.
    pub(super) within: String,
    /// A condition stands around it, or it runs only after a failure.
    pub(super) guarded: bool,
    /// It runs as a handler that was notified at this point of the run.
    pub(super) handler: Option<Called>,
}

/// How certainly the run gets here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// It will.
    Certain,
    /// Under a `when` on something unknown.
    OnlyIf(Origin),
    /// Only if a block fails; and there perhaps under a `when` on something unknown.
    OnFailure(Option<Origin>),
}

/// When a handler was notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// For the last time.
    pub(super) last: u64,
    /// For the last time for certain, and why a later call may not be one.
    pub(super) certain: Option<(u64, Origin)>,
    /// Units that an earlier run started after every call.
    pub(super) started: BTreeSet<String>,
}

impl Reach {
    /// The unknown under which a task stands.
    pub(super) const fn condition(&self) -> Option<&Origin> {
        match self {
            Self::OnlyIf(origin) | Self::OnFailure(Some(origin)) => Some(origin),
            Self::Certain | Self::OnFailure(None) => None,
        }
    }

    /// Whether this is only rehearsed.
    pub(super) const fn is_on_failure(&self) -> bool {
        matches!(self, Self::OnFailure(_))
    }
}

impl Context {
    /// The same under a condition that is not known.
    pub(super) fn only_if(&self, origin: &Origin) -> Self {
        let reach = match &self.reach {
            Reach::OnFailure(_) => Reach::OnFailure(Some(origin.clone())),
            Reach::Certain | Reach::OnlyIf(_) => Reach::OnlyIf(origin.clone()),
        };
        Self { reach, ..self.clone() }
    }

    /// Inside a block, an import or an include with these keywords.
    pub(super) fn inside(&self, keywords: &Keywords) -> Self {
        let mut inner = self.clone();
        inner.when.extend(keywords.when.iter().cloned());
        inner.guarded |= !keywords.when.is_empty();
        inner.tags.extend(keywords.tags.iter().cloned());
        if !keywords.vars.is_empty() {
            inner.scopes.frames.push(std::sync::Arc::new(keywords.vars.clone()));
        }
        let nearer =
            |own: &Option<Node>, outer: &Option<Node>| own.clone().or_else(|| outer.clone());
        inner.environment.extend(keywords.environment.clone());
        inner.ignore_errors = nearer(&keywords.ignore_errors, &self.ignore_errors);
        inner.no_log = nearer(&keywords.no_log, &self.no_log);
        inner
    }
}

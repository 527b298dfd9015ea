//! Files that took their place before the program of their `validate` was there: asked about
//! before a unit starts that may read them, and at the run's end.

use super::bundle::Purpose;
use super::flow::Flow;
use super::item::Doing;
use super::knowledge::Unproven;
use super::outcome::Attempt;
use super::run::Runner;
use crate::event::Reason;
use crate::host::{Action, Assumption, HostError, ServiceChange, View};
use crate::resource::{self, Later, Verdict};
use crate::text::Diagnostic;

/// Whether a unit reads its files anew with this action.
pub(super) const fn reads_files(action: &Action) -> bool {
    matches!(
        action,
        Action::Service { change: ServiceChange::Start, .. }
            | Action::Restart { .. }
            | Action::Reload { .. }
    )
}

impl Runner<'_> {
    /// Notes that a file is to be asked about later; a dry run says that this is assumed to go well.
    ///
    /// # Errors
    /// If it would take its place unasked, and nothing that is still to come can bring the program.
    pub(super) fn owe(
        &mut self,
        view: &dyn View,
        doing: &Doing<'_>,
        later: Later,
        attempt: &mut Attempt,
    ) -> Result<(), Diagnostic> {
        let program = later.program();
        if later.unasked && !self.may_come(view, program).map_err(|error| error.diagnostic())? {
            return Err(Diagnostic::new(format!(
                "there is no `{program}` to validate the file with"
            ))
            .help(
                "no package and no file that comes after this task brings it; a command that \
                     does says so in `creates` or `changes`",
            ));
        }
        if self.bundle.purpose == Purpose::Check {
            let assumptions = vec![Assumption::Accepted { by: later.words().join(" ") }];
            // What an earlier run did is of less weight than what this one may fail with.
            attempt.reason = Some(Reason::AssumedSo { assumptions });
        }
        let item = doing.item;
        let task = self.reference(item.task, doing.context, item.label.as_deref());
        self.knows.unproven.retain(|other| other.later.path != later.path);
        self.knows.unproven.push(Unproven { later, task: Box::new(task) });
        Ok(())
    }

    fn may_come(&self, view: &dyn View, program: &str) -> Result<bool, HostError> {
        let mut tasks = Vec::new();
        for list in self.bundle.library.values().flat_map(|role| role.tasks.values()) {
            super::typing::for_each(list, &mut |task| {
                if !self.evaluated.contains(&task.id)
                    && let super::task::Body::Resource { kind, params } = &task.body
                {
                    tasks.push((kind, params));
                }
            });
        }
        for (kind, params) in tasks {
            if let Some(kind) = resource::find(kind)
                && resource::may_bring(kind, params, program, view)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks about what was not asked about yet. In a dry run, what is assumed instead.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub(super) fn prove(&mut self, view: &dyn View) -> Result<Vec<Assumption>, Diagnostic> {
        let mut left = Vec::new();
        let mut assumed = Vec::new();
        for unproven in std::mem::take(&mut self.knows.unproven) {
            match unproven.later.verdict(view).map_err(|error| error.diagnostic())? {
                Verdict::Good => {}
                Verdict::Bad(error) => return Err(error),
                Verdict::NotYet => left.push(unproven),
                Verdict::Unknown => {
                    assumed.push(Assumption::Accepted { by: unproven.later.words().join(" ") });
                    left.push(unproven);
                }
            }
        }
        self.knows.unproven = left;
        Ok(assumed)
    }

    /// At the run's end: what was never asked about fails its own task. Where a dry run has
    /// something pending, the program may come with it.
    pub(super) fn prove_the_rest(&mut self, view: &dyn View) -> Flow {
        for unproven in std::mem::take(&mut self.knows.unproven) {
            let error = match unproven.later.verdict(view) {
                Ok(Verdict::Good | Verdict::Unknown) => continue,
                Ok(Verdict::NotYet) if view.pending().acted.is_some() => continue,
                Ok(Verdict::NotYet) => {
                    let program = unproven.later.program();
                    let path = unproven.later.path.display();
                    Diagnostic::new(format!("nothing brought `{program}`, which validates {path}"))
                }
                Ok(Verdict::Bad(error)) => error,
                Err(error) => error.diagnostic(),
            };
            return self.end_with(unproven.task, error);
        }
        Flow::Go
    }
}

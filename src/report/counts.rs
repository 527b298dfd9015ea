//! A plan in numbers: `4 changes (all exact), 1 package removed, 1 assumption`.

use super::run_info::count;
use super::{plan_line, words};
use crate::event::{Certainty, Note, TaskReport, TaskStatus};

/// What a host's tasks add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Lines of the plan; in apply what was done.
    pub(super) changes: usize,
    /// Lines that were begun and did not succeed.
    failed: usize,
    exact: usize,
    unless_so: usize,
    only_if: usize,
    open: usize,
    on_failure: usize,
    /// Packages that go.
    removed: usize,
    /// What is taken for granted until apply.
    pub(super) assumptions: usize,
}

impl Counts {
    pub(super) fn of(tasks: &[TaskReport]) -> Self {
        let mut counts = Self::default();
        for task in tasks {
            let (failed, lines): (Vec<_>, Vec<_>) =
                plan_line::lines(&task.actions).into_iter().partition(|(line, _)| line.failed);
            counts.failed += failed.len();
            counts.changes += lines.len();
            for (line, _) in &lines {
                *counts.by(line.certainty) += 1;
                let assumes = |note: &&Note| matches!(note, Note::AssumedToChange { .. });
                counts.assumptions += line.notes.iter().filter(assumes).count();
            }
            counts.removed += task.actions.iter().map(plan_line::removals).sum::<usize>();
            let assumed = task.status == TaskStatus::Unknown && task.actions.is_empty();
            counts.assumptions += usize::from(assumed);
        }
        counts
    }

    fn by(&mut self, certainty: Certainty) -> &mut usize {
        match certainty {
            Certainty::Exact => &mut self.exact,
            Certainty::UnlessSo => &mut self.unless_so,
            Certainty::OnlyIf => &mut self.only_if,
            Certainty::Open => &mut self.open,
            Certainty::OnFailure => &mut self.on_failure,
        }
    }

    /// Of a plan: with how certain it is.
    pub(super) fn planned(&self) -> String {
        let mut out = count(self.changes, "change");
        if self.changes > 0 && self.exact == self.changes {
            out.push_str(" (all exact)");
        } else if self.changes > 0 {
            let kinds = [
                (self.exact, Certainty::Exact),
                (self.unless_so, Certainty::UnlessSo),
                (self.only_if, Certainty::OnlyIf),
                (self.open, Certainty::Open),
                (self.on_failure, Certainty::OnFailure),
            ];
            let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
            let kinds = kinds.map(|(number, by)| format!("{number} {}", words::counted(by)));
            let kinds: Vec<_> = kinds.collect();
            out.push_str(&format!(" ({})", kinds.join(", ")));
        }
        out.push_str(&self.removed());
        if self.assumptions > 0 {
            out.push_str(&format!(", {}", count(self.assumptions, "assumption")));
        }
        out
    }

    /// Of an apply: what was done.
    pub(super) fn done(&self) -> String {
        let failed = match self.failed {
            0 => String::new(),
            number => format!(", {number} failed"),
        };
        format!("{} made{}{failed}", count(self.changes, "change"), self.removed())
    }

    fn removed(&self) -> String {
        match self.removed {
            0 => String::new(),
            number => format!(", {} removed", count(number, "package")),
        }
    }
}

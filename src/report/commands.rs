//! Long commands of one report: shown by their first words, and named so wherever something hinges
//! on them.

use super::plan_line::PlanLine;

/// Columns of a command among other words.
pub(super) const AMONG: usize = 30;

/// Commands that were shown by their first words: what hinges on one names it so, too.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// Whole, and among other words.
    brief: Vec<(String, String)>,
}

impl Commands {
    /// The line in so many columns.
    pub(super) fn line(&mut self, line: PlanLine, room: Option<usize>) -> PlanLine {
        let target = line.target_in(room);
        if target != line.target {
            self.brief.push((line.target.clone(), line.target_in(room.map(|_| AMONG))));
        }
        PlanLine { target, detail: self.briefly(&line.detail), ..line }
    }

    pub(super) fn briefly(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (whole, brief) in &self.brief {
            text = text.replace(whole, brief);
        }
        text
    }
}

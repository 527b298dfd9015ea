//! One task as the plan shows it: its lines, what stands below them, and what it only found out.

use super::commands::Commands;
use super::plan_line::{self, PlanLine, Sign};
use super::style::{Paint, Style};
use super::{brief, diff_lines, escape, words};
use crate::event::{ActionReport, Change, Note, Reason, TaskRef, TaskReport, TaskStatus};
use std::io::{self, Write};

/// Columns of a line's kind, and of kind and target together.
const WORD: usize = 8;
const SUBJECT: usize = 35;
/// What stands below a line.
const BELOW: &str = "      ";

/// Writes tasks one after another, each role's name once.
#[derive(Debug, Default)]
pub(super) struct TaskLines {
    role: Option<String>,
    commands: Commands,
}

impl TaskLines {
    /// The lines of a task's actions.
    pub(super) fn actions(
        &mut self,
        out: &mut dyn Write,
        style: &Style,
        task: &TaskRef,
        actions: &[ActionReport],
    ) -> io::Result<()> {
        for (line, diff) in plan_line::lines(actions) {
            self.role(out, style, task)?;
            let line = self.commands.line(line, brief::room(style));
            write_line(out, style, &line, task.handler)?;
            if let Some(diff) = diff {
                diff_lines::write(out, style, &words::diff(diff), BELOW)?;
            }
        }
        Ok(())
    }

    /// What else is to be told of a task that ended: why it changes, what it assumes, its message,
    /// its failure in one line.
    pub(super) fn ended(
        &mut self,
        out: &mut dyn Write,
        style: &Style,
        task: &TaskReport,
        last_run: Option<&str>,
    ) -> io::Result<()> {
        let said = |reason: &Reason| escape::line(&words::reason(reason)).into_owned();
        let reason = task.reason.as_ref().map(said);
        let name = escape::line(&task.task.name);
        match task.status {
            TaskStatus::Changed | TaskStatus::Unknown if !task.actions.is_empty() => {
                let change = task.change.and_then(|change| why(change, last_run));
                let told = |reason: &Reason| {
                    let mut on =
                        task.actions.iter().filter_map(|action| action.depends_on.as_ref());
                    on.any(|on| reason.hinges_on(on))
                };
                let reason = task.reason.as_ref().filter(|reason| !told(reason)).map(said);
                for words in change.into_iter().chain(reason) {
                    let words = self.commands.briefly(&words);
                    writeln!(out, "{BELOW}{}", style.paint(Paint::Unknown, words))?;
                }
            }
            TaskStatus::Unknown => {
                self.role(out, style, &task.task)?;
                let line = PlanLine {
                    sign: Sign::Unknown,
                    word: plan_line::word(&escape::line(&task.task.resource)).to_owned(),
                    target: name.into_owned(),
                    detail: reason
                        .map_or_else(|| words::LATER.to_owned(), |why| self.commands.briefly(&why)),
                    becomes: Vec::new(),
                    notes: Vec::new(),
                    certainty: crate::event::Certainty::OnlyIf,
                    failed: false,
                    command: None,
                };
                write_line(out, style, &line, task.task.handler)?;
            }
            TaskStatus::Failed => {
                self.role(out, style, &task.task)?;
                let message = task.error.as_ref().map_or("failed", |error| &error.message);
                let word = style.paint(Paint::Bad, "failed");
                writeln!(out, "  {word}: {name}: {}", escape::line(message))?;
            }
            TaskStatus::Ok if task.error.is_some() => {
                self.role(out, style, &task.task)?;
                let message = task.error.as_ref().map_or("", |error| &error.message);
                let text = format!("failed, and is ignored: {name}: {}", escape::line(message));
                writeln!(out, "  {}", style.paint(Paint::Change, text))?;
            }
            TaskStatus::Ok if task.message().is_some() => {
                writeln!(out, "  {}", reason.unwrap_or_default())?;
            }
            TaskStatus::Ok | TaskStatus::Changed | TaskStatus::Skipped if style.verbosity > 0 => {
                self.role(out, style, &task.task)?;
                let word = if task.status == TaskStatus::Skipped { "skipped" } else { "ok" };
                let reason = reason.map(|reason| format!("  ({reason})")).unwrap_or_default();
                let line = format!("  {word:<9} {name}{reason}");
                writeln!(out, "{}", style.paint(Paint::Dim, line.trim_end()))?;
            }
            TaskStatus::Ok | TaskStatus::Changed | TaskStatus::Skipped => {}
        }
        for (line, _) in plan_line::lines(&task.not_needed) {
            let target = line.target_in(brief::room(style));
            let words = format!("not needed: {} {target} {}", line.word, line.detail);
            writeln!(out, "{BELOW}{}", style.paint(Paint::Dim, words.trim_end()))?;
        }
        Ok(())
    }

    fn role(&mut self, out: &mut dyn Write, style: &Style, task: &TaskRef) -> io::Result<()> {
        let role = match &task.on_behalf {
            Some(host) => format!("{}, for {host}", task.role),
            None => task.role.clone(),
        };
        if self.role.as_ref() == Some(&role) {
            return Ok(());
        }
        writeln!(out, "  {}", style.paint(Paint::Strong, escape::line(&role)))?;
        self.role = Some(role);
        Ok(())
    }
}

/// Why it changes, where that is news.
fn why(change: Change, last_run: Option<&str>) -> Option<String> {
    let run =
        last_run.map_or("the last run".to_owned(), |run| format!("run {}", escape::line(run)));
    match change {
        Change::New => None,
        Change::Intended => Some(format!("intended: the declaration changed since {run}")),
        Change::Drift => Some(format!("drift: differs from what {run} left")),
    }
}

fn write_line(
    out: &mut dyn Write,
    style: &Style,
    line: &PlanLine,
    handler: bool,
) -> io::Result<()> {
    let PlanLine { sign, word, target, detail, notes, .. } = line;
    let paint = match sign {
        Sign::Add => Paint::Add,
        Sign::Change => Paint::Change,
        Sign::Remove => Paint::Remove,
        Sign::Unknown => Paint::Unknown,
    };
    let subject = format!("{word:<WORD$} {target}");
    let mut text = format!("{} {subject:<SUBJECT$} {detail}", sign.char());
    if handler {
        text = format!("{}  (handler)", text.trim_end());
    }
    writeln!(out, "  {}", style.paint(paint, text.trim_end()))?;
    for note in notes {
        let text = match note {
            Note::Removes { packages } => {
                let word = style.paint(Paint::Bad, words::REMOVES);
                format!("{word}        {}", escape::line(&words::with_versions(packages)))
            }
            Note::InstallsAlso { packages } => {
                // The versions are for those who want to see more.
                let all = if style.verbosity == 0 { words::names } else { words::with_versions };
                let names = all(packages);
                let text = format!("{}  {}", words::INSTALLS_ALSO, escape::line(&names));
                style.paint(Paint::Dim, text).to_string()
            }
            other => style.paint(Paint::Dim, escape::line(&words::note(other))).to_string(),
        };
        writeln!(out, "{BELOW}{text}")?;
    }
    Ok(())
}

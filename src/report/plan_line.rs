//! One line of a plan: a sign, a kind, a target, and what will be there.

use super::brief::brief;
use super::{escape, words};
use crate::event::{ActionReport, Certainty, Diff, Note, TargetState};
use std::borrow::Cow;

/// What kind of line it is, by its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    Add,
    Change,
    Remove,
    Unknown,
}

impl Sign {
    pub(super) const fn char(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '~',
            Self::Remove => '-',
            Self::Unknown => '?',
        }
    }
}

/// One line of a plan, and what stands below it. Its texts are escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PlanLine {
    pub(super) sign: Sign,
    pub(super) word: String,
    pub(super) target: String,
    pub(super) detail: String,
    /// What it makes of its target; of a unit several things.
    pub(super) becomes: Vec<TargetState>,
    pub(super) notes: Vec<Note>,
    pub(super) certainty: Certainty,
    /// It was begun and did not succeed.
    pub(super) failed: bool,
    /// A command as it is run, line ends and all.
    pub(super) command: Option<String>,
}

/// The actions of one task, each with its diff; neighbours on one unit are one line
/// (`enabled, started`).
pub(super) fn lines(actions: &[ActionReport]) -> Vec<(PlanLine, Option<&Diff>)> {
    let mut lines: Vec<(PlanLine, Option<&Diff>)> = Vec::new();
    for action in actions {
        let line = PlanLine::of(action);
        match lines.last_mut() {
            Some((last, _)) if action.kind == "service" && last.joins(&line) => {
                last.detail = format!("{}, {}", last.detail, line.detail);
                last.becomes.extend(line.becomes);
                last.notes.extend(line.notes);
            }
            _ => lines.push((line, action.diff.as_ref())),
        }
    }
    lines
}

impl PlanLine {
    pub(super) fn of(action: &ActionReport) -> Self {
        let text = |text: &str| escape::line(text).into_owned();
        let mut detail = detail(action);
        if let Some(condition) = condition(action) {
            detail = if detail.is_empty() { condition } else { format!("{detail}, {condition}") };
        }
        Self {
            sign: sign(action),
            word: text(word(&action.kind)),
            target: text(&target(action)),
            detail,
            becomes: action.after.iter().cloned().collect(),
            notes: action.notes.clone(),
            certainty: action.certainty,
            failed: action.failed,
            command: (action.kind == "run").then(|| action.target.clone()),
        }
    }

    /// The target, a command in so many columns.
    pub(super) fn target_in(&self, room: Option<usize>) -> String {
        self.command.as_ref().map_or_else(|| self.target.clone(), |text| brief(text, room))
    }

    fn joins(&self, next: &Self) -> bool {
        (&self.word, &self.target, self.sign, self.certainty, self.failed)
            == (&next.word, &next.target, next.sign, next.certainty, next.failed)
    }
}

/// How many packages an action removes.
pub(super) fn removals(action: &ActionReport) -> usize {
    let removed = |note: &Note| match note {
        Note::Removes { packages } => packages.len(),
        _ => 0,
    };
    action.notes.iter().map(removed).sum()
}

fn sign(action: &ActionReport) -> Sign {
    match (action.certainty, action.kind.as_str()) {
        (Certainty::OnlyIf | Certainty::Open | Certainty::OnFailure, _) => Sign::Unknown,
        (_, "remove") => Sign::Remove,
        _ if action.after == Some(TargetState::Absent) => Sign::Remove,
        (_, "write_file" | "make_directory" | "symlink" | "packages" | "user" | "group")
            if matches!(action.before, None | Some(TargetState::Absent)) =>
        {
            Sign::Add
        }
        _ => Sign::Change,
    }
}

/// What people call the kind.
pub(super) fn word(kind: &str) -> &str {
    match kind {
        "write_file" | "remove" => "file",
        "make_directory" => "dir",
        "symlink" => "link",
        "set_attributes" => "attrs",
        "packages" => "package",
        "repair_packages" => "repair",
        "daemon_reload" => "reload",
        "run" => "command",
        "smtp_probe" => "probe",
        other => other,
    }
}

/// What it acts on, as people name it.
fn target(action: &ActionReport) -> Cow<'_, str> {
    match action.kind.as_str() {
        "service" | "restart" | "reload" => {
            action.target.strip_suffix(".service").unwrap_or(&action.target).into()
        }
        _ if names_several(action) => {
            let versions =
                [&action.after, &action.before].into_iter().flatten().find_map(|state| {
                    matches!(state, TargetState::Packages { .. }).then(|| words::state(state))
                });
            versions.unwrap_or(Cow::Borrowed(&action.target))
        }
        _ => Cow::Borrowed(&action.target),
    }
}

/// Several packages are named with their versions.
fn names_several(action: &ActionReport) -> bool {
    action.kind == "packages" && action.target.contains(' ')
}

/// What will be there; what is there now only where that tells more.
fn detail(action: &ActionReport) -> String {
    // A line of these says all by its word and its target.
    if matches!(action.kind.as_str(), "restart" | "reload") || names_several(action) {
        return String::new();
    }
    let Some(after) = &action.after else { return String::new() };
    let words = |state: &TargetState| {
        let words = match state {
            TargetState::Packages { packages } => words::versions(packages).into(),
            other => words::state(other),
        };
        escape::line(&words).into_owned()
    };
    let there = |state: &&TargetState| **state != TargetState::Absent && action.kind != "service";
    match action.before.as_ref().filter(there) {
        Some(before) if *after == TargetState::Absent => format!("was {}", words(before)),
        Some(before) if !before.has_all_of(after) && !words(after).is_empty() => {
            format!("{} -> {}", words(before), words(after))
        }
        _ => words(after),
    }
}

/// How certain the action is, in words, where it is not exact.
fn condition(action: &ActionReport) -> Option<String> {
    let words = words::certainty(action.certainty)?;
    Some(match action.depends_on.as_deref().map(escape::line) {
        Some(on) => format!("{words} (depends on {on})"),
        None => words.to_owned(),
    })
}

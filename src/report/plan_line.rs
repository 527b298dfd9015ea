//! One line of a plan: a sign, a kind, a target, and what will be there.

use super::brief::brief;
use super::escape;
use crate::event::{ActionReport, Certainty};

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

/// One line of a plan, and what stands below it. Everything is escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PlanLine {
    pub(super) sign: Sign,
    pub(super) word: String,
    pub(super) target: String,
    pub(super) detail: String,
    pub(super) notes: Vec<String>,
    pub(super) certainty: Certainty,
    /// It was begun and did not succeed.
    pub(super) failed: bool,
    /// A command as it is run, line ends and all.
    pub(super) command: Option<String>,
}

/// The actions of one task, each with its diff; neighbours on one unit are one line
/// (`enabled, started`).
pub(super) fn lines(actions: &[ActionReport]) -> Vec<(PlanLine, Option<&str>)> {
    let mut lines: Vec<(PlanLine, Option<&str>)> = Vec::new();
    for action in actions {
        let line = PlanLine::of(action);
        match lines.last_mut() {
            Some((last, _)) if action.kind == "service" && last.joins(&line) => {
                last.detail = format!("{}, {}", last.detail, line.detail);
                last.notes.extend(line.notes);
            }
            _ => lines.push((line, action.diff.as_deref())),
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
            target: text(target(action)),
            detail,
            notes: action.notes.iter().map(|note| text(note)).collect(),
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

/// How many packages an action removes, as its notes say (`REMOVES name version …`).
pub(super) fn removals(action: &ActionReport) -> usize {
    let removed = action.notes.iter().filter_map(|note| note.strip_prefix("REMOVES "));
    removed.map(|names| names.split_whitespace().count().div_ceil(2)).sum()
}

fn sign(action: &ActionReport) -> Sign {
    let absent = |state: &Option<String>| state.as_deref() == Some("absent");
    match (action.certainty, action.kind.as_str()) {
        (Certainty::OnlyIf | Certainty::Open | Certainty::OnFailure, _) => Sign::Unknown,
        (_, "remove") => Sign::Remove,
        (_, "packages") if packages_go(action) => Sign::Remove,
        _ if absent(&action.after) => Sign::Remove,
        (_, "write_file" | "make_directory" | "symlink" | "packages" | "user" | "group")
            if action.before.is_none() || absent(&action.before) =>
        {
            Sign::Add
        }
        _ => Sign::Change,
    }
}

/// Whether everything that was asked of the package manager is to remove packages: then what is
/// there after is named with the versions that were there before.
fn packages_go(action: &ActionReport) -> bool {
    let after = action.after.as_deref().unwrap_or_default();
    let versions: Vec<&str> = after.split_whitespace().skip(1).step_by(2).collect();
    !versions.is_empty() && action.before.as_deref() == Some(versions.join(" ").as_str())
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
fn target(action: &ActionReport) -> &str {
    match action.kind.as_str() {
        "service" | "restart" | "reload" => {
            action.target.strip_suffix(".service").unwrap_or(&action.target)
        }
        // Several packages are named with their versions.
        "packages" if action.target.contains(' ') => {
            action.after.as_deref().unwrap_or(&action.target)
        }
        _ => &action.target,
    }
}

/// What will be there; what is there now only where that tells more.
fn detail(action: &ActionReport) -> String {
    let mut after = action.after.as_deref().unwrap_or_default();
    let mut before = action.before.as_deref().filter(|before| *before != "absent");
    match action.kind.as_str() {
        "service" => before = None,
        "restart" | "reload" => return String::new(),
        "packages" if action.target.contains(' ') => return String::new(),
        "packages" => after = after.strip_prefix(&action.target).unwrap_or(after).trim_start(),
        _ => {}
    }
    let (after, before) = (escape::line(after), before.map(escape::line));
    match before {
        Some(before) if after == "absent" || packages_go(action) => format!("was {before}"),
        Some(before) if !after.is_empty() && !says(&before, &after) => {
            format!("{before} -> {after}")
        }
        _ => after.into_owned(),
    }
}

/// Whether all words of `part` are words of `whole`, so that nothing of it changes.
fn says(whole: &str, part: &str) -> bool {
    part.split_whitespace().all(|word| whole.split_whitespace().any(|own| own == word))
}

/// How certain the action is, in words, where it is not exact.
fn condition(action: &ActionReport) -> Option<String> {
    let words = match action.certainty {
        Certainty::Exact => return None,
        Certainty::UnlessSo => "unless already so",
        Certainty::OnlyIf => "under a condition",
        Certainty::Open => "known after apply",
        Certainty::OnFailure => "only after a failure",
    };
    Some(match action.depends_on.as_deref().map(escape::line) {
        Some(on) => format!("{words} (depends on {on})"),
        None => words.to_owned(),
    })
}

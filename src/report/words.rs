//! The words for what events say as data: the one place where they are made. Nothing is escaped
//! here; who shows them to people escapes the whole line.

use crate::event::{
    Certainty, Diff, Expected, FileAttributes, Note, PackageVersion, Ran, Reason, TargetState,
    Withheld,
};
use crate::host::Assumption;
use std::borrow::Cow;

/// Before the names of packages that go: nobody may overlook it.
pub(super) const REMOVES: &str = "REMOVES";
/// Before the names of packages that come and were not asked for.
pub(super) const INSTALLS_ALSO: &str = "installs also";

/// Of what cannot be foretold.
pub(super) const LATER: &str = "known after apply";

/// A side effect in one line.
pub(super) fn note(note: &Note) -> String {
    match note {
        Note::KeepsBackup => "keeps the old file beside it".to_owned(),
        Note::FetchesIndex => "fetches the package index".to_owned(),
        Note::InstallsAlso { packages } => {
            format!("{INSTALLS_ALSO} {}", with_versions(packages))
        }
        Note::Removes { packages } => format!("{REMOVES} {}", with_versions(packages)),
        Note::Holds { units } => format!("holds {} while it runs", units.join(" ")),
        Note::AssumedToChange { what } if what.is_empty() => {
            "assumed to change nothing else".to_owned()
        }
        Note::AssumedToChange { what } => format!("assumed to change {}", what.join(", ")),
        Note::Sets { fields } => format!("sets {}", fields.join(", ")),
        Note::EveryRun => "every run: nothing says when it has been done".to_owned(),
    }
}

/// Why a task ended as it did.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::ConditionFalse => "its condition is false".to_owned(),
        Reason::RanAlready { when } => match when {
            Ran::HereInThisRun => "it ran on this host in this run",
            Ran::HereBefore => "it ran on this host before",
            Ran::HereUnchanged => "it has not changed since it ran",
            Ran::Elsewhere => "it ran on another host in this run",
        }
        .to_owned(),
        Reason::ChangedBefore => "changed in a run that did not end well".to_owned(),
        Reason::StartedSince { unit } => format!("{unit} was started after this was notified"),
        Reason::FailureNotCounted { error } => format!("failed, which does not count: {error}"),
        Reason::WouldFail { error, only_if: Some(origin) } => {
            format!("would fail: {error}; only if {origin}")
        }
        Reason::WouldFail { error, only_if: None } => {
            format!("would fail: {error}; only after a failure")
        }
        Reason::OnlyIf { origin } => format!("only if {origin}"),
        Reason::KnownAfter { origin } => format!("{LATER}: {origin}"),
        Reason::Assumed { to, origin } => {
            let to = match to {
                Expected::Answer => "to answer as it should",
                Expected::Hold => "to hold",
                Expected::NotBeReached => "not to be reached",
            };
            format!("assumed {to}; known after {origin}")
        }
        Reason::AssumedSo { assumptions } => {
            let all: Vec<_> = assumptions.iter().map(assumption).collect();
            format!("assumed: {}", all.join(" and "))
        }
        Reason::DoneBy { host } => format!("done on {host}"),
        Reason::Message { message } => message.clone(),
    }
}

fn assumption(assumption: &Assumption) -> String {
    match assumption {
        Assumption::IsDirectory { path, origin } => format!("{path} is a directory ({origin})"),
        Assumption::UserExists { name, origin } => format!("there is a user `{name}` ({origin})"),
        Assumption::GroupExists { name, origin } => format!("there is a group `{name}` ({origin})"),
        Assumption::NoPrimaryGroup { name, origin } => {
            format!("`{name}` is nobody's primary group ({origin})")
        }
        Assumption::OnlyOwnerWrites { path, owner } => {
            format!("none but root and {owner} can write to {path}")
        }
        Assumption::NoLongerRefused { refusal, origin } => {
            format!("no longer: {refusal} ({origin})")
        }
        Assumption::FreeUserNumber { number, origin } => {
            format!("no other user has the number {number} ({origin})")
        }
        Assumption::FreeGroupNumber { number, origin } => {
            format!("no other group has the number {number} ({origin})")
        }
        Assumption::Idle { name, origin } => {
            format!("no process of `{name}` runs any more ({origin})")
        }
        Assumption::StaysUp { unit, origin } => {
            format!("{unit} does not end by itself ({origin})")
        }
        Assumption::IsAbsent { path, origin } => format!("{path} is not there ({origin})"),
        Assumption::Accepted { by } => format!("`{by}` accepts it"),
    }
}

/// What is there before an action, or after it.
pub(super) fn state(state: &TargetState) -> Cow<'_, str> {
    Cow::Borrowed(match state {
        TargetState::Absent => "absent",
        TargetState::Present => "present",
        TargetState::File(at) | TargetState::Attributes(at) => return Cow::Owned(attributes(at)),
        TargetState::Directory(at) => return Cow::Owned(format!("directory {}", attributes(at))),
        TargetState::Link { to } => return Cow::Owned(format!("-> {to}")),
        TargetState::Packages { packages } => return Cow::Owned(with_versions(packages)),
        TargetState::Other { what: words }
        | TargetState::Unfinished { found: words }
        | TargetState::UnitFile { state: words } => words,
        TargetState::Whole => "whole",
        TargetState::Started => "started",
        TargetState::Stopped => "stopped",
        TargetState::Enabled => "enabled",
        TargetState::Disabled => "disabled",
        TargetState::Masked => "masked",
        TargetState::Unmasked => "not masked",
        TargetState::Restarted => "restarted",
        TargetState::Reloaded => "reloaded",
        TargetState::UnitFilesRead => "reads its unit files again",
    })
}

/// The diff, or why there is none to show.
pub(super) fn diff(diff: &Diff) -> Cow<'_, str> {
    Cow::Owned(match diff {
        Diff::Unified { lines } => return Cow::Borrowed(lines),
        Diff::Withheld { count, why } => {
            let change = if *count == 1 { "line changes" } else { "lines change" };
            let why = match why {
                Withheld::Secret => "it holds a secret",
                Withheld::Unreadable => "not everybody may read the file",
            };
            format!("({count} {change}; not shown, because {why})")
        }
        Diff::Binary { bytes } => format!("(binary, {bytes} bytes)"),
        Diff::Later => "(what it replaces is known after apply)".to_owned(),
    })
}

/// How certain an action is; `None` where it is exact.
pub(super) const fn certainty(certainty: Certainty) -> Option<&'static str> {
    match certainty {
        Certainty::Exact => None,
        Certainty::UnlessSo => Some("unless already so"),
        Certainty::OnlyIf => Some("under a condition"),
        Certainty::Open => Some(LATER),
        Certainty::OnFailure => Some("only after a failure"),
    }
}

/// What a change is called among the numbers of a plan, by how certain it is.
pub(super) fn counted(by: Certainty) -> &'static str {
    match by {
        Certainty::Open => "open",
        other => certainty(other).unwrap_or("exact"),
    }
}

/// `name version name version …`.
pub(super) fn with_versions(packages: &[PackageVersion]) -> String {
    let all = packages.iter().flat_map(|package| [Some(&package.name), package.version.as_ref()]);
    joined(all.flatten())
}

/// `name name …`.
pub(super) fn names(packages: &[PackageVersion]) -> String {
    joined(packages.iter().map(|package| &package.name))
}

/// `version version …`.
pub(super) fn versions(packages: &[PackageVersion]) -> String {
    joined(packages.iter().filter_map(|package| package.version.as_ref()))
}

fn joined<'t>(words: impl Iterator<Item = &'t String>) -> String {
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn attributes(attributes: &FileAttributes) -> String {
    let FileAttributes { mode, owner, group } = attributes;
    let mode = mode.map(|mode| mode.to_string());
    joined([owner, group, &mode].into_iter().flatten())
}

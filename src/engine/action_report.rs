//! An action as reports get it: what it finds, what it makes of it, and what else it does.

use crate::event::{
    ActionReport, Certainty, Diff, FileAttributes, Note, PackageVersion, TargetState, Withheld,
};
use crate::host::{
    Action, Attributes, FileBefore, PackageChange, ServiceChange, Stat, StatAttributes,
    Transaction, Unit, View,
};
use crate::text::unified;
use crate::value::{Known, REDACTED};
use std::path::Path;

/// The action against the host as it is now. `hidden`: nothing of it may be shown (`no_log`).
pub(super) fn report(action: &Action, view: &dyn View, hidden: bool) -> ActionReport {
    let mut report = ActionReport {
        kind: action.kind().to_owned(),
        target: action.target(),
        certainty: Certainty::Exact,
        depends_on: None,
        before: None,
        after: None,
        diff: None,
        notes: Vec::new(),
        failed: false,
    };
    match action {
        Action::WriteFile { path, content, attributes, before, backup, .. } => {
            report.before = file_state(before);
            report.after = Some(set(attributes));
            report.diff = file_diff(view, path, before, &content.bytes, content.secret || hidden);
            if *backup {
                report.notes.push(Note::KeepsBackup);
            }
        }
        Action::Remove { before, .. } => {
            report.before = file_state(before);
            report.after = Some(TargetState::Absent);
        }
        Action::MakeDirectory { attributes, before, .. }
        | Action::SetAttributes { attributes, before, .. } => {
            report.before = file_state(before);
            report.after = Some(set(attributes));
        }
        Action::Symlink { target, before, .. } => {
            report.before = file_state(before);
            report.after = Some(TargetState::Link { to: target.display().to_string() });
        }
        Action::Packages(transaction) => packages(transaction, &mut report),
        Action::RepairPackages { found } => {
            report.before = Some(TargetState::Unfinished { found: found.clone() });
            report.after = Some(TargetState::Whole);
        }
        Action::Service { change, before, .. } => {
            report.before = unit_state(before, *change);
            report.after = Some(changed_unit(*change));
        }
        Action::Restart { .. } => report.after = Some(TargetState::Restarted),
        Action::Reload { .. } => report.after = Some(TargetState::Reloaded),
        Action::DaemonReload => report.after = Some(TargetState::UnitFilesRead),
        Action::User { entry, before, .. } => {
            report.before = entry_state(before);
            report.after = Some(presence(entry.is_some()));
        }
        Action::Group { present, before, .. } => {
            report.before = entry_state(before);
            report.after = Some(presence(*present));
        }
        Action::Run { changes, .. } => {
            if hidden {
                report.target = REDACTED.to_owned();
            }
            report.notes.push(Note::AssumedToChange { what: changes.clone() });
        }
        Action::Request(_) => {
            if hidden {
                report.target = REDACTED.to_owned();
            }
        }
    }
    report
}

fn file_diff(
    view: &dyn View,
    path: &Path,
    before: &Known<FileBefore>,
    new: &[u8],
    secret: bool,
) -> Option<Diff> {
    let Known::Is(before) = before else {
        return Some(Diff::Later);
    };
    let (old, readable) = match &before.stat {
        Stat::File(attributes) => match view.read(path) {
            Ok(Known::Is(old)) => (old, attributes.mode.bits() & 0o004 != 0),
            Ok(Known::Unknown(_)) => return Some(Diff::Later),
            _ => return None,
        },
        _ => (Vec::new(), true),
    };
    if secret || !readable {
        let count = changed_lines(&old, new);
        let why = if secret { Withheld::Secret } else { Withheld::Unreadable };
        return Some(Diff::Withheld { count, why });
    }
    match (std::str::from_utf8(&old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) => Some(Diff::Unified { lines: unified(old, new) }),
        _ => Some(Diff::Binary { bytes: new.len() }),
    }
}

fn changed_lines(old: &[u8], new: &[u8]) -> usize {
    let old = String::from_utf8_lossy(old);
    let new = String::from_utf8_lossy(new);
    unified(&old, &new)
        .lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .count()
}

/// Of the parts of the transaction, those that were asked for are the state; the others are notes.
fn packages(transaction: &Transaction, report: &mut ActionReport) {
    let asked = |change: &&PackageChange| {
        let request = &transaction.request;
        request.install.iter().any(|wish| wish.name == change.name)
            || request.upgrade.contains(&change.name)
            || request.remove.contains(&change.name)
    };
    let versions = |changes: &mut dyn Iterator<Item = &PackageChange>, comes: bool| {
        let version = |change: &PackageChange| PackageVersion {
            name: change.name.clone(),
            version: if comes { change.to.clone() } else { change.from.clone() },
        };
        changes.map(version).collect::<Vec<_>>()
    };
    let state = |packages: Vec<PackageVersion>| match packages.is_empty() {
        true => TargetState::Absent,
        false => TargetState::Packages { packages },
    };
    let changes = &transaction.changes;
    let wanted: Vec<_> = changes.iter().filter(asked).collect();
    let there = &mut wanted.iter().copied().filter(|change| change.from.is_some());
    report.before = Some(state(versions(there, false)));
    let comes = &mut wanted.iter().copied().filter(|change| change.to.is_some());
    // A package that is asked for by what it provides goes by another name here.
    report.after = (!wanted.is_empty()).then(|| state(versions(comes, true)));
    if transaction.refresh_index {
        report.notes.push(Note::FetchesIndex);
    }
    let also = &mut changes.iter().filter(|change| !asked(change) && change.to.is_some());
    let packages = versions(also, true);
    if !packages.is_empty() {
        report.notes.push(Note::InstallsAlso { packages });
    }
    let packages = versions(&mut changes.iter().filter(|change| change.to.is_none()), false);
    if !packages.is_empty() {
        report.notes.push(Note::Removes { packages });
    }
    if !transaction.hold.is_empty() {
        report.notes.push(Note::Holds { units: transaction.hold.clone() });
    }
}

fn set(attributes: &Attributes) -> TargetState {
    let Attributes { mode, owner, group } = attributes.clone();
    TargetState::Attributes(FileAttributes { mode, owner, group })
}

fn file_state(before: &Known<FileBefore>) -> Option<TargetState> {
    let Known::Is(before) = before else { return None };
    let attributes = |at: &StatAttributes| FileAttributes {
        mode: Some(at.mode),
        owner: Some(at.owner.clone()),
        group: Some(at.group.clone()),
    };
    Some(match &before.stat {
        Stat::Absent => TargetState::Absent,
        Stat::File(at) => TargetState::File(attributes(at)),
        Stat::Directory(at) => TargetState::Directory(attributes(at)),
        Stat::Symlink(target) => TargetState::Link { to: target.display().to_string() },
        Stat::Other(what) => TargetState::Other { what: what.clone() },
    })
}

fn unit_state(before: &Known<Unit>, change: ServiceChange) -> Option<TargetState> {
    let Known::Is(unit) = before else { return None };
    Some(match change {
        ServiceChange::Start | ServiceChange::Stop if unit.active => TargetState::Started,
        ServiceChange::Start | ServiceChange::Stop => TargetState::Stopped,
        ServiceChange::Enable | ServiceChange::Disable => {
            TargetState::UnitFile { state: unit.enabled.clone() }
        }
        ServiceChange::Mask | ServiceChange::Unmask if unit.masked => TargetState::Masked,
        ServiceChange::Mask | ServiceChange::Unmask => TargetState::Unmasked,
    })
}

const fn changed_unit(change: ServiceChange) -> TargetState {
    match change {
        ServiceChange::Enable => TargetState::Enabled,
        ServiceChange::Disable => TargetState::Disabled,
        ServiceChange::Start => TargetState::Started,
        ServiceChange::Stop => TargetState::Stopped,
        ServiceChange::Mask => TargetState::Masked,
        ServiceChange::Unmask => TargetState::Unmasked,
    }
}

fn entry_state<T>(before: &Known<Option<T>>) -> Option<TargetState> {
    match before {
        Known::Is(entry) => Some(presence(entry.is_some())),
        Known::Unknown(_) => None,
    }
}

const fn presence(present: bool) -> TargetState {
    if present { TargetState::Present } else { TargetState::Absent }
}

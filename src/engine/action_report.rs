//! An action as people see it: in few words, with its diff, nothing secret in it.

use crate::event::{ActionReport, Certainty};
use crate::host::{
    Action, Attributes, FileBefore, PackageChange, ServiceChange, Stat, Transaction, Unit, View,
};
use crate::text::{Redactor, unified};
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
            report.before = file_words(before);
            report.after = Some(attribute_words(attributes));
            report.diff = file_diff(view, path, before, &content.bytes, content.secret || hidden);
            if *backup {
                report.notes.push("keeps the old file beside it".to_owned());
            }
        }
        Action::Remove { before, .. } => {
            report.before = file_words(before);
            report.after = Some("absent".to_owned());
        }
        Action::MakeDirectory { attributes, before, .. }
        | Action::SetAttributes { attributes, before, .. } => {
            report.before = file_words(before);
            report.after = Some(attribute_words(attributes));
        }
        Action::Symlink { target, before, .. } => {
            report.before = file_words(before);
            report.after = Some(format!("-> {}", target.display()));
        }
        Action::Packages(transaction) => packages(transaction, &mut report),
        Action::RepairPackages { found } => {
            report.before = Some(found.clone());
            report.after = Some("whole".to_owned());
        }
        Action::Service { change, before, .. } => {
            report.before = unit_words(before, *change);
            report.after = Some(change_word(*change).to_owned());
        }
        Action::Restart { .. } => report.after = Some("restarted".to_owned()),
        Action::Reload { .. } => report.after = Some("reloaded".to_owned()),
        Action::DaemonReload => report.after = Some("reads its unit files again".to_owned()),
        Action::User { entry, before, .. } => {
            report.before = presence(before);
            report.after = Some(if entry.is_some() { "present" } else { "absent" }.to_owned());
        }
        Action::Group { present, before, .. } => {
            report.before = presence(before);
            report.after = Some(if *present { "present" } else { "absent" }.to_owned());
        }
        Action::Run { changes, .. } => {
            if hidden {
                report.target = REDACTED.to_owned();
            }
            let what =
                if changes.is_empty() { "nothing else".to_owned() } else { changes.join(", ") };
            report.notes.push(format!("assumed to change {what}"));
        }
        Action::Request(_) => {
            if hidden {
                report.target = REDACTED.to_owned();
            }
        }
    }
    report
}

/// Takes known secrets out of every text.
pub(super) fn redact(report: &mut ActionReport, redactor: &Redactor) {
    let clean = |text: &mut String| {
        if let std::borrow::Cow::Owned(clean) = redactor.redact(text) {
            *text = clean;
        }
    };
    clean(&mut report.target);
    report.before.as_mut().map(clean);
    report.after.as_mut().map(clean);
    report.diff.as_mut().map(clean);
    report.depends_on.as_mut().map(clean);
    report.notes.iter_mut().for_each(clean);
}

fn file_diff(
    view: &dyn View,
    path: &Path,
    before: &Known<FileBefore>,
    new: &[u8],
    secret: bool,
) -> Option<String> {
    let Known::Is(before) = before else {
        return Some("(what it replaces is known after apply)".to_owned());
    };
    let (old, readable) = match &before.stat {
        Stat::File(attributes) => match view.read(path) {
            Ok(Known::Is(old)) => (old, attributes.mode.bits() & 0o004 != 0),
            _ => return None,
        },
        _ => (Vec::new(), true),
    };
    if secret || !readable {
        let count = changed_lines(&old, new);
        let change = if count == 1 { "line changes" } else { "lines change" };
        let why = if secret { "it holds a secret" } else { "not everybody may read the file" };
        return Some(format!("({count} {change}; not shown, because {why})"));
    }
    match (std::str::from_utf8(&old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) => Some(unified(old, new)),
        _ => Some(format!("(binary, {} bytes)", new.len())),
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

fn file_words(before: &Known<FileBefore>) -> Option<String> {
    let Known::Is(before) = before else { return None };
    Some(match &before.stat {
        Stat::Absent => "absent".to_owned(),
        Stat::File(at) => format!("{} {} {}", at.owner, at.group, at.mode),
        Stat::Directory(at) => format!("directory {} {} {}", at.owner, at.group, at.mode),
        Stat::Symlink(target) => format!("-> {}", target.display()),
        Stat::Other(kind) => kind.clone(),
    })
}

fn attribute_words(attributes: &Attributes) -> String {
    let mode = attributes.mode.map(|mode| mode.to_string());
    let words = [attributes.owner.clone(), attributes.group.clone(), mode];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn packages(transaction: &Transaction, report: &mut ActionReport) {
    let asked = |change: &&PackageChange| {
        let request = &transaction.request;
        request.install.iter().any(|wish| wish.name == change.name)
            || request.upgrade.contains(&change.name)
            || request.remove.contains(&change.name)
    };
    let words = |change: &PackageChange| match (&change.from, &change.to) {
        (_, Some(to)) => format!("{} {to}", change.name),
        (Some(from), None) => format!("{} {from}", change.name),
        (None, None) => change.name.clone(),
    };
    let list =
        |changes: Vec<&PackageChange>| changes.into_iter().map(words).collect::<Vec<_>>().join(" ");
    let changes = &transaction.changes;
    let wanted: Vec<_> = changes.iter().filter(asked).collect();
    let was: Vec<_> = wanted.iter().filter_map(|change| change.from.clone()).collect();
    report.before = Some(if was.is_empty() { "absent".to_owned() } else { was.join(" ") });
    report.after = Some(list(wanted));
    if transaction.refresh_index {
        report.notes.push("fetches the package index".to_owned());
    }
    let also: Vec<_> =
        changes.iter().filter(|change| !asked(change) && change.to.is_some()).collect();
    if !also.is_empty() {
        report.notes.push(format!("installs also {}", list(also)));
    }
    let removes: Vec<_> = changes.iter().filter(|change| change.to.is_none()).collect();
    if !removes.is_empty() {
        report.notes.push(format!("REMOVES {}", list(removes)));
    }
    if !transaction.hold.is_empty() {
        report.notes.push(format!("holds {} while it runs", transaction.hold.join(" ")));
    }
}

fn unit_words(before: &Known<Unit>, change: ServiceChange) -> Option<String> {
    let Known::Is(unit) = before else { return None };
    Some(match change {
        ServiceChange::Start | ServiceChange::Stop => {
            if unit.active { "started" } else { "stopped" }.to_owned()
        }
        ServiceChange::Enable | ServiceChange::Disable => unit.enabled.clone(),
        ServiceChange::Mask | ServiceChange::Unmask => {
            if unit.masked { "masked" } else { "not masked" }.to_owned()
        }
    })
}

const fn change_word(change: ServiceChange) -> &'static str {
    match change {
        ServiceChange::Enable => "enabled",
        ServiceChange::Disable => "disabled",
        ServiceChange::Start => "started",
        ServiceChange::Stop => "stopped",
        ServiceChange::Mask => "masked",
        ServiceChange::Unmask => "not masked",
    }
}

fn presence<T>(before: &Known<Option<T>>) -> Option<String> {
    match before {
        Known::Is(Some(_)) => Some("present".to_owned()),
        Known::Is(None) => Some("absent".to_owned()),
        Known::Unknown(_) => None,
    }
}

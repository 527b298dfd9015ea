//! What an action makes of a user, as people see it: which fields, and as a diff their values.

use crate::event::{ActionReport, Diff, Note};
use crate::host::{User, UserEntry};
use crate::text::unified;
use crate::value::{Known, REDACTED};

/// Adds to a report what becomes of the user. `hidden`: no value may be shown.
pub(super) fn tell(
    report: &mut ActionReport,
    entry: &UserEntry,
    before: &Known<Option<User>>,
    hidden: bool,
) {
    let new = fields(entry);
    let Known::Is(before) = before else { return };
    if before.is_some() && !new.is_empty() {
        let fields = new.iter().map(|(name, _)| (*name).to_owned()).collect();
        report.notes.push(Note::Sets { fields });
    }
    if !hidden {
        let old = before.as_ref().map(|user| known(user, &new)).unwrap_or_default();
        report.diff = Some(Diff::Unified { lines: unified(&text(&old), &text(&new)) });
    }
}

/// The fields that are set, and to what.
fn fields(entry: &UserEntry) -> Vec<(&'static str, String)> {
    let UserEntry { uid, group, groups, comment, home, shell, password, .. } = entry;
    let password = password.as_ref().map(|_| REDACTED.to_owned());
    let all = [
        ("uid", uid.map(|uid| uid.to_string())),
        ("group", group.clone()),
        ("groups", groups.as_ref().map(|groups| groups.join(", "))),
        ("comment", comment.clone()),
        ("home", home.clone()),
        ("shell", shell.clone()),
        ("password", password),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What a user has in these fields. Of a password nothing is told, not even that there was one.
fn known(user: &User, wanted: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let value = |name: &str| match name {
        "uid" => Some(user.uid.to_string()),
        "group" => Some(user.group.clone()),
        "groups" => Some(user.groups.join(", ")),
        "comment" => Some(user.comment.clone()),
        "home" => Some(user.home.clone()),
        "shell" => Some(user.shell.clone()),
        _ => None,
    };
    wanted.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

fn text(fields: &[(&str, String)]) -> String {
    let filled = fields.iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("{name}: {value}\n")).collect()
}

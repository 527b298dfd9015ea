//! What an action of a dry run would bring back.

use crate::host::{Action, CommandOutput, FileBefore, HttpReply, Stat};
use crate::value::{Known, Map, Origin, Value};

/// What an act would bring back: every member of its result, unknown.
pub(super) fn result_of(action: &Action, origin: &Origin) -> Map {
    let members: &[&str] = match action {
        Action::Run { .. } => CommandOutput::MEMBERS,
        Action::Request(_) => HttpReply::MEMBERS,
        Action::WriteFile { backup: true, content, before, .. }
            if !content.secret && !nothing_to_keep(before) =>
        {
            &["backup_file"]
        }
        Action::WriteFile { .. }
        | Action::Remove { .. }
        | Action::MakeDirectory { .. }
        | Action::Symlink { .. }
        | Action::SetAttributes { .. }
        | Action::Packages(_)
        | Action::RepairPackages { .. }
        | Action::Service { .. }
        | Action::Restart { .. }
        | Action::Reload { .. }
        | Action::DaemonReload
        | Action::User { .. }
        | Action::Group { .. } => &[],
    };
    members.iter().map(|name| ((*name).to_owned(), Value::Unknown(origin.clone()))).collect()
}

fn nothing_to_keep(before: &Known<FileBefore>) -> bool {
    matches!(before, Known::Is(before) if !matches!(before.stat, Stat::File(_)))
}

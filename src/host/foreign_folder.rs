//! Which folders no change goes through: those that others than root and the target's owner can
//! write to. They could put a link where root is about to write.

use super::{Action, Assumption, Attributes, HostError, Stat, StatAttributes, View};
use crate::value::Known;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows in one path (path_resolution(7)).
pub(super) const MOST_LINKS: usize = 40;

/// Refuses what a real host would, as far as a view knows the folders: one that is not known
/// refuses nothing. Tells what has to be so where it hinges on accounts that are not known.
///
/// # Errors
/// The refusal; or a folder or an account cannot be looked at.
pub(super) fn check(view: &dyn View, action: &Action) -> Result<Option<Assumption>, HostError> {
    let unchanged = Attributes::default();
    let (path, attributes) = match action {
        Action::WriteFile { path, attributes, .. }
        | Action::MakeDirectory { path, attributes, .. }
        | Action::SetAttributes { path, attributes, .. } => (path, attributes),
        Action::Symlink { path, .. } | Action::Remove { path, .. } => (path, &unchanged),
        Action::Packages(_)
        | Action::RepairPackages { .. }
        | Action::Service { .. }
        | Action::Restart { .. }
        | Action::Reload { .. }
        | Action::DaemonReload
        | Action::User { .. }
        | Action::Group { .. }
        | Action::Run { .. }
        | Action::Request(_) => return Ok(None),
    };
    let Some(owner) = owner(view, path, attributes)? else { return Ok(None) };
    let mut rest: VecDeque<OsString> = path.parent().map(names).unwrap_or_default();
    let (mut at, mut links, mut assumed) = (PathBuf::from("/"), 0, None);
    loop {
        match view.stat(&at)? {
            Known::Is(Stat::Directory(folder)) => match admits(view, &folder, &owner)? {
                Some(true) => {}
                Some(false) => return Err(refusal(path, &at, &folder)),
                None => {
                    let path = at.display().to_string();
                    assumed
                        .get_or_insert(Assumption::OnlyOwnerWrites { path, owner: owner.clone() });
                }
            },
            Known::Is(Stat::Symlink(target)) if links < MOST_LINKS => {
                links += 1;
                at.pop();
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                names(&target).into_iter().rev().for_each(|name| rest.push_front(name));
            }
            Known::Unknown(_) => {}
            Known::Is(_) => return Ok(assumed),
        }
        match rest.pop_front() {
            None => return Ok(assumed),
            Some(name) if name == ".." => {
                at.pop();
            }
            Some(name) => at.push(name),
        }
    }
}

/// The words of the refusal, of a dry run's host and of a real one.
pub(super) fn refusal(path: &Path, at: &Path, folder: &StatAttributes) -> HostError {
    let (path, at) = (path.display(), at.display());
    let StatAttributes { mode, owner, .. } = folder;
    let help = if owner == "root" {
        format!("take that right from {at}, as in `mode: \"0755\"`, or keep it elsewhere")
    } else {
        format!("declare its owner too (`owner: {owner}`), or keep it in a folder of root's")
    };
    HostError::Failed {
        message: format!(
            "refusing to change {path}: others than root and its owner can write to {at}"
        ),
        notes: vec![format!("{at} has mode {mode} and belongs to {owner}")],
        help: Some(help),
    }
}

/// Whose the target will be; `None` if that is not known.
fn owner(
    view: &dyn View,
    path: &Path,
    attributes: &Attributes,
) -> Result<Option<String>, HostError> {
    if let Some(owner) = &attributes.owner {
        return Ok(Some(owner.clone()));
    }
    Ok(match view.stat(path)? {
        Known::Is(Stat::File(found) | Stat::Directory(found)) => Some(found.owner),
        Known::Is(Stat::Absent) => Some("root".to_owned()),
        Known::Is(Stat::Symlink(_) | Stat::Other(_)) | Known::Unknown(_) => None,
    })
}

/// Whether only root and this owner can put anything here, or the folder is sticky; `None` if that
/// hinges on accounts that are not known.
fn admits(
    view: &dyn View,
    folder: &StatAttributes,
    owner: &str,
) -> Result<Option<bool>, HostError> {
    let mode = folder.mode.bits();
    let owned =
        if is_root(&folder.owner) { Some(true) } else { same_user(view, &folder.owner, owner)? };
    let sticky = mode & 0o1000 != 0;
    let private = match mode & 0o020 != 0 && !is_root(&folder.group) && !sticky {
        true => view.is_private_group(&folder.group, owner)?,
        false => Some(true),
    };
    let closed = sticky || mode & 0o002 == 0;
    Ok(match (owned, private) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        _ if !closed => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    })
}

fn is_root(name: &str) -> bool {
    matches!(name, "root" | "0")
}

/// A name and a number may be the same user.
fn same_user(view: &dyn View, one: &str, other: &str) -> Result<Option<bool>, HostError> {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let (name, number) = match (is_number(one), is_number(other)) {
        (false, true) => (one, other),
        (true, false) => (other, one),
        _ => return Ok(Some(one == other)),
    };
    Ok(match view.user(name)? {
        Known::Is(Some(user)) => Some(user.uid.to_string() == number),
        Known::Is(None) | Known::Unknown(_) => None,
    })
}

pub(super) fn names(path: &Path) -> VecDeque<OsString> {
    let name = |part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use crate::host::in_memory::InMemory;
    use crate::host::overlay::Overlay;
    use crate::host::{Action, Attributes, Content, Host};
    use crate::value::{Known, Origin};
    use std::collections::HashSet;

    fn attributes(owner: Option<&str>, mode: &str) -> Attributes {
        Attributes {
            owner: owner.map(str::to_owned),
            mode: Some(mode.parse().unwrap()),
            ..Attributes::default()
        }
    }

    fn write(path: &str, owner: Option<&str>) -> Action {
        Action::WriteFile {
            path: path.into(),
            content: Content { bytes: b"x".to_vec(), secret: false },
            attributes: attributes(owner, "0644"),
            backup: false,
            validate: None,
            before: Known::Unknown(Origin::new("a test")),
        }
    }

    fn host() -> InMemory {
        let folder = |owner: &str, mode: &str| {
            let owner = (owner != "root").then_some(owner);
            serde_json::json!({"directory": {"owner": owner, "mode": mode}})
        };
        let user = serde_json::json!({
            "name": "app", "uid": 900, "group": "app", "home": "/srv/app", "shell": "/bin/sh",
        });
        InMemory::new(
            serde_json::from_value(serde_json::json!({
                "users": [user],
                "files": {
                    "/srv/app": folder("app", "0755"),
                    "/srv/app/roots": folder("root", "0755"),
                    "/srv/open": folder("root", "0777"),
                    "/srv/sticky": folder("root", "1777"),
                    "/srv/link": {"link": "app/roots"},
                },
            }))
            .unwrap(),
        )
    }

    const CASES: [(&str, Option<&str>, bool); 9] = [
        ("/srv/app/x", None, false),
        ("/srv/app/x", Some("app"), true),
        ("/srv/app/x", Some("900"), true),
        ("/srv/app/x", Some("901"), false),
        ("/srv/app/roots/x", None, false),
        ("/srv/link/x", None, false),
        ("/srv/link/x", Some("app"), true),
        ("/srv/open/x", None, false),
        ("/srv/sticky/x", None, true),
    ];

    #[test]
    fn a_strangers_folder_is_refused_in_a_dry_run_too() {
        for (path, owner, allowed) in CASES {
            let action = write(path, owner);
            let mut memory = host();
            let foretold = Overlay::new(&memory, HashSet::new()).perform(&action);
            assert_eq!(foretold.is_ok(), allowed, "{path} {owner:?}");
            let done = memory.perform(&action);
            assert_eq!(
                foretold.map_err(|error| error.diagnostic()).err(),
                done.map_err(|error| error.diagnostic()).err(),
                "{path} {owner:?}"
            );
        }
    }

    #[test]
    fn one_that_the_run_itself_gives_away_is_known() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let action = Action::MakeDirectory {
            path: "/srv/new".into(),
            attributes: attributes(Some("app"), "0755"),
            before: Known::Unknown(Origin::new("a test")),
        };
        overlay.perform(&action).unwrap();
        let error = overlay.perform(&write("/srv/new/x", None)).unwrap_err().diagnostic();
        let help = "declare its owner too (`owner: app`), or keep it in a folder of root's";
        assert_eq!(error.help.as_deref(), Some(help));
        overlay.perform(&write("/srv/new/x", Some("app"))).unwrap();
    }
}

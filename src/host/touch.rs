//! What an action may change on a host: what is not known after it where it may be performed or not.

use super::{Action, Transaction, User, UserEntry};
use crate::value::Known;
use std::path::{Path, PathBuf};

/// One thing that an action may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch<'a> {
    /// What is at a path: it may come, or become another.
    Path(&'a Path),
    /// A path with everything below it, which may also go.
    Tree(PathBuf),
    /// That a path is a folder, or only its mode and owners.
    Attributes(&'a Path),
    /// A user.
    User(&'a str),
    /// A group.
    Group(&'a str),
    /// A user's number, and so who owns files.
    UserNumber(&'a str),
    /// A group's number.
    GroupNumber(&'a str),
    /// A unit's state, with what hangs on it.
    Unit(&'a str),
    /// Whether systemd has read its unit files as they are.
    UnitFiles,
    /// These packages, and whatever they bring.
    Packages(&'a Transaction),
    /// Whether the package manager's database is whole.
    PackageDatabase,
    /// Addresses and routes.
    Network,
    /// Anything.
    Everything,
}

impl<'a> Touch<'a> {
    /// What a role's author names in `changes`: a path, a unit, `network`; `/` is everything. What
    /// no unit is called, `user NAME` and `group NAME`, is the engine's.
    #[must_use]
    pub fn named(name: &'a str) -> Self {
        if let Some(user) = name.strip_prefix("user ") {
            return Self::User(user);
        }
        if let Some(group) = name.strip_prefix("group ") {
            return Self::Group(group);
        }
        match name {
            "/" => Self::Everything,
            "network" => Self::Network,
            path if path.starts_with('/') => Self::Tree(path.into()),
            unit => Self::Unit(unit),
        }
    }
}

impl Action {
    /// All that performing it may change. Everything that a new action changes is told here, and
    /// nowhere else.
    #[must_use]
    pub fn touches(&self) -> Vec<Touch<'_>> {
        match self {
            Self::WriteFile { path, .. } | Self::Symlink { path, .. } => vec![Touch::Path(path)],
            Self::MakeDirectory { path, .. } | Self::SetAttributes { path, .. } => {
                vec![Touch::Attributes(path)]
            }
            Self::Remove { path, .. } => vec![Touch::Tree(path.clone())],
            Self::Packages(transaction) => vec![Touch::Packages(transaction), Touch::UnitFiles],
            Self::RepairPackages { .. } => vec![Touch::PackageDatabase, Touch::UnitFiles],
            Self::Service { unit, .. } | Self::Restart { unit } | Self::Reload { unit } => {
                vec![Touch::Unit(unit)]
            }
            Self::DaemonReload => vec![Touch::UnitFiles],
            Self::User { name, entry, before } => user(name, entry.as_ref(), before),
            Self::Group { name, present, gid, before, .. } => {
                let stays = *present && gid.is_none() && matches!(before, Known::Is(Some(_)));
                let number = (!stays).then_some(Touch::GroupNumber(name));
                std::iter::once(Touch::Group(name)).chain(number).collect()
            }
            Self::Run { changes, .. } => changes.iter().map(|name| Touch::named(name)).collect(),
            Self::Request(request) => {
                request.changes.iter().map(|name| Touch::named(name)).collect()
            }
        }
    }
}

/// A user comes, and goes, with a group of its own name and a home (useradd(8), userdel(8)); files
/// go with numbers.
fn user<'a>(
    name: &'a str,
    entry: Option<&'a UserEntry>,
    before: &Known<Option<User>>,
) -> Vec<Touch<'a>> {
    let there = matches!(before, Known::Is(Some(_)));
    let mut touches = vec![Touch::User(name)];
    let comes = entry.is_some_and(|entry| entry.group.is_none()) && !there;
    if comes || entry.is_none() {
        touches.extend([Touch::Group(name), Touch::GroupNumber(name)]);
    }
    if !there || entry.is_none_or(|entry| entry.uid.is_some()) {
        touches.push(Touch::UserNumber(name));
    }
    if let Some(entry) = entry.filter(|entry| entry.create_home && !there) {
        let home = entry.home.clone().unwrap_or_else(|| format!("/home/{name}"));
        touches.push(Touch::Tree(home.into()));
    }
    touches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::in_memory::InMemory;
    use crate::host::overlay::Overlay;
    use crate::host::{Attributes, Command, Content, Host, ServiceChange, View};
    use crate::value::Origin;
    use std::collections::HashSet;

    fn before<T>() -> Known<T> {
        Known::Unknown(Origin::new("a test"))
    }

    fn host() -> InMemory {
        let world = serde_json::json!({
            "files": {"/srv/a": {"file": {}}, "/srv/d/x": {"file": {}}},
            "users": [{"name": "ann", "uid": 1000, "group": "ann", "home": "/", "shell": "/bin/sh"}],
            "groups": [{"name": "ann", "gid": 1000}],
            "units": {"u.service": {"enabled": "disabled"}},
            "facts": {"ansible_default_ipv4_address": "192.0.2.1"},
        });
        InMemory::new(serde_json::from_value(world).unwrap())
    }

    fn run(changes: &[&str]) -> Action {
        let changes = changes.iter().map(|&name| name.to_owned()).collect();
        Action::Run { command: Command::default(), changes }
    }

    fn file(path: &str) -> Action {
        Action::WriteFile {
            path: path.into(),
            content: Content { bytes: Vec::new(), secret: false },
            attributes: Attributes::default(),
            backup: false,
            validate: None,
            before: before(),
        }
    }

    /// What of a host an action may change, as words of what is not known after it.
    fn unknown_after(action: &Action) -> Vec<&'static str> {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        overlay.might(action, &Origin::new("a test")).unwrap();
        let stat = |path: &str| !matches!(overlay.stat(Path::new(path)).unwrap(), Known::Is(_));
        let facts = overlay.facts().unwrap();
        let all = [
            ("a", stat("/srv/a")),
            ("x", stat("/srv/d/x")),
            ("user", overlay.user("ann").unwrap().known().is_none()),
            ("group", overlay.group("ann").unwrap().known().is_none()),
            ("unit", overlay.unit("u").unwrap().known().is_none()),
            ("unit files", overlay.needs_daemon_reload("u").unwrap().known().is_none()),
            ("network", facts.values().any(|fact| fact.unknown().is_some())),
        ];
        all.into_iter().filter_map(|(word, unknown)| unknown.then_some(word)).collect()
    }

    #[test]
    fn all_that_an_action_touches_is_unknown_where_it_may_be_performed() {
        let (path, attributes) = (|| "/srv/a".into(), Attributes::default());
        let service = |change| Action::Service { unit: "u".into(), change, before: before() };
        let user = |entry| Action::User { name: "ann".into(), entry, before: before() };
        let cases: Vec<(Action, &[&str])> = vec![
            (file("/srv/a"), &["a"]),
            (Action::Remove { path: "/srv/d".into(), before: before() }, &["x"]),
            (
                Action::MakeDirectory {
                    path: path(),
                    attributes: attributes.clone(),
                    before: before(),
                },
                &["a"],
            ),
            (Action::Symlink { path: path(), target: "x".into(), before: before() }, &["a"]),
            (Action::SetAttributes { path: path(), attributes, before: before() }, &["a"]),
            (service(ServiceChange::Mask), &["unit"]),
            (Action::Restart { unit: "u".into() }, &["unit"]),
            (Action::Reload { unit: "u".into() }, &["unit"]),
            (Action::DaemonReload, &["unit files"]),
            (user(None), &["user", "group"]),
            (
                user(Some(UserEntry { group: Some("ann".into()), ..UserEntry::default() })),
                &["user"],
            ),
            (
                Action::Group {
                    name: "ann".into(),
                    present: true,
                    gid: Some(7),
                    system: false,
                    before: before(),
                },
                &["group"],
            ),
            (run(&[]), &[]),
            (run(&["/srv/d", "u", "network"]), &["x", "unit", "network"]),
            (run(&["/"]), &["a", "x", "user", "group", "unit", "unit files", "network"]),
        ];
        for (action, unknown) in cases {
            assert_eq!(unknown_after(&action), unknown, "{action:?}");
        }
    }
}

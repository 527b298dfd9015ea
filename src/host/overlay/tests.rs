//! What actions take along: a dry run's host after them against a host in memory that performed
//! them. What the dry run knows must be so; what it must know, and what it must not, is written
//! with each case.

use super::Overlay;
use crate::host::in_memory::InMemory;
use crate::host::{
    Action, Assumption, Attributes, Content, Host, HostError, PackageRequest, ServiceChange, Stat,
    UserEntry, View,
};
use crate::value::{Known, Origin};
use std::collections::HashSet;
use std::path::Path;

fn before<T>() -> Known<T> {
    Known::Unknown(Origin::new("a test"))
}

fn host() -> InMemory {
    let world = serde_json::json!({
        "users": [
            {"name": "app", "uid": 900, "group": "app", "home": "/home/app", "shell": "/bin/sh"},
            {"name": "busy", "uid": 901, "group": "app", "home": "/", "shell": "/bin/sh"},
            {"name": "lone", "uid": 902, "group": "lone", "home": "/", "shell": "/bin/sh"},
        ],
        "groups": [
            {"name": "app", "gid": 900}, {"name": "staff", "gid": 50}, {"name": "lone", "gid": 902}
        ],
        "busy": {"busy": 77},
        "mounts": ["/srv/mounted"],
        "files": {
            "/srv/data": {"directory": {"owner": "app", "group": "app"}},
            "/srv/orphan": {"file": {"owner": "950", "group": "950"}},
            "/home/app": {"directory": {"owner": "app", "group": "app"}},
            "/home/app/x": {"file": {"owner": "app", "group": "app"}},
            "/srv/shared": {"directory": {"mode": "2755", "group": "staff"}},
            "/srv/mounted": {"file": {}},
            "/srv/nowhere": {"link": "/srv/missing"},
            "/srv/kept": {"file": {"content": "old"}},
            "/var/run": {"link": "/run"},
            "/etc/skel/.profile": {"file": {"content": "umask 022\n", "mode": "0640"}},
            "/etc/skel/bin/run": {"file": {"mode": "0755"}},
            "/etc/passwd": {"file": {"content": "root\n"}},
            "/etc/systemd/system/own.service": {"file": {"content": "[Service]\n"}},
        },
        "units": {
            "a.service": {"starts": ["b.service"], "folders": ["/var/lib/a"], "also": ["b.service"],
                          "effects": [{"write": {"path": "/run/a.ready", "content": "x"}}]},
            "b.service": {"conflicts": ["c.service"]},
            "c.service": {"active": true, "folders": ["/run/c"]},
            "part.service": {"active": true, "stopped_by": ["c.service"]},
            "once.service": {"enabled": "static", "oneshot": true},
            "masked.service": {"masked": true},
        },
    });
    InMemory::new(serde_json::from_value(world).unwrap())
}

fn attributes(owner: Option<&str>) -> Attributes {
    Attributes { owner: owner.map(str::to_owned), ..Attributes::default() }
}

fn write(path: &str, text: &str) -> Action {
    Action::WriteFile {
        path: path.into(),
        content: Content { bytes: text.into(), secret: false },
        attributes: attributes(None),
        backup: false,
        validate: None,
        before: before(),
    }
}

fn folder(path: &str) -> Action {
    Action::MakeDirectory { path: path.into(), attributes: attributes(None), before: before() }
}

fn link(path: &str, target: &str) -> Action {
    Action::Symlink { path: path.into(), target: target.into(), before: before() }
}

fn remove(path: &str) -> Action {
    Action::Remove { path: path.into(), before: before() }
}

fn service(unit: &str, change: ServiceChange) -> Action {
    Action::Service { unit: unit.into(), change, before: before() }
}

fn user(name: &str, entry: Option<UserEntry>) -> Action {
    Action::User { name: name.into(), entry, before: before() }
}

fn numbered(uid: u32) -> Option<UserEntry> {
    Some(UserEntry { uid: Some(uid), ..UserEntry::default() })
}

fn with_home() -> Option<UserEntry> {
    Some(UserEntry { create_home: true, ..UserEntry::default() })
}

fn group(name: &str, gid: Option<u32>) -> Action {
    let (name, present) = (name.into(), gid.is_some());
    Action::Group { name, present, gid, system: false, before: before() }
}

/// One answer in words: of a path, of a unit (`unit …`), a user or a group.
fn answer(view: &dyn View, what: &str) -> String {
    let unknown = || "unknown".to_owned();
    let told = |known: Known<String>| known.known().unwrap_or_else(unknown);
    if let Some(unit) = what.strip_prefix("unit ") {
        return told(view.unit(unit).unwrap().map(|unit| format!("{unit:?}")));
    }
    if let Some(user) = what.strip_prefix("user ") {
        return told(view.user(user).unwrap().map(|user| format!("{user:?}")));
    }
    if let Some(group) = what.strip_prefix("group ") {
        return told(view.group(group).unwrap().map(|group| format!("{group:?}")));
    }
    if let Some(folder) = what.strip_prefix("list ") {
        return told(view.list(Path::new(folder)).unwrap().map(|names| format!("{names:?}")));
    }
    let path = Path::new(what);
    match view.stat(path).unwrap() {
        Known::Is(stat @ Stat::File(_)) => match view.read(path).unwrap() {
            Known::Is(content) => format!("{stat:?} {content:?}"),
            Known::Unknown(_) => unknown(),
        },
        stat => told(stat.map(|stat| format!("{stat:?}"))),
    }
}

/// Performs on both; the answers must agree as far as they are `known`, and `unknown` are unknown.
fn agrees(actions: &[Action], known: &[&str], unknown: &[&str]) {
    let below = host();
    let mut memory = host();
    let mut overlay = Overlay::new(&below, HashSet::new());
    for action in actions {
        overlay.perform(action).unwrap_or_else(|error| panic!("{error}: {action:?}"));
        memory.perform(action).unwrap_or_else(|error| panic!("{error}: {action:?}"));
    }
    for what in known {
        let (foretold, found) = (answer(&overlay, what), answer(&memory, what));
        assert_eq!(foretold, found, "{what} after {actions:?}");
    }
    for what in unknown {
        assert_eq!(answer(&overlay, what), "unknown", "{what} after {actions:?}");
    }
}

#[test]
fn a_link_leads_to_what_is_there() {
    let release = [folder("/srv/r"), write("/srv/r/conf", "a"), link("/srv/now", "r")];
    agrees(&release, &["/srv/now/conf", "/srv/r/conf", "/srv/now"], &[]);
    let through = [&release[..], &[write("/srv/now/conf", "b"), remove("/srv/r")]].concat();
    agrees(&through[..4], &["/srv/now/conf", "/srv/r/conf"], &[]);
    agrees(&through, &["/srv/now/conf", "/srv/r/conf"], &[]);
    agrees(&[folder("/run/t"), write("/var/run/t/x", "a")], &["/run/t/x", "/var/run/t/x"], &[]);
}

#[test]
fn a_new_users_home_has_what_the_skeleton_has() {
    let known = ["/home/new/.profile", "/home/new/bin/run", "/home/new/other", "list /home/new"];
    agrees(&[user("new", with_home())], &known, &["/etc/passwd", "user new", "group new"]);
    // One that is there stays.
    agrees(&[folder("/home/new"), user("new", with_home())], &["list /home/new"], &[]);
    let elsewhere = UserEntry { home: Some("/srv/deep/home".into()), ..with_home().unwrap() };
    agrees(&[user("new", Some(elsewhere))], &["/srv/deep", "/srv/deep/home/.profile"], &[]);
}

#[test]
fn owners_are_numbers() {
    let files = ["/srv/data", "/srv/orphan", "/home/app", "/home/app/x"];
    agrees(&[user("app", numbered(950))], &files, &[]);
    agrees(&[group("app", Some(950))], &files, &[]);
    agrees(&[group("app", Some(950)), user("app", numbered(950))], &files, &[]);
    agrees(&[user("app", None)], &["/srv/data", "/home/app/x", "group app"], &[]);
    agrees(&[user("lone", None)], &["group lone", "user lone"], &[]);
    // What the run itself gave away goes with the number too.
    let own = Action::WriteFile {
        path: "/srv/own".into(),
        content: Content { bytes: Vec::new(), secret: false },
        attributes: attributes(Some("app")),
        backup: false,
        validate: None,
        before: before(),
    };
    agrees(&[own, user("app", numbered(950))], &["/srv/own"], &[]);
    // A number that the host chooses may be an orphan's.
    agrees(&[user("new", Some(UserEntry::default()))], &["/srv/data"], &["/srv/orphan"]);
}

#[test]
fn a_set_group_id_folder_gives_its_group() {
    let made = [write("/srv/shared/x", "a"), folder("/srv/shared/d")];
    agrees(&made, &["/srv/shared/x", "/srv/shared/d"], &[]);
}

#[test]
fn a_unit_takes_others_along() {
    let start = [service("a", ServiceChange::Start)];
    let unknown = ["unit b", "unit c", "unit part", "/run/a.ready", "/var/lib/x"];
    agrees(&start, &["unit a", "/var/lib/a", "/etc/new"], &unknown);
    agrees(&[service("a", ServiceChange::Enable)], &["unit a", "unit c"], &["unit b"]);
    let stop = [folder("/run/c"), service("c", ServiceChange::Stop)];
    agrees(&stop, &["unit c", "unit a", "unit part"], &["/run/c"]);
    // Its files may be changed by this run: who hangs on it is said in theirs.
    let more = write("/etc/systemd/system/c.service.d/more.conf", "[Service]\n");
    let own = folder("/etc/systemd/system/c.service.d");
    agrees(&[own, more, service("c", ServiceChange::Stop)], &["unit part"], &[]);
    // What hangs on what is pushed out goes too.
    let rival = [folder("/run/c"), service("b", ServiceChange::Start)];
    agrees(&rival, &["unit b", "unit c"], &["unit part", "/run/c"]);
    let restart = [Action::Restart { unit: "once".into() }];
    agrees(&restart, &["unit once"], &[]);
}

#[test]
fn unit_files_make_units_of_every_kind() {
    let text =
        "[Unit]\nRequires=b.service\n[Service]\nStateDirectory=n\n[Install]\nAlso=b.service\n";
    let written =
        [write("/etc/systemd/system/n.service", text), service("n", ServiceChange::Start)];
    agrees(&written, &["unit n", "/var/lib/n"], &["unit b"]);
    agrees(&[write("/etc/systemd/system/t@.service", text)], &["unit t@1", "unit t@2"], &[]);
    let masked = [write("/etc/systemd/system/masked.service", text)];
    agrees(&masked, &[], &["unit masked"]);
    let wants = "/etc/systemd/system/multi-user.target.wants";
    let wanted = [folder(wants), link(&format!("{wants}/a.service"), "/lib/a.service")];
    agrees(&wanted, &["unit c"], &["unit a"]);
    agrees(&[service("a", ServiceChange::Mask)], &["/etc/systemd/system/a.service"], &[]);
}

#[test]
fn a_backup_has_a_name_that_nobody_knows() {
    let Action::WriteFile { path, content, attributes, validate, before, .. } =
        write("/srv/kept", "new")
    else {
        panic!()
    };
    let kept = Action::WriteFile { path, content, attributes, backup: true, validate, before };
    agrees(&[kept], &["/srv/kept"], &["list /srv", "/srv/kept.20260101T000000Z~"]);
}

fn refusal(actions: &[Action]) -> (Option<String>, Option<String>) {
    let below = host();
    let mut memory = host();
    let mut overlay = Overlay::new(&below, HashSet::new());
    let said = |done: Result<_, HostError>| done.err().map(|error| error.to_string());
    let (last, first) = actions.split_last().unwrap();
    for action in first {
        overlay.perform(action).unwrap();
        memory.perform(action).unwrap();
    }
    (said(overlay.perform(last).map(drop)), said(memory.perform(last).map(drop)))
}

#[test]
fn what_the_host_refuses_is_refused_in_a_dry_run_too() {
    let blocked = UserEntry { home: Some("/srv/kept/home".into()), ..with_home().unwrap() };
    for (action, word) in [
        (write("/srv/mounted", "x"), "cannot write /srv/mounted"),
        (remove("/srv"), "cannot write /srv"),
        (write("/srv/nowhere/x", "x"), "no such directory"),
        (user("two", numbered(900)), "`app` has it"),
        (group("two", Some(900)), "`app` has it"),
        (user("busy", None), "process 77"),
        (user("busy", numbered(1000)), "process 77"),
        (user("new", Some(blocked)), "/srv/kept is not a directory"),
        (service("once", ServiceChange::Start), "Type=oneshot"),
        (service("own", ServiceChange::Mask), "cannot mask own.service"),
    ] {
        let (foretold, met) = refusal(std::slice::from_ref(&action));
        assert!(
            foretold.as_ref().is_some_and(|said| said.contains(word)),
            "{foretold:?} {action:?}"
        );
        assert!(met.is_some(), "{action:?}");
    }
    // What the run itself frees is free.
    for actions in [
        [user("app", numbered(950)), user("two", numbered(900))],
        [user("lone", None), group("two", Some(902))],
        [remove("/etc/systemd/system/own.service"), service("own", ServiceChange::Mask)],
    ] {
        assert_eq!(refusal(&actions), (None, None), "{actions:?}");
    }
}

#[test]
fn what_is_pending_makes_of_a_refusal_an_assumption() {
    let below = host();
    let mut overlay = Overlay::new(&below, HashSet::new());
    overlay.perform(&service("c", ServiceChange::Stop)).unwrap();
    let assumes = overlay.perform(&user("busy", None)).unwrap().assumes;
    assert!(matches!(&assumes[..], [Assumption::Idle { .. }]), "{assumes:?}");
    let command = crate::host::Command { argv: vec!["umount".into()], ..Default::default() };
    overlay.perform(&Action::Run { command, changes: Vec::new() }).unwrap();
    let assumes = overlay.perform(&write("/srv/mounted", "x")).unwrap().assumes;
    assert!(matches!(&assumes[..], [Assumption::NoLongerRefused { .. }]), "{assumes:?}");
    overlay.perform(&user("new", Some(UserEntry::default()))).unwrap();
    let assumes = overlay.perform(&user("two", numbered(2000))).unwrap().assumes;
    assert!(matches!(&assumes[..], [Assumption::FreeUserNumber { .. }]), "{assumes:?}");
}

#[test]
fn who_edits_the_account_files_makes_accounts() {
    let memory = host();
    for (path, may) in [("/etc/group", true), ("/etc/passwd", true), ("/etc/motd", false)] {
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let attributes = Attributes::default();
        let content = Content { bytes: b"new:x:7:".to_vec(), secret: false };
        let (path, validate) = (Path::new(path).into(), None);
        let action = Action::WriteFile {
            path,
            content,
            attributes,
            backup: false,
            validate,
            before: before(),
        };
        overlay.perform(&action).unwrap();
        assert_eq!(overlay.group("new").unwrap() != Known::Is(None), may, "{}", action.target());
        let mut overlay = Overlay::new(&memory, HashSet::new());
        overlay.might(&action, &Origin::new("a test")).unwrap();
        assert_eq!(overlay.user("new").unwrap() != Known::Is(None), may, "{}", action.target());
    }
}

#[test]
fn what_a_repair_may_finish_is_not_nothing_to_do() {
    let repaired = |interrupted: bool| {
        let state = interrupted.then_some("half-installed: lib");
        let world = serde_json::json!({ "interrupted": state });
        let memory = InMemory::new(serde_json::from_value(world).unwrap());
        let mut overlay = Overlay::new(&memory, HashSet::new());
        if interrupted {
            let found = "half-installed: lib".to_owned();
            overlay.perform(&Action::RepairPackages { found }).unwrap();
        }
        let remove = vec!["lib".to_owned()];
        overlay.simulate(&[], &PackageRequest { remove, ..PackageRequest::default() }).unwrap()
    };
    assert!(matches!(repaired(false), Known::Is(answer) if answer.changes.is_empty()));
    assert!(matches!(repaired(true), Known::Unknown(_)));
}

use super::*;
use crate::host::{
    Attributes, Command, Content, FileBefore, PackageWish, ServiceChange, UserEntry,
};
use crate::value::{Origin, Sha256};

fn host(world: serde_json::Value) -> InMemory {
    InMemory::new(serde_json::from_value(world).unwrap())
}

fn write(path: &str, content: &str, before: Known<FileBefore>) -> Action {
    Action::WriteFile {
        path: path.into(),
        content: Content { bytes: content.into(), secret: false },
        attributes: Attributes::default(),
        backup: false,
        validate: None,
        before,
    }
}

fn anything() -> Known<FileBefore> {
    Known::Unknown(Origin::new("a test"))
}

fn absent() -> Known<FileBefore> {
    Known::Is(FileBefore { stat: Stat::Absent, sha256: None })
}

fn install(host: &InMemory, names: &[&str], hold: &[&str]) -> Transaction {
    let install = names.iter().map(|&name| PackageWish { name: name.into(), version: None });
    let request = PackageRequest { install: install.collect(), ..PackageRequest::default() };
    let Known::Is(answer) = host.simulate(&[], &request).unwrap() else { panic!("unknown") };
    Transaction { hold: hold.iter().map(|&unit| unit.into()).collect(), ..answer }
}

#[test]
fn a_file_is_replaced_only_where_it_is_what_the_plan_found() {
    let mut host =
        host(serde_json::json!({ "files": { "/etc/x": { "file": { "content": "a" } } } }));
    let error = host.perform(&write("/etc/x", "b", absent())).unwrap_err();
    assert!(error.is_stale(), "{error}");
    let before =
        FileBefore { stat: host.world().stat(Path::new("/etc/x")), sha256: Some(Sha256::of(b"a")) };
    host.perform(&write("/etc/x", "b", Known::Is(before.clone()))).unwrap();
    assert_eq!(host.world().content(Path::new("/etc/x")), Some(b"b".as_slice()));
    assert!(host.perform(&write("/etc/x", "c", Known::Is(before))).unwrap_err().is_stale());
    host.perform(&write("/etc/x", "c", anything())).unwrap();
    assert_eq!(host.performed().len(), 2);
}

#[test]
fn a_file_needs_a_directory_and_known_owners() {
    let mut host = host(serde_json::json!({}));
    let error = host.perform(&write("/etc/no/x", "b", absent())).unwrap_err();
    assert!(error.to_string().contains("/etc/no/x"), "{error}");
    let mut action = write("/etc/x", "b", absent());
    if let Action::WriteFile { attributes, .. } = &mut action {
        attributes.owner = Some("ann".into());
    }
    assert_eq!(host.perform(&action).unwrap_err().to_string(), "there is no user `ann`");
}

#[test]
fn links_on_the_way_are_followed_and_the_last_is_not() {
    let host = host(serde_json::json!({ "files": {
        "/bin": { "link": "usr/bin" },
        "/usr/bin/sh": { "link": "dash" },
        "/loop": { "link": "loop" },
    } }));
    assert_eq!(host.world().stat(Path::new("/bin/sh")), Stat::Symlink("dash".into()));
    assert_eq!(host.world().stat(Path::new("/bin")), Stat::Symlink("usr/bin".into()));
    assert_eq!(host.world().stat(Path::new("/loop/x")), Stat::Absent);
    assert_eq!(host.list_directory(Path::new("/usr/bin")).unwrap(), ["sh"]);
}

#[test]
fn a_transaction_is_what_was_simulated_or_refused() {
    let mut host = host(serde_json::json!({
        "packages": { "exim": "4" },
        "catalogue": {
            "exim": { "version": "4", "provides": ["mta"], "conflicts": ["mta"] },
            "postfix": { "version": "3", "provides": ["mta"], "conflicts": ["mta"], "depends": ["base"] },
            "base": { "version": "1" },
        },
    }));
    let planned = install(&host, &["postfix"], &[]);
    let names: Vec<_> = planned.changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["base", "exim", "postfix"]);
    host.world_mut().catalogue.get_mut("postfix").unwrap().version = "3.1".into();
    assert!(host.perform(&Action::Packages(planned)).unwrap_err().is_stale());
    let planned = install(&host, &["postfix"], &[]);
    host.perform(&Action::Packages(planned)).unwrap();
    assert_eq!(host.world().packages.get("postfix").map(String::as_str), Some("3.1"));
    assert!(!host.world().packages.contains_key("exim"));
}

#[test]
fn what_is_under_etc_before_its_package_stays() {
    let world = |manager: &str| {
        serde_json::json!({
            "manager": manager,
            "files": { "/etc/tool.conf": { "file": { "content": "mine" } } },
            "catalogue": { "tool": { "version": "1", "files": {
                "/etc/tool.conf": { "file": { "content": "theirs" } },
                "/usr/bin/tool": { "file": {} },
            } } },
        })
    };
    for (manager, new) in
        [("apt", Stat::Absent), ("pacman", Entry::File(FileEntry::default()).stat())]
    {
        let mut host = host(world(manager));
        let planned = install(&host, &["tool"], &[]);
        host.perform(&Action::Packages(planned)).unwrap();
        assert_eq!(host.world().content(Path::new("/etc/tool.conf")), Some(b"mine".as_slice()));
        assert_eq!(host.world().stat(Path::new("/etc/tool.conf.pacnew")), new);
        let request = PackageRequest { remove: vec!["tool".into()], ..PackageRequest::default() };
        let Known::Is(planned) = host.simulate(&[], &request).unwrap() else { panic!("unknown") };
        host.perform(&Action::Packages(planned)).unwrap();
        let kept = if manager == "apt" { "/etc/tool.conf" } else { "/etc/tool.conf.pacsave" };
        assert_eq!(host.world().content(Path::new(kept)), Some(b"mine".as_slice()));
        assert_eq!(host.world().stat(Path::new("/usr/bin/tool")), Stat::Absent);
    }
}

#[test]
fn a_held_unit_ends_off_and_another_as_its_package_wants() {
    let world = serde_json::json!({
        "catalogue": { "postfix": { "version": "3", "units": {
            "postfix.service": { "enabled": true, "started": true },
        } } },
    });
    for (hold, active) in [(&["postfix"] as &[&str], false), (&[], true)] {
        let mut host = host(world.clone());
        let planned = install(&host, &["postfix"], hold);
        host.perform(&Action::Packages(planned)).unwrap();
        let unit = host.world().unit("postfix");
        assert!(
            unit.exists && unit.active == active && unit.is_enabled() == active && !unit.masked
        );
    }
}

#[test]
fn a_unit_file_makes_a_unit_and_its_removal_takes_it() {
    let mut host = host(serde_json::json!({}));
    assert!(!host.world().unit("own").exists);
    let path = "/etc/systemd/system/own.service";
    host.perform(&write(path, "[Install]\n", absent())).unwrap();
    let found = host.world().unit("own");
    assert!(found.exists && found.enabled == "disabled");
    let change = ServiceChange::Start;
    let before = Known::Is(found);
    host.perform(&Action::Service { unit: "own".into(), change, before: before.clone() }).unwrap();
    let again = Action::Service { unit: "own".into(), change, before };
    assert!(host.perform(&again).unwrap_err().is_stale());
}

#[test]
fn a_unit_that_does_not_start_says_its_log() {
    let mut host = host(serde_json::json!({ "units": {
        "a.service": { "fails": "bind: address already in use" },
        "b.service": { "needs": ["/etc/b.conf"] },
    } }));
    let start = |name: &str| Action::Restart { unit: name.into() };
    let diagnostic = host.perform(&start("a")).unwrap_err().diagnostic();
    assert_eq!(diagnostic.notes, ["log: bind: address already in use"]);
    assert!(host.perform(&start("b")).is_err());
    host.perform(&write("/etc/b.conf", "", absent())).unwrap();
    host.perform(&start("b")).unwrap();
    assert!(host.world().is_active("b"));
}

#[test]
fn a_user_gets_what_useradd_would_choose() {
    let mut host = host(serde_json::json!({}));
    let entry = UserEntry { create_home: true, ..UserEntry::default() };
    let add = |name: &str, entry: UserEntry| Action::User {
        name: name.into(),
        entry: Some(entry),
        before: Known::Is(None),
    };
    host.perform(&add("ann", entry)).unwrap();
    host.perform(&add("daemon", UserEntry { system: true, ..UserEntry::default() })).unwrap();
    let ann = host.world().user("ann").unwrap();
    assert_eq!((ann.uid, ann.group.as_str(), ann.home.as_str()), (1000, "ann", "/home/ann"));
    assert_eq!(host.world().user("daemon").unwrap().uid, 999);
    assert!(matches!(host.world().stat(Path::new("/home/ann")), Stat::Directory(_)));
    assert!(host.perform(&add("ann", UserEntry::default())).unwrap_err().is_stale());
}

#[test]
fn programs_answer_and_act() {
    let mut host = host(serde_json::json!({ "commands": [
        { "argv": ["cat", "*"], "stdout_of": "/etc/x" },
        { "argv": ["make", "x"], "effects": [{ "write": { "path": "/etc/x", "content": "made\n" } }] },
        { "argv": ["tool"], "needs": "/usr/bin/tool" },
    ] }));
    let command = |words: &[&str]| Command {
        argv: words.iter().map(|&word| word.into()).collect(),
        ..Command::default()
    };
    let ask = |host: &InMemory, words: &[&str]| match host
        .probe(&Probe::Command(command(words)))
        .unwrap()
    {
        Known::Is(ProbeAnswer::Command(output)) => output,
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(&host, &["cat", "/etc/x"]).rc, 1);
    let make = Action::Run { command: command(&["make", "x"]), changes: Vec::new() };
    assert_eq!(host.perform(&make).unwrap().failed, None);
    assert_eq!(ask(&host, &["cat", "/etc/x"]).stdout, "made\n");
    assert_eq!(ask(&host, &["tool"]).rc, 127);
    assert_eq!(ask(&host, &["make", "y"]).rc, 1);
    let missing = Action::Run { command: command(&["tool"]), changes: Vec::new() };
    assert_eq!(host.perform(&missing).unwrap_err().to_string(), "cannot run tool: not found");
}

#[test]
fn a_fault_comes_before_or_after_its_action() {
    for (after, written) in [(false, None), (true, Some(b"2".as_slice()))] {
        let mut host = host(serde_json::json!({}));
        host.fail(Fault { at: 2, after, message: "killed".into() });
        host.perform(&write("/etc/1", "1", absent())).unwrap();
        let error = host.perform(&write("/etc/2", "2", absent())).unwrap_err();
        assert_eq!(error.to_string(), "killed");
        assert_eq!(host.world().content(Path::new("/etc/2")), written);
        host.perform(&write("/etc/3", "3", absent())).unwrap();
    }
}

#[test]
fn a_host_can_be_written_down_and_read_again() {
    let mut host = host(serde_json::json!({
        "files": { "/etc/key": { "file": { "content": { "base64": "//4A" } } } },
        "users": [{ "name": "ann", "uid": 1000, "group": "root", "home": "/", "shell": "/bin/sh" }],
        "units": { "a.service": {} },
        "facts": { "ansible_distribution": "Debian" },
    }));
    host.perform(&write("/etc/x", "x", absent())).unwrap();
    let written = serde_json::to_value(host.world()).unwrap();
    let read: World = serde_json::from_value(written).unwrap();
    assert_eq!(&read, host.world());
    assert_eq!(InMemory::new(read).world(), host.world());
}

//! The question before a converge, on a terminal: script(1) of util-linux is one.

use crate::fleet::{Fleet, Said, binary};
use crate::lab::lab;
use std::io::Write;
use std::process::{Command, Stdio};

const TASKS: &str = r#"
- name: a file
  copy: {dest: /etc/asked, content: "yes\n", mode: "0644"}
"#;

const REMOVAL: &str = r#"
- name: gone
  package: {name: "{{ removed }}", state: absent}
"#;

#[test]
fn on_a_terminal_many_hosts_or_a_removal_are_asked_about_once() {
    let lab = lab("q").debian("web1").debian("web2").pacman("arch1").up().unwrap();
    let fleet = Fleet::over(lab, &["web1", "web2", "arch1"], "asked")
        .file("roles/asked/tasks/main.yml", TASKS)
        .file("roles/removal/tasks/main.yml", REMOVAL)
        .set("removed", "none");
    let applied = |host: &str| {
        fleet.lab.host(host).unwrap().run(["test", "-e", "/etc/asked"]).unwrap().success()
    };
    let none = || !["web1", "web2", "arch1"].into_iter().any(applied);

    for (answer, arguments, code) in [
        ("n\n", &[][..], 0),
        ("\n", &[], 0),
        // The end of what is typed.
        ("\u{4}", &[], 0),
        ("no\n", &["--detailed-exitcode"], 2),
        ("what?\nn\n", &[], 0),
    ] {
        let said = on_a_terminal(&fleet, arguments, answer);
        assert_eq!(said.code, code, "{answer:?}: {}", said.stdout);
        assert!(said.stdout.contains("Nothing was changed."), "{answer:?}: {}", said.stdout);
        let questions = said.stdout.matches("Apply to 3 hosts? [y/N/d=diff]").count();
        assert_eq!(questions, answer.trim_end().lines().count().max(1), "{}", said.stdout);
        assert!(none(), "{answer:?} changes nothing");
    }
    let said = on_a_terminal(&fleet, &[], "d\nn\n");
    let (before, after) = said.stdout.split_once("[y/N/d=diff]").unwrap();
    // Three plans alike are one.
    assert!(before.contains("3 hosts: 3 to change"), "{}", said.stdout);
    assert_eq!(before.matches("same plan on").count(), 1, "{}", said.stdout);
    assert_eq!(after.matches("/etc/asked").count(), 1, "{}", said.stdout);
    assert_eq!(after.matches("+yes").count(), 1, "{}", said.stdout);
    assert!(none());

    // One host and no removal: nothing to ask. Then yes, for those that are left.
    let said = on_a_terminal(&fleet, &["--limit", "web1"], "");
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert!(!said.stdout.contains("Apply to"), "{}", said.stdout);
    assert!(applied("web1") && !applied("web2"));
    let said = on_a_terminal(&fleet, &[], "y\n");
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert!(said.stdout.contains("Apply to 2 hosts?"), "one has it already: {}", said.stdout);
    assert!(applied("web2") && applied("arch1"));

    for host in ["web1", "web2", "arch1"] {
        fleet.lab.host(host).unwrap().run(["rm", "/etc/asked"]).unwrap();
    }
    let said = on_a_terminal(&fleet, &["--yes"], "");
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert!(!said.stdout.contains("Apply to") && applied("arch1"), "{}", said.stdout);
    fleet.lab.host("web1").unwrap().run(["rm", "/etc/asked"]).unwrap();
    // Nobody is there to answer.
    let said = fleet.run(&[]);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(!said.stdout.contains("Apply to") && applied("web1"), "{said:#?}");

    a_removal(fleet.hosts(&["web2"]).with_role("removal"));
}

/// One host whose plan removes a package.
fn a_removal(fleet: Fleet) {
    let host = fleet.host();
    let installed = host.sh("apt-get -q update && apt-get -qy install s-nail").unwrap();
    assert!(installed.success(), "{installed:?}");
    let there = || fleet.host().sh("dpkg -s s-nail | grep -q 'ok installed'").unwrap().success();
    assert!(there());
    let fleet = fleet.set("removed", "s-nail");
    let there = || fleet.host().sh("dpkg -s s-nail | grep -q 'ok installed'").unwrap().success();
    let said = on_a_terminal(&fleet, &[], "n\n");
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert!(said.stdout.contains("REMOVES s-nail"), "{}", said.stdout);
    assert!(said.stdout.contains("Apply to 1 host?") && there(), "{}", said.stdout);
    let said = on_a_terminal(&fleet, &[], "y\n");
    assert_eq!(said.code, 0, "{}", said.stdout);
    assert!(!there());
}

/// The command on a terminal on which this is typed.
fn on_a_terminal(fleet: &Fleet, arguments: &[&str], typed: &str) -> Said {
    fleet.inventory();
    let line = format!("{} --inventory hosts.yml {}", binary().display(), arguments.join(" "));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("NO_COLOR", "1")
        .current_dir(fleet.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).unwrap();
    // A keyboard does not end; script(1) does when its command has.
    let output = child.wait_with_output().unwrap();
    drop(keyboard);
    Said::of(output)
}

//! Sixteen hosts in one run, by ssh: one outcome each, and exit codes as documented.

use super::cut_off::{comes_back, link};
use crate::fleet::{Fleet, Report, Said};
use crate::lab::lab;
use crate::patience::until;
use std::process::Stdio;

const TASKS: &str = r#"
- name: a folder
  file: {path: /etc/site, state: directory, mode: "0755"}

- name: a file
  copy: {dest: /etc/site/name, content: "{{ inventory_hostname }}\n", mode: "0644"}

- name: a number for all
  command: {argv: [cat, /proc/sys/kernel/random/uuid]}
  run_once: true
  register: number
  changed_when: false

- name: the number
  copy: {dest: /etc/site/number, content: "{{ number.stdout }}\n", mode: "0644"}
  when: number_wanted

- name: takes its time where it may not go on yet
  command:
    argv: [sh, -c, "touch /run/at.it; until [ -e /run/go.on ]; do sleep 0.05; done"]
    creates: /run/go.on
"#;

/// Runs until it is told to end.
const SLOW: &str = r#"
- name: slowly
  command: {argv: [sh, -c, "until [ -e /run/enough ]; do sleep 0.05; done"], creates: /nowhere}
"#;

#[test]
fn sixteen_hosts_have_one_outcome_each() {
    let names: Vec<String> = (1..=16).map(|number| format!("web{number}")).collect();
    let builder = names.iter().enumerate().fold(lab("m"), |builder, (index, name)| {
        if index % 2 == 0 { builder.debian(name) } else { builder.pacman(name) }
    });
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fleet = Fleet::over(builder.up().unwrap(), &names, "site")
        .file("roles/site/tasks/main.yml", TASKS)
        .file("roles/slow/tasks/main.yml", SLOW)
        .by_ssh()
        .set("converge_agent", "/usr/local/bin/converge")
        .set("converge_silence_timeout", "6")
        .set("number_wanted", "true");
    for name in names.iter().filter(|name| **name != "web9") {
        fleet.lab.host(name).unwrap().write("/run/go.on", "").unwrap();
    }

    let check = fleet.run(&["--check", "--detailed-exitcode"]);
    assert_eq!(check.code, 2, "{check:#?}");
    // One cannot have its folder, one is down, and one is cut off while it works.
    fleet.lab.host("web3").unwrap().write("/etc/site", "in the way\n").unwrap();
    fleet.lab.host("web6").unwrap().kill().unwrap();
    let mut command = fleet.command(&["--yes", "--output", "json"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let cut_off = fleet.lab.host("web9").unwrap();
    until("it works", || cut_off.read("/run/at.it").is_ok());
    link(&cut_off, "down");
    let said = Said::of(run.wait_with_output().unwrap());
    let report = Report { code: said.code, document: serde_json::from_str(&said.stdout).unwrap() };
    assert_eq!(report.code, 1, "{:#}", report.document);
    let hosts = report.document["hosts"].as_array().unwrap();
    assert_eq!(hosts.len(), 16);
    for host in hosts {
        let expected = match host["name"].as_str().unwrap() {
            "web3" => "failed",
            "web6" | "web9" => "unreachable",
            _ => "changed",
        };
        assert_eq!(host["status"], expected, "{host:#}");
    }
    let number = |name: &str| fleet.lab.host(name).unwrap().read("/etc/site/number").unwrap();
    let first = number("web1");
    assert_eq!(first.len(), 37);
    for name in names.iter().filter(|name| !["web3", "web6"].contains(name)) {
        assert_eq!(number(name), first, "{name}: one number for all");
    }

    let unreachable = fleet.run(&["--limit", "web6"]);
    assert_eq!(unreachable.code, 3, "{unreachable:#?}");
    assert!(unreachable.stdout.contains("UNREACHABLE"), "{unreachable:#?}");
    comes_back(&cut_off);
    let back = fleet.lab.host("web6").unwrap();
    back.start().unwrap();
    back.write("/run/go.on", "").unwrap();
    fleet.lab.host("web3").unwrap().sh("rm /etc/site").unwrap();
    // The number is new in each run; without it a second run has nothing to do.
    let fleet = fleet.set("number_wanted", "false");
    assert_eq!(fleet.run(&["--yes"]).code, 0);
    let again = fleet.report(&["--yes", "--detailed-exitcode"]);
    assert_eq!((again.code, again.actions()), (0, vec![]));

    exit_codes(fleet);
}

fn exit_codes(fleet: Fleet) {
    let usage = fleet.run(&["--no-such-option"]);
    assert_eq!(usage.code, 64, "{usage:#?}");
    let nobody = fleet.run(&["--limit", "nobody"]);
    assert_eq!(nobody.code, 65, "{nobody:#?}");
    assert!(nobody.stderr.contains("nobody"), "{nobody:#?}");

    let fleet = fleet.with_role("slow");
    let lock = || fleet.host().sh("cat /var/lib/converge/lock").unwrap().stdout;
    let before = lock();
    let mut slow = fleet.command(&["--limit", "web1"]);
    let mut slow = slow.stdout(Stdio::null()).spawn().unwrap();
    until("it holds the host", || lock() != before);
    for arguments in [&["--limit", "web1"][..], &["--check", "--limit", "web1"]] {
        let locked = fleet.run(arguments);
        assert_eq!(locked.code, 4, "{locked:#?}");
        assert!(locked.stdout.contains("another run holds this host: run "), "{locked:#?}");
        assert!(locked.stdout.contains(&lock()), "names its holder: {locked:#?}");
    }
    fleet.host().write("/run/enough", "").unwrap();
    assert!(slow.wait().unwrap().success());
}

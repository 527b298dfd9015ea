//! `converge run` over ssh, on hosts of both families that have nothing of ours.

use crate::fleet::{FAMILIES, Fleet, Said, binary};
use crate::lab::lab;
use crate::patience::until;
use std::process::{Command, Stdio};

/// Options before the pattern, so that a command can stand behind it.
fn converge(fleet: &Fleet, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("run").arg("-i").arg(fleet.inventory()).args(arguments).stdin(Stdio::null());
    command.env("NO_COLOR", "1");
    command
}

fn run(fleet: &Fleet, arguments: &[&str]) -> Said {
    Said::of(converge(fleet, arguments).output().unwrap())
}

#[test]
fn a_task_and_a_command_are_run_as_any_converge_is() {
    let [first, second] = FAMILIES;
    let lab = lab("ah").host("one", first).host("two", second).up().unwrap();
    let fleet = Fleet::over(lab, &["one", "two"], "unused").by_ssh();
    let host = |name: &str| fleet.lab.host(name).unwrap();
    for name in ["one", "two"] {
        assert!(host(name).sh("umount /usr/local/bin/converge").unwrap().success());
    }
    let task = "copy: {dest: /etc/note, content: \"of {{ mail_root_alias }}\\n\", mode: '0644'}";

    let check = run(&fleet, &["all", task, "--check", "--diff", "--detailed-exitcode"]);
    assert_eq!(check.code, 2, "{check:#?}");
    assert!(check.stdout.contains("+of admin@lab.test"), "{check:#?}");
    assert!(check.stdout.contains(" all 'copy: {dest: /etc/note"), "how to apply it: {check:#?}");
    assert!(!host("one").sh("test -e /etc/note").unwrap().success());
    assert_eq!(run(&fleet, &["all", task]).code, 0);
    let again = run(&fleet, &["all", task, "--detailed-exitcode"]);
    assert_eq!(again.code, 0, "nothing is left to do: {again:#?}");

    let read = run(&fleet, &["all", "--", "cat", "/etc/note"]);
    assert!(read.stdout.starts_with("one two\n  of admin@lab.test\n\n2 ended well"), "{read:#?}");
    let failed = run(&fleet, &["all:!two", "--", "echo here; echo there >&2; exit 3"]);
    assert_eq!(failed.code, 1, "{failed:#?}");
    let said = "one   ended with 3\n  here\n  stderr: there\n\n0 ended well, 1 failed";
    assert!(failed.stdout.starts_with(said), "{failed:#?}");

    // The lock of any other run.
    let wait = "touch /run/at.it; until [ -e /run/go.on ]; do sleep 0.1; done";
    let mut long = converge(&fleet, &["one", "--", wait]).stdout(Stdio::null()).spawn().unwrap();
    until("it runs", || host("one").sh("test -e /run/at.it").unwrap().success());
    let locked = run(&fleet, &["one", "--", "true"]);
    assert_eq!(locked.code, 4, "{locked:#?}");
    host("one").write("/run/go.on", "").unwrap();
    assert!(long.wait().unwrap().success());
}

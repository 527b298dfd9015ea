//! Hosts that are lost in the midst of a run, by ssh: the others come to their end.

use super::LONG;
use crate::fleet::{FAMILIES, Fleet, Said};
use crate::lab::lab;
use crate::patience::until;
use converge::lab::Host;
use std::process::{Command, Stdio};

fn fleet(prefix: &str) -> Fleet {
    let [first, second] = FAMILIES;
    let lab = lab(prefix).host("one", first).host("two", second).up().unwrap();
    Fleet::over(lab, &["one", "two"], "long").file("roles/long/tasks/main.yml", LONG).by_ssh()
}

pub(super) fn link(host: &Host<'_>, state: &str) {
    let pid = host.pid().unwrap().to_string();
    let words = ["--target", &pid, "--net", "ip", "link", "set", "host0", state];
    assert!(Command::new("nsenter").args(words).status().unwrap().success());
}

/// Its agent ends what it is at, and begins nothing more, once it hears that nobody listens.
pub(super) fn comes_back(host: &Host<'_>) {
    link(host, "up");
    until("the agent is told that its controller left", || {
        let sessions = host.sh("ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c sshd").unwrap();
        sessions.stdout.trim() == "1"
    });
    host.sh("touch /run/go.on").unwrap();
    let running = "ls -l /proc/[0-9]*/exe 2>/dev/null | grep converge";
    until("the agent has ended", || !host.sh(running).unwrap().success());
}

#[test]
fn a_host_whose_link_goes_down_is_unreachable_and_the_rest_finish() {
    let fleet = fleet("cu").set("converge_silence_timeout", "6");
    let hosts = ["one", "two"].map(|name| fleet.lab.host(name).unwrap());
    let mut command = fleet.command(&["--yes"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for host in &hosts {
        until("the long task is at work", || host.read("/run/at.it").is_ok());
    }
    link(&hosts[0], "down");
    hosts[1].sh("touch /run/go.on").unwrap();
    let said = Said::of(run.wait_with_output().unwrap());
    assert_eq!(said.code, 3, "{said:#?}");
    assert!(said.stdout.contains("the host has said nothing for 6 s"), "{said:#?}");
    assert!(
        said.stdout.contains("1 unreachable") && said.stdout.contains("1 changed"),
        "{said:#?}"
    );
    assert!(hosts[1].read("/etc/third").is_ok());
    comes_back(&hosts[0]);
    assert!(hosts[0].read("/etc/second").is_ok() && hosts[0].read("/etc/third").is_err());
    fleet.apply().assert_ok();
    fleet.assert_nothing_to_do();
}

#[test]
fn a_changed_host_key_is_refused_and_control_sockets_are_kept_where_asked() {
    let fleet = fleet("ck").set("converge_ssh_persist", "true");
    let sh = |fleet: &Fleet, script: &str| {
        ["one", "two"].map(|name| fleet.lab.host(name).unwrap().sh(script).unwrap().stdout)
    };
    sh(&fleet, "touch /run/go.on");
    fleet.report(&["--yes"]).assert_ok();
    // sshd answered one connection, and the second run takes the same one.
    let accepted = "journalctl -b | grep -c 'Accepted publickey'";
    let before = sh(&fleet, accepted);
    fleet.assert_nothing_to_do();
    assert_eq!(sh(&fleet, accepted), before, "a second connection");
    let fleet = fleet.set("converge_ssh_persist", "false");
    let new_key = "rm /etc/ssh/ssh_host_ed25519_key* && \
                   ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key && \
                   { systemctl restart ssh 2>/dev/null || systemctl restart sshd; }";
    assert!(fleet.host().sh(new_key).unwrap().success());
    let said = fleet.run(&["--check"]);
    assert_eq!(said.code, 3, "{said:#?}");
    let all = said.stdout.clone() + &said.stderr;
    assert!(all.contains("the host's key changed; find out why"), "{all}");
    assert!(all.contains("1 unreachable"), "{all}");
}

//! Hosts as most people have them: reached by plain ssh, without anything of ours.

use crate::fleet::{FAMILIES, Fleet, assert_foretold};
use crate::lab::lab;

#[test]
fn blank_hosts_are_foretold_and_converged_over_ssh() {
    let [first, second] = FAMILIES;
    let lab = lab("os").host("one", first).host("two", second).up().unwrap();
    let fleet = Fleet::over(lab, &["one", "two"], "sys-svc-mail-smtp").by_ssh();
    let hosts = ["one", "two"].map(|name| fleet.lab.host(name).unwrap());
    for host in &hosts {
        assert!(host.sh("umount /usr/local/bin/converge").unwrap().success());
    }

    let check = fleet.check();
    check.assert_ok();
    let kept = "find /var/lib/converge -type f -printf '%h %m %u\\n'";
    for host in &hosts {
        let left = host.sh(kept).unwrap().stdout;
        assert_eq!(left, "/var/lib/converge/agent 700 root\n", "a dry run leaves the agent alone");
    }
    let apply = fleet.report(&["--yes"]);
    apply.assert_ok();
    assert_foretold(&check, &apply);
    let statuses: Vec<_> = apply.document["hosts"].as_array().unwrap().iter().collect();
    assert!(statuses.iter().all(|host| host["status"] == "changed"), "{:#}", apply.document);
    fleet.assert_nothing_to_do();
    for host in &hosts {
        let running = host.sh("ls -l /proc/[0-9]*/exe 2>/dev/null | grep converge").unwrap();
        assert_eq!(running.stdout, "", "no agent stays");
    }
}

/// Each fault is the host's alone: the other one is looked at all the same.
#[test]
fn an_agent_that_cannot_come_fails_its_host_alone_with_the_cause() {
    let [first, second] = FAMILIES;
    let lab = lab("oa").host("one", first).host("two", second).up().unwrap();
    let fleet = Fleet::over(lab, &["one", "two"], "sys-svc-mail-smtp").by_ssh();
    let host = fleet.lab.host("one").unwrap();
    let folder = "/var/lib/converge/agent";
    for (options, cause) in [
        ("noexec", "Permission denied"),
        ("size=64k", "No space left on device"),
        ("ro", "Read-only file system"),
    ] {
        let mount =
            format!("mkdir -p {folder} && mount -t tmpfs -o mode=0700,{options} none {folder}");
        assert!(host.sh(&mount).unwrap().success());
        let check = fleet.check();
        let said = format!("{options}: {:#}", check.document);
        let statuses: Vec<&str> = check.document["hosts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|host| host["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["unreachable", "changed"], "{said}");
        assert!(said.contains(cause), "{said}");
        assert!(host.sh(&format!("umount {folder}")).unwrap().success());
    }
    fleet.check().assert_ok();
}

//! Hosts as most people have them: reached by plain ssh.

use crate::fleet::{FAMILIES, Fleet, assert_foretold};
use crate::lab::lab;

#[test]
fn blank_hosts_are_foretold_and_converged_over_ssh() {
    let [first, second] = FAMILIES;
    let lab = lab("os").host("one", first).host("two", second).up().unwrap();
    let fleet = Fleet::over(lab, &["one", "two"], "sys-svc-mail-smtp").by_ssh();
    let hosts = ["one", "two"].map(|name| fleet.lab.host(name).unwrap());

    let check = fleet.check();
    check.assert_ok();
    for host in &hosts {
        assert_eq!(host.sh("find /var/lib/converge").unwrap().stdout, "", "a dry run leaves");
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

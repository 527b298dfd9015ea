//! Hosts are real ones, blank, distinct, and up quickly.

use super::{Succeeded, lab};
use converge::lab::{Family, Host, prepare};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn hosts_of_both_families_are_real_and_blank() {
    let lab = lab("hb").debian("web1").debian("web2").pacman("arch1").up().unwrap();
    let hosts = ["web1", "web2", "arch1"].map(|name| lab.host(name).unwrap());
    for host in &hosts {
        assert_eq!(host.run(["systemctl", "is-system-running"]).unwrap().ok(), "running\n");
        assert_eq!(host.run(["hostname", "-f"]).unwrap().ok(), format!("{}\n", host.fqdn()));
        assert!(host.run(["ip", "-6", "address", "show", "lo"]).unwrap().ok().contains("::1/128"));
        for program in ["sendmail", "postfix", "msmtp", "exim4"] {
            assert!(!host.sh(&format!("command -v {program}")).unwrap().success(), "{program}");
        }
        assert!(host.run(["/usr/local/bin/converge", "--version"]).unwrap().success());
        assert!(!host.sh("echo > /usr/local/bin/converge").unwrap().success());
        // By name, by the lab's DNS.
        let found = host.run(["getent", "hosts", "web2.lab.test"]).unwrap().ok();
        assert!(found.starts_with(&lab.host("web2").unwrap().address().to_string()), "{found}");
    }
    for file in ["/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub"] {
        let own: BTreeSet<_> = hosts.iter().map(|host| host.read(file).unwrap()).collect();
        assert_eq!(own.len(), hosts.len(), "{file}");
    }
    let install = |host: &Host<'_>, words: &[&str]| host.run(words).unwrap();
    let unknown = install(&hosts[0], &["apt-get", "install", "-y", "postfix"]);
    assert!(unknown.stderr.contains("Unable to locate package postfix"), "{unknown:?}");
    let unknown = install(&hosts[2], &["pacman", "-S", "--noconfirm", "postfix"]);
    assert!(unknown.stderr.contains("target not found: postfix"), "{unknown:?}");
    assert!(!hosts[2].sh("command -v apt-get || command -v dpkg").unwrap().success());
}

#[test]
fn ssh_reaches_hosts_by_name_with_known_keys() {
    let lab = lab("ssh").debian("web1").pacman("arch1").up().unwrap();
    for name in ["web1", "arch1"] {
        let ssh = |options: &[&str]| {
            let mut command = Command::new("ssh");
            command.arg("-F").arg(lab.ssh_config()).args(["-o", "BatchMode=yes"]);
            command.args(options).args(["--", name, "hostname"]).output().unwrap()
        };
        let output = ssh(&[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{name}\n"), "{output:?}");
        let output = ssh(&["-o", "UserKnownHostsFile=/dev/null"]);
        assert_eq!(output.status.code(), Some(255), "an unknown key is refused: {output:?}");
    }
}

#[test]
fn the_inventory_names_the_hosts_and_how_to_reach_them() {
    let lab = lab("inv").debian("web1").pacman("arch1").up().unwrap();
    let text = || std::fs::read_to_string(lab.inventory()).unwrap();
    let pid = |name: &str| {
        format!(
            "{name}:\n      ansible_connection: community.general.nsenter\n      \
                 ansible_nsenter_pid: {}\n",
            lab.host(name).unwrap().pid().unwrap()
        )
    };
    assert!(text().contains(&pid("web1")) && text().contains(&pid("arch1")), "{}", text());
    let before = text();
    lab.host("web1").unwrap().restart().unwrap();
    assert!(text() != before && text().contains(&pid("web1")), "a new boot is a new process");
}

#[test]
fn sixteen_hosts_are_up_together() {
    for family in Family::ALL {
        prepare(family).unwrap();
    }
    let hosts = |builder, number| match number % 2 {
        0 => converge::lab::LabBuilder::debian(builder, &format!("web{number}")),
        _ => converge::lab::LabBuilder::pacman(builder, &format!("arch{number}")),
    };
    let builder = (0..16).fold(lab("big"), hosts);
    let lab = builder.up().unwrap();
    assert_eq!(lab.state().hosts.len(), 16);
    assert!(lab.state().hosts.iter().all(|host| {
        lab.host(&host.name).unwrap().run(["systemctl", "is-system-running"]).unwrap().success()
    }));
}

//! Hosts go back to blank or to a snapshot, break on demand, and tell what changed.

use super::{Succeeded, lab};
use converge::lab::{Change, Host};
use std::path::Path;

fn exists(host: &Host<'_>, path: &str) -> bool {
    host.run(["test", "-e", path]).unwrap().success()
}

#[test]
fn a_host_goes_back_to_blank() {
    let lab = lab("re").debian("web1").pacman("arch1").up().unwrap();
    for name in ["web1", "arch1"] {
        let host = lab.host(name).unwrap();
        host.write("/etc/own", "x").unwrap();
        host.run(["rm", "/etc/hostname"]).unwrap().ok();
        host.restart().unwrap();
        assert!(exists(&host, "/etc/own") && !exists(&host, "/etc/hostname"), "files stay");
        host.reset().unwrap();
        assert!(!exists(&host, "/etc/own") && exists(&host, "/etc/hostname"));
    }
}

#[test]
fn a_host_goes_back_to_its_snapshot() {
    let lab = lab("sn").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.write("/etc/first", "1").unwrap();
    host.snapshot().unwrap();
    host.write("/etc/first", "2").unwrap();
    host.write("/etc/second", "2").unwrap();
    host.reset().unwrap();
    assert_eq!(host.read("/etc/first").unwrap(), b"1");
    assert!(!exists(&host, "/etc/second"));
    host.blank().unwrap();
    assert!(!exists(&host, "/etc/first"));
}

#[test]
fn changes_are_what_differs_from_blank() {
    let lab = lab("ch").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    assert!(host.changes(&["/usr", "/root"]).unwrap().is_empty(), "a boot changes nothing there");
    host.write("/root/new", "x").unwrap();
    host.snapshot().unwrap();
    host.sh("rm /root/.bashrc; chmod 0600 /root/new; ln -s /etc /root/link").unwrap().ok();
    let changes = host.changes(&["/root"]).unwrap();
    let names: Vec<_> = changes.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["/root", "/root/.bashrc", "/root/link", "/root/new"]);
    assert_eq!(changes[Path::new("/root/.bashrc")], Change::Gone);
    let there = |path| match &changes[Path::new(path)] {
        Change::There { mode, content, .. } => (mode & 0o7777, content.clone()),
        Change::Gone => panic!("{path} is gone"),
    };
    // sha256 of "x".
    let hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(there("/root/new"), (0o600, hash.to_owned()));
    assert_eq!(there("/root/link").1, "/etc");
}

#[test]
fn files_are_the_hosts_own_even_behind_absolute_links() {
    let lab = lab("fi").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.sh("ln -s /etc/hostname /root/link; ln -s /etc /root/etc").unwrap().ok();
    assert_eq!(host.read("/root/link").unwrap(), b"web1\n");
    host.write("/root/etc/converge-lab-test", "x").unwrap();
    assert!(exists(&host, "/etc/converge-lab-test"));
    assert!(!Path::new("/etc/converge-lab-test").exists());
}

#[test]
fn commands_report_how_they_ended() {
    let lab = lab("co").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    let output = host.sh("echo out; echo err >&2; exit 7").unwrap();
    assert_eq!((output.status, &*output.stdout, &*output.stderr), (7, "out\n", "err\n"));
    assert_eq!(host.sh("kill -9 $$").unwrap().status, 128 + 9);
    host.sh("sleep 60 & echo started").unwrap().ok();
    host.sh("grep -x sleep /proc/[0-9]*/comm").unwrap().ok(); // What stays behind is not waited for.
    let large = vec![b'x'; 1 << 20];
    assert_eq!(host.run_with_input(["cat"], &large).unwrap().stdout.len(), large.len());
    host.run(["useradd", "-m", "alice"]).unwrap().ok();
    assert_eq!(host.run_as("alice", ["id", "-un"]).unwrap().ok(), "alice\n");
}

#[test]
fn disks_break_and_heal() {
    let lab = lab("di").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.sh("mkdir -m 0750 /srv/data; chown daemon /srv/data; echo kept > /srv/data/old")
        .unwrap()
        .ok();
    let write = "head -c 100000 /dev/zero > /srv/data/new";

    host.fill_disk("/srv/data").unwrap();
    assert_eq!(host.read("/srv/data/old").unwrap(), b"kept\n");
    assert_eq!(host.run(["stat", "-c", "%U %a", "/srv/data"]).unwrap().ok(), "daemon 750\n");
    assert!(host.sh(write).unwrap().stderr.contains("No space left on device"));
    host.heal("/srv/data").unwrap();
    host.sh(write).unwrap().ok();

    host.read_only("/srv/data").unwrap();
    assert!(host.sh(write).unwrap().stderr.contains("Read-only file system"));
    host.heal("/srv/data").unwrap();
    host.sh(write).unwrap().ok();
}

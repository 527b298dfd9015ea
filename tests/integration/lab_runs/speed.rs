//! What a run with nothing to do costs in processes: what a file tells is read there, and systemd
//! is asked once for all units. Every program of the host is called by way of a wrapper that notes
//! the call.

use crate::fleet::{Fleet, in_both_families};
use converge::lab::{Family, Host};

/// One of each kind whose state is in a file, and three units.
const TASKS: &str = r#"
- package: {name: "{{ there }}"}
- file: {path: /etc/site, state: directory, group: web, mode: "0755"}
- copy: {dest: /etc/site/name, content: "x\nanother\n", mode: "0644"}
- lineinfile: {path: /etc/site/name, line: another}
- stat: {path: /etc/site/name}
- service: {name: ssh, state: started, enabled: true}
- systemd: {name: dbus, state: started}
- service: {name: systemd-journald, state: started}
- command: {argv: [touch, /etc/site/made], creates: /etc/site/made}
"#;

const ACCOUNTS: &str = r#"
- group: {name: web, system: true}
- user: {name: site, group: web, system: true, shell: /usr/sbin/nologin}
"#;

/// The first folder of every agent's PATH.
const WRAP: &str = r#"
set -eu
cat > /usr/local/sbin/.wrapper <<'WRAPPER'
#!/bin/sh
name=${0##*/}
echo "$name $*" >> /run/called
[ -x "/usr/sbin/$name" ] && exec "/usr/sbin/$name" "$@"
exec "/usr/bin/$name" "$@"
WRAPPER
chmod 0755 /usr/local/sbin/.wrapper
ls /usr/sbin /usr/bin | grep '^[a-z]' | sort -u | grep -v -e converge |
    while read -r name; do ln /usr/local/sbin/.wrapper "/usr/local/sbin/$name"; done
"#;

fn called(host: &Host<'_>) -> Vec<String> {
    let called = host.read("/run/called").map(|bytes| String::from_utf8(bytes).unwrap());
    host.run(["/usr/bin/rm", "-f", "/run/called"]).unwrap();
    called.unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn nothing_to_do_starts_no_process_but_one_question_to_systemd() {
    in_both_families("z", |fleet| {
        let host = fleet.host();
        let wrapped = host.sh(WRAP).unwrap();
        assert!(wrapped.success(), "{wrapped:?}");
        called(&host);
        fleet.apply().assert_ok();
        // The wrappers do note what an agent calls.
        let manager = match host.family() {
            Family::Debian => "apt-get ",
            Family::Pacman => "pacman ",
        };
        let first = called(&host);
        assert!(first.iter().any(|call| call.starts_with(manager)), "{first:?}");
        only_one_question(&fleet, &["postfix.service", "postfix@-.service"]);
        drop(host);

        let there = "postfix";
        let fleet = fleet
            .file("roles/site/tasks/main.yml", &format!("{ACCOUNTS}{TASKS}"))
            .set("there", there)
            .with_role("site");
        fleet.apply().assert_ok();
        called(&fleet.host());
        only_one_question(&fleet, &["ssh.service", "dbus.service", "systemd-journald.service"]);
    });
}

/// Neither a dry run nor an apply calls anything else.
fn only_one_question(fleet: &Fleet, units: &[&str]) {
    for arguments in [&["--check"][..], &[]] {
        let report = fleet.report(arguments);
        report.assert_ok();
        assert_eq!(report.actions(), []);
        let calls = called(&fleet.host());
        let [call] = calls.as_slice() else { panic!("{arguments:?} calls {calls:#?}") };
        assert!(call.starts_with("systemctl show "), "{call}");
        let asked = call.split_once(" -- ").unwrap().1;
        for unit in units
            .iter()
            .filter(|unit| fleet.host().family() == Family::Debian || !unit.contains('@'))
        {
            assert!(asked.split(' ').any(|word| word == *unit), "{unit} in: {call}");
        }
    }
}

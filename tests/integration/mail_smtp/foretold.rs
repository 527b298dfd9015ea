//! Check foretells apply; the second run is empty; drift and intent are told apart.

use crate::fleet::{Fleet, assert_foretold, in_both_families};

const MAIN_CF: &str = "/etc/postfix/main.cf";
/// The installed version, as the package manager says it.
const VERSION: &str = "if command -v pacman >/dev/null; then pacman -Q postfix | cut -d' ' -f2; \
                       else dpkg-query -W -f '${Version}' postfix; fi";

#[test]
fn check_foretells_apply_on_blank_converged_and_drifted_hosts() {
    in_both_families("f", foretold);
}

fn foretold(fleet: Fleet) {
    let blank = fleet.host().changes(&["/etc", "/var/lib"]).unwrap();
    let check = fleet.check();
    check.assert_ok();
    let touched = fleet.host().changes(&["/etc", "/var/lib"]).unwrap();
    assert_eq!(blank, touched, "a dry run changes nothing");
    fleet.touches_nothing("a dry run", || drop(fleet.check()));
    let apply = fleet.apply();
    apply.assert_ok();
    assert_foretold(&check, &apply);
    assert_eq!(apply.status(), "changed");
    assert_eq!(apply.action(MAIN_CF).0["change"], "new");
    let (_, packages) = apply.action("postfix");
    let shown = packages["after"].to_string() + &packages["notes"].to_string();
    let installed = fleet.host().sh(VERSION).unwrap().stdout;
    assert!(installed.len() > 2 && shown.contains(installed.trim()), "{installed} in {packages}");

    let check = fleet.check();
    check.assert_ok();
    assert_eq!(check.actions(), []);
    fleet.assert_nothing_to_do();
    let exit = fleet.run(&["--detailed-exitcode"]);
    assert_eq!(exit.code, 0, "{exit:#?}");

    let host = fleet.host();
    host.sh(&format!("sed -i 's/loopback-only/all/' {MAIN_CF}")).unwrap();
    let check = fleet.check();
    let (task, action) = check.action(MAIN_CF);
    assert_eq!(task["change"], "drift");
    let diff = action["diff"].as_str().unwrap();
    assert!(diff.contains("-inet_interfaces = all"), "{diff}");
    assert!(diff.contains("+inet_interfaces = loopback-only"), "{diff}");
    let exit = fleet.run(&["--check", "--detailed-exitcode"]);
    assert_eq!(exit.code, 2, "{exit:#?}");
    let apply = fleet.apply();
    apply.assert_ok();
    assert_foretold(&check, &apply);
    let repaired = String::from_utf8(host.read(MAIN_CF).unwrap()).unwrap();
    assert!(repaired.contains("inet_interfaces = loopback-only"));

    drop(host);
    let fleet = fleet.set("mail_relayhost", "'[mx.lab.test]'");
    let check = fleet.check();
    assert_eq!(check.action(MAIN_CF).0["change"], "intended");
    let apply = fleet.apply();
    apply.assert_ok();
    assert_foretold(&check, &apply);
    fleet.assert_nothing_to_do();
}

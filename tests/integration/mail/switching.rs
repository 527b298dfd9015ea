//! From nothing to Mailu, to a relay of its own, and back: foretold, complete, and to the end.

use super::{converges_as_foretold, everyone_can_send, in_both_families};
use crate::fleet::Fleet;

#[test]
fn a_blank_host_sends_by_mailu_and_can_change_its_mind() {
    in_both_families("sw", &["h"], |fleet| {
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "mailu", Some("h@lab.test"));
        the_token_is_roots_alone(&fleet);

        let fleet = fleet.set("mail_mode", "local");
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "local", None);
        assert!(!fleet.host().sh("test -e /etc/msmtp/token").unwrap().success());

        let fleet = fleet.set("mail_mode", "mailu");
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "again", Some("h@lab.test"));
        assert_eq!(fleet.run(&["verify"]).code, 0);
    });
}

#[test]
fn a_host_that_finds_no_mailu_relays_by_itself() {
    in_both_families("bl", &["h"], |fleet| {
        fleet.lab.mailu().unwrap().stop().unwrap();
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "local", None);
    });
}

fn the_token_is_roots_alone(fleet: &Fleet) {
    let host = fleet.host();
    let attributes = host.run(["stat", "-c", "%U %G %a", "/etc/msmtp/token"]).unwrap();
    assert_eq!(attributes.stdout, "root root 600\n");
    let token = String::from_utf8(host.read("/etc/msmtp/token").unwrap()).unwrap();
    let token = token.trim();
    assert_eq!(token.len(), 32);
    for path in ["/etc/msmtp/token", "/run/credentials/mail-msmtpd.service/token"] {
        assert!(host.sh(&format!("test -e {path}")).unwrap().success(), "{path}");
        assert!(!host.run_as("alice", ["cat", path]).unwrap().success(), "{path}");
    }
    let open =
        format!("grep -rl {token} /etc /var/lib/converge /var/log /run; journalctl | grep {token}");
    let found = host.sh(&open).unwrap().stdout;
    let known = |line: &&str| line.starts_with("/run/credentials/") || *line == "/etc/msmtp/token";
    let others: Vec<_> = found.lines().filter(|line| !known(line)).collect();
    assert_eq!(others, Vec::<&str>::new(), "holds the token");
    let key = fleet.lab.mailu().unwrap().api_token().unwrap();
    let found = host.sh(&format!("grep -rl {key} /etc /var/lib /var/log /run")).unwrap().stdout;
    assert_eq!(found, "", "holds the API's key");
    let said = fleet.run(&["-vvv", "--diff", "--yes"]);
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains(token) && !text.contains(&key), "{said:?}");
    }
}

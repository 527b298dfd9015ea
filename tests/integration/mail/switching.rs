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

        let mailu = fleet.lab.mailu().unwrap();
        for token in mailu.tokens().unwrap() {
            mailu.api("DELETE", &format!("token/{}", token.id), None).unwrap();
        }
        assert_eq!(fleet.run(&["verify"]).code, 1, "listeners alone do not make a way");
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "rotated", Some("h@lab.test"));
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
    for path in ["/etc/msmtp/token", "/run/credentials/mail-msmtpd.service/token"] {
        assert!(host.sh(&format!("test -e {path}")).unwrap().success(), "{path}");
        assert!(!host.run_as("alice", ["cat", path]).unwrap().success(), "{path}");
    }
}

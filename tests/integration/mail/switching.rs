//! From nothing to Mailu, to a relay of its own, and back: foretold, complete, and to the end.

use super::{
    SEND, beside_mailu, converges_as_foretold, everyone_can_send, in_both_families, sendmail,
};
use crate::fleet::Fleet;
use converge::lab::Family;

#[test]
fn a_blank_host_reached_by_ssh_sends_by_mailu_and_can_change_its_mind() {
    in_both_families("sw", &["h"], |fleet| {
        let fleet = fleet.by_ssh();
        assert!(fleet.host().sh("umount /usr/local/bin/converge").unwrap().success());
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

#[test]
fn a_host_without_ipv6_sends_either_way() {
    in_both_families("v4", &["h"], |mut fleet| {
        let without = "ip -6 address flush dev lo && ! grep ' lo$' /proc/net/if_inet6";
        assert!(fleet.host().sh(without).unwrap().success());
        for mode in ["mailu", "local", "mailu"] {
            fleet = fleet.set("mail_mode", mode);
            converges_as_foretold(&fleet);
            assert_eq!(sendmail(&fleet, mode), 0);
            let sent = fleet.host().run(["bash", "-c", SEND, "127.0.0.1", mode]).unwrap();
            assert!(sent.success(), "{sent:?}");
            assert_eq!(fleet.run(&["verify"]).code, 0);
        }
    });
}

/// As on a distribution that has no msmtp-mta: the pacman family's msmtp has all that is needed.
#[test]
fn where_no_package_makes_msmtp_sendmail_a_link_does() {
    let fleet = beside_mailu("li", Family::Pacman, &["h"]).set("mail_msmtp_mta", "\"\"");
    converges_as_foretold(&fleet);
    everyone_can_send(&fleet, "linked", Some("h@lab.test"));
    let link = fleet.host().sh("readlink /usr/bin/sendmail; pacman -Q msmtp-mta").unwrap();
    assert_eq!(link.stdout, "/usr/bin/msmtp\n", "{link:?}");

    let fleet = fleet.set("mail_mode", "local");
    converges_as_foretold(&fleet);
    everyone_can_send(&fleet, "local", None);

    let fleet = fleet.set("mail_mode", "mailu");
    converges_as_foretold(&fleet);
    everyone_can_send(&fleet, "linked again", Some("h@lab.test"));
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

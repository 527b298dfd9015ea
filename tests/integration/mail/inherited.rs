//! What a host has before it is converged, and what its own users are called.

use super::{
    SEND, apply, beside_mailu, converges_as_foretold, everyone_can_send, in_both_families, sendmail,
};
use crate::fleet::Fleet;
use crate::patience::PATIENCE;
use converge::lab::Family;

const ADMIN: &str = "admin@lab.test";

fn sh(fleet: &Fleet, script: &str) -> String {
    let output = fleet.host().sh(script).unwrap();
    assert!(output.success(), "{script}: {output:?}");
    output.stdout
}

#[test]
fn mail_that_another_program_holds_is_not_left_behind() {
    in_both_families("ot", &["h"], |mut fleet| {
        let spool = "/var/spool/exim4/input";
        sh(&fleet, &format!("mkdir -p {spool} && touch {spool}/1-H {spool}/1-D"));
        for mode in ["mailu", "local"] {
            fleet = fleet.set("mail_mode", mode);
            let check = fleet.check();
            assert_eq!(check.code, 1, "{:#}", check.document);
            let refused = apply(&fleet);
            let told = refused.document.to_string();
            assert!(told.contains(&format!("mail waits in {spool} (2 files)")), "{told}");
            assert_eq!(refused.actions(), []);
        }
        sh(&fleet, &format!("rm {spool}/*"));
        converges_as_foretold(&fleet);
        sh(&fleet, &format!("touch {spool}/1-H"));
        assert_eq!(apply(&fleet).code, 0, "what came later is none of its business");
    });
}

#[test]
fn several_instances_of_postfix_are_not_emptied_by_halves() {
    let fleet = beside_mailu("in", Family::Debian, &["h"]).set("mail_mode", "local");
    apply(&fleet).assert_ok();
    sh(&fleet, "postmulti -e init && postmulti -I postfix-out -e create");
    let fleet = fleet.set("mail_mode", "mailu");
    let refused = apply(&fleet);
    let told = refused.document.to_string();
    assert!(told.contains("runs 2 instances of Postfix"), "{told}");
    everyone_can_send(&fleet, "kept", None);
}

#[test]
fn the_package_s_own_listener_gives_way() {
    let fleet = beside_mailu("pl", Family::Debian, &["h"]);
    sh(&fleet, "apt-get -qq update; apt-get -qq -y install msmtp msmtp-mta >/dev/null 2>&1");
    sh(&fleet, "systemctl enable -q --now msmtpd.service");
    // And root's own file of certificates is read by listeners that are nobody.
    sh(
        &fleet,
        "install -d -m 0700 /root/ca; cp /etc/ssl/certs/ca-certificates.crt /root/ca/all.pem",
    );
    let fleet = fleet.set("mailu_ca_file", "/root/ca/all.pem");
    converges_as_foretold(&fleet);
    everyone_can_send(&fleet, "mailu", Some("h@lab.test"));
    let state = fleet.host().sh("systemctl is-enabled msmtpd; systemctl is-active msmtpd").unwrap();
    assert_eq!(state.stdout, "disabled\ninactive\n");
}

#[test]
fn a_host_keeps_its_way_where_packages_cannot_be_had() {
    in_both_families("np", &["h"], |fleet| {
        apply(&fleet).assert_ok();
        let sources = "$(ls -d /etc/apt/sources.list /etc/pacman.conf 2>/dev/null)";
        sh(&fleet, &format!("sed -i.off 's#file:/*#file:///none/#' {sources}"));
        sh(&fleet, "rm -rf /var/lib/apt/lists/* /var/lib/pacman/sync/*");
        let fleet = fleet.set("mail_mode", "local");
        let failed = apply(&fleet);
        assert_eq!(failed.code, 1, "{:#}", failed.document);
        let only = "Postfix's packages fetched";
        assert!(failed.actions().iter().all(|done| done.task.ends_with(only)), "{failed:?}");
        everyone_can_send(&fleet, "kept", Some("h@lab.test"));
        sh(&fleet, &format!("for file in {sources}; do mv $file.off $file; done"));
        converges_as_foretold(&fleet);
    });
}

/// Holds port 25 as long as it is there.
const SQUATTER: &str = "cd /run/systemd/system
printf '[Socket]\\nListenStream=127.0.0.1:25\\nAccept=yes\\n' >squatter.socket
printf '[Service]\\nExecStart=/bin/true\\n' >squatter@.service
systemctl daemon-reload && systemctl start squatter.socket";

#[test]
fn a_way_that_was_given_up_half_way_leaves_nothing_to_do() {
    in_both_families("hw", &["h"], |fleet| {
        sh(&fleet, SQUATTER);
        let fleet = fleet.set("mail_mode", "local");
        let failed = apply(&fleet);
        let told = failed.document.to_string();
        assert!(failed.code == 1 && told.contains("restart postfix"), "{:#}", failed.document);
        sh(&fleet, "systemctl stop squatter.socket && rm /run/systemd/system/squatter*");
        let fleet = fleet.set("mail_mode", "mailu");
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "mailu", Some("h@lab.test"));
    });
}

#[test]
fn mail_to_this_hosts_own_users_is_roots() {
    in_both_families("us", &["h"], |mut fleet| {
        for (mode, sent) in [("mailu", 10), ("local", 20)] {
            fleet = fleet.set("mail_mode", mode);
            apply(&fleet).assert_ok();
            assert_eq!(sendmail(&fleet, "root"), 0);
            for user in [
                "alice",
                "Root",
                "MAILER-DAEMON",
                "root@localhost",
                "alice@LocalHost",
                "alice@$(hostname -f)",
                "alice@$(hostname -s)",
                "alice@localhost.$(hostname -d)",
            ] {
                let mail = format!("printf 'Subject: {mode}\\n\\nhello\\n' | sendmail {user}");
                sh(&fleet, &format!("PATH=$PATH:/usr/sbin; {mail}"));
            }
            let by_smtp = SEND.replace("someone@example.test", "root");
            let said = fleet.host().run(["bash", "-c", &by_smtp, "127.0.0.1", mode]).unwrap();
            assert!(said.success(), "{said:?}");
            let messages = fleet.lab.mx().wait_for(sent, PATIENCE, |_| true).unwrap();
            for message in messages {
                assert_eq!(message.envelope.to, [ADMIN], "{mode}");
            }
        }
    });
}

#[test]
fn a_mail_domain_that_the_host_is_called_like_keeps_its_users() {
    in_both_families("md", &["h"], |mut fleet| {
        sh(
            &fleet,
            "sed -i 's/h[.]lab[.]test h/lab.test h/' /etc/hosts; [ $(hostname -f) = lab.test ]",
        );
        fleet = fleet.set("mailu_address", "h@lab.test");
        for (mode, sent) in [("mailu", 2), ("local", 4)] {
            fleet = fleet.set("mail_mode", mode);
            apply(&fleet).assert_ok();
            for user in ["bob@lab.test", "root@lab.test"] {
                let mail = format!("printf 'Subject: {user}\\n\\nhello\\n' | sendmail {user}");
                sh(&fleet, &format!("PATH=$PATH:/usr/sbin; {mail}"));
            }
            let messages = fleet.lab.mx().wait_for(sent, PATIENCE, |_| true).unwrap();
            for message in messages {
                let is_bobs = message.header("Subject").as_deref() == Some("bob@lab.test");
                assert_eq!(message.envelope.to, [if is_bobs { "bob@lab.test" } else { ADMIN }]);
            }
        }
    });
}

/// As a run leaves it that was killed while apt set Postfix up, and another that had closed it.
const HALF_DONE: &str =
    "sed -i '/^Package: postfix$/,/^$/s/ok installed/ok half-configured/' /var/lib/dpkg/status
mkdir -p /run/converge/held && touch /run/converge/held/postfix@-.service
systemctl stop postfix@-.service
ln -s /dev/null /run/systemd/system/postfix@-.service && systemctl daemon-reload
cp /etc/postfix/main.cf /etc/msmtp/postfix-main.cf";
const CLOSED: &str =
    "postconf -e 'authorized_submit_users=!static:all' master_service_disable=inet";

#[test]
fn what_killed_runs_left_of_postfix_is_finished_either_way() {
    let fleet = beside_mailu("kl", Family::Debian, &["h"]).set("mail_mode", "local");
    apply(&fleet).assert_ok();
    let configuration = fleet.host().read("/etc/postfix/main.cf").unwrap();
    for mode in ["local", "mailu"] {
        sh(&fleet, HALF_DONE);
        assert_eq!(sendmail(&fleet, mode), 0, "it waits in maildrop");
        sh(&fleet, CLOSED);
        let done = fleet.report(&["--yes", "-e", &format!("mail_mode={mode}")]);
        done.assert_ok();
        assert!(!fleet.host().sh("test -e /etc/msmtp/postfix-main.cf").unwrap().success());
        assert_eq!(fleet.host().read("/etc/postfix/main.cf").unwrap(), configuration, "{mode}");
        everyone_can_send(&fleet, &format!("{mode} now"), None);
    }
    let messages = fleet.lab.mx().messages().unwrap();
    for waited in ["local", "mailu"] {
        let times = messages.iter().filter(|one| one.header("Subject").as_deref() == Some(waited));
        assert_eq!(times.count(), 1, "{waited}");
    }
}

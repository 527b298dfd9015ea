//! A Mailu that is expected but does not run: started, waited for, used, or given up.

use super::{apply, converges_as_foretold, everyone_can_send, in_both_families, seconds};
use crate::fleet::{Fleet, Report, assert_foretold};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Applies, with a Mailu that comes up once the host has `/run/wanted`.
fn applied_where_wanted_starts_mailu(fleet: &Fleet) -> Report {
    let ended = AtomicBool::new(false);
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            let wanted = || fleet.host().sh("test -e /run/wanted").unwrap().success();
            while !wanted() && !ended.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
            fleet.lab.mailu().unwrap().start().unwrap();
        });
        let done = apply(fleet);
        ended.store(true, Ordering::Relaxed);
        done
    });
    done.assert_ok();
    done
}

/// Deploys Mailu, and leaves its start to a handler.
const MAILU: &str =
    "- copy: {dest: /etc/mailu.env, content: x, mode: \"0600\"}\n  notify: start Mailu\n";
const START: &str = "- name: start Mailu\n  command: touch /run/wanted\n";
/// Sends mail, and brings the role for it if nobody has.
const APP: &str = "
- include_role: {name: sys-svc-mail}
  when: run_once_sys_svc_mail is not defined
- assert:
    that: [run_once_sys_svc_mail, run_once_sys_svc_mail_msmtp]
- assert:
    that: run_once_sys_svc_mail_smtp is not defined
";

#[test]
fn what_an_earlier_role_left_to_handlers_is_done_before_mailu_is_waited_for() {
    in_both_families("sf", &["h"], |fleet| {
        let fleet = fleet
            .with_role("web-app-mailu, app, sys-svc-mail")
            .in_group("web-app-mailu")
            .file("roles/web-app-mailu/tasks/main.yml", MAILU)
            .file("roles/web-app-mailu/handlers/main.yml", START)
            .file("roles/app/tasks/main.yml", APP)
            .set("mailu_pause", "1");
        fleet.lab.mailu().unwrap().stop().unwrap();
        let check = fleet.check();
        check.assert_ok();
        let done = applied_where_wanted_starts_mailu(&fleet);
        assert_foretold(&check, &done);
        everyone_can_send(&fleet, "started", Some("h@lab.test"));
        assert_eq!(apply(&fleet).actions(), []);
    });
}

#[test]
fn an_expected_mailu_is_started_and_used_or_its_absence_is_told() {
    in_both_families("st", &["h"], |fleet| {
        let fleet = fleet
            .in_group("web-app-mailu")
            .set("mailu_start_command", "touch /run/wanted")
            .set("mailu_pause", "1")
            .set("mailu_start_patience", "2");
        fleet.lab.mailu().unwrap().stop().unwrap();
        let check = fleet.check();
        check.assert_ok();
        assert!(check.actions().iter().any(|action| action.target == "touch /run/wanted"));

        let failed = apply(&fleet);
        assert_eq!(failed.code, 1);
        let told = failed.document.to_string();
        assert!(told.contains("did not come up within 2 s"), "{told}");
        assert!(told.contains("connection refused; start command: touch /run/wanted"), "{told}");
        assert_eq!(failed.actions().len(), 1, "nothing but the start: {:?}", failed.actions());

        let fleet = fleet.set("mailu_start_command", "sh -c 'echo no such project >&2; exit 3'");
        let failed = apply(&fleet).document.to_string();
        assert!(failed.contains("exit 3'` failed: no such project"), "{failed}");

        let fleet = fleet.set("mailu_start_command", "touch /run/wanted");
        fleet.host().sh("rm /run/wanted").unwrap();
        let fleet = fleet.set("mailu_start_patience", &seconds(30));
        let check = fleet.check();
        let done = applied_where_wanted_starts_mailu(&fleet);
        assert_foretold(&check, &done);
        everyone_can_send(&fleet, "started", Some("h@lab.test"));
        assert_eq!(apply(&fleet).actions(), []);
    });
}

#[test]
fn a_mailu_that_never_comes_up_leaves_a_relay_where_that_is_wanted() {
    in_both_families("sl", &["h"], |fleet| {
        let fleet = fleet
            .in_group("web-app-mailu")
            .set("mail_mode_on_failure", "local")
            .set("mailu_pause", "1")
            .set("mailu_start_patience", "2");
        fleet.lab.mailu().unwrap().stop().unwrap();
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "local", None);
    });
}

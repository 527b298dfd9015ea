//! A Mailu that is expected but does not run: started, waited for, used, or given up.

use super::{apply, converges_as_foretold, everyone_can_send, in_both_families};
use crate::fleet::assert_foretold;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
        let fleet = fleet.set("mailu_start_patience", "30");
        let check = fleet.check();
        let ended = AtomicBool::new(false);
        let done = std::thread::scope(|scope| {
            scope.spawn(|| {
                let wanted = || fleet.host().sh("test -e /run/wanted").unwrap().success();
                while !wanted() && !ended.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                }
                fleet.lab.mailu().unwrap().start().unwrap();
            });
            let done = apply(&fleet);
            ended.store(true, Ordering::Relaxed);
            done
        });
        done.assert_ok();
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

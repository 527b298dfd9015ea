//! A change of the way that is killed again and again gets there all the same.

use super::{apply, counts, everyone_can_send, in_both_families, seconds, sendmail};
use crate::fleet::Fleet;
use crate::mail_smtp::kills::run_killed;
use crate::patience::PATIENCE;

/// Kills the run after each first action until one has none left, and the last run is whole.
fn killed_until_it_is_done(fleet: &Fleet) {
    let mut in_packages = 0;
    let mut killed = Vec::new();
    loop {
        match run_killed(fleet, &mut in_packages) {
            Some(task) => killed.push(task),
            // A run that could do nothing, because what was killed has not let go yet, ends nothing.
            None if apply(fleet).actions().is_empty() => break,
            None => {}
        }
        assert!(killed.len() < 40, "no end: {:#?}", killed.split_off(30));
    }
    assert!(killed.len() > 5, "killed only at {killed:#?}");
    assert!(in_packages > 0, "never killed in the midst of a transaction");
    let last = apply(fleet);
    last.assert_ok();
    assert_eq!(last.actions(), [], "after {} kills", killed.len());
    let said = fleet.run(&["verify"]);
    assert_eq!(said.code, 0, "{said:#?}");
}

#[test]
fn a_change_that_is_killed_again_and_again_gets_there_and_loses_no_mail() {
    in_both_families("ki", &["h"], |fleet| {
        apply(&fleet).assert_ok();
        let fleet = fleet.set("mail_mode", "local");
        killed_until_it_is_done(&fleet);
        everyone_can_send(&fleet, "local", None);

        // What waits when the first kill comes.
        fleet.lab.mx().stop().unwrap();
        assert_eq!(sendmail(&fleet, "waits"), 0);
        fleet.lab.mx().start().unwrap();
        let fleet = fleet.set("mail_mode", "mailu").set("mail_drain_timeout", &seconds(60));
        killed_until_it_is_done(&fleet);
        everyone_can_send(&fleet, "mailu", Some("h@lab.test"));
        fleet.lab.mx().wait_for(7, PATIENCE, |_| true).unwrap();
        let counts = counts(&fleet.lab);
        assert!(counts.values().all(|count| *count == 1) && counts["waits"] == 1, "{counts:?}");
        assert_eq!(fleet.lab.mailu().unwrap().tokens().unwrap().len(), 1);
    });
}

//! A Mailu that goes away from a host that sends by it.

use super::{apply, converges_as_foretold, everyone_can_send, in_both_families, seconds, sendmail};
use std::time::Duration;

#[test]
fn a_host_that_sends_by_mailu_waits_for_it_and_goes_when_it_is_gone_long_enough() {
    in_both_families("go", &["h"], |fleet| {
        apply(&fleet).assert_ok();

        // Away for a moment: what a host that knows no Mailu takes for an answer is asked again.
        fleet.lab.mailu().unwrap().stop().unwrap();
        // One try a second.
        let fleet = fleet.set("mailu_pause", "1").set("mailu_expected_tries", &seconds(10));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                fleet.lab.mailu().unwrap().start().unwrap();
            });
            let waited = apply(&fleet);
            waited.assert_ok();
            assert_eq!(waited.actions(), []);
        });

        // Away, but not for long enough: the host stays, and remembers since when.
        fleet.lab.mailu().unwrap().stop().unwrap();
        let fleet = fleet.set("mailu_expected_tries", "1").set("mailu_gone_after", "3600");
        let away = converges_as_foretold(&fleet);
        assert_eq!(away.actions().len(), 1, "{:?}", away.actions());
        let told = away.reasons().join("\n");
        let still = "mail: mailu still, because it has not been away for 3600 s yet (https";
        assert!(told.contains(still), "{told}");
        assert_eq!(sendmail(&fleet, "refused"), 69, "nothing queues, and the caller knows");
        fleet.lab.mailu().unwrap().start().unwrap();
        let back = converges_as_foretold(&fleet);
        assert_eq!(back.actions().len(), 1, "{:?}", back.actions());
        everyone_can_send(&fleet, "back", Some("h@lab.test"));

        // Gone.
        fleet.lab.mailu().unwrap().stop().unwrap();
        apply(&fleet).assert_ok();
        fleet.host().sh("touch -d '3601 seconds ago' /etc/msmtp/away").unwrap();
        let gone = converges_as_foretold(&fleet);
        let told = gone.reasons().join("\n");
        assert!(told.contains("mail: local, because https") && told.contains("3600 s"), "{told}");
        everyone_can_send(&fleet, "gone", None);

        // And at once, where that is wanted.
        fleet.lab.mailu().unwrap().start().unwrap();
        apply(&fleet).assert_ok();
        fleet.lab.mailu().unwrap().stop().unwrap();
        let fleet = fleet.set("mailu_gone_after", "0");
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "at once", None);
    });
}

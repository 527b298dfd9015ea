//! Mail that waits when a host is to leave its own relay for Mailu.

use super::{PATIENCE, apply, arrived, in_both_families, sendmail};
use std::time::Duration;

#[test]
fn what_waits_is_delivered_before_postfix_goes_or_postfix_stays() {
    in_both_families("qu", &["h"], |fleet| {
        let fleet = fleet.set("mail_mode", "local").set("mail_drain_timeout", "2");
        apply(&fleet).assert_ok();
        fleet.lab.mx().stop().unwrap();
        for number in 0..3 {
            assert_eq!(sendmail(&fleet, &format!("waits {number}")), 0);
        }

        let fleet = fleet.set("mail_mode", "mailu");
        let kept = apply(&fleet);
        assert_eq!(kept.code, 1, "{:#}", kept.document);
        let told = kept.document.to_string();
        assert!(told.contains("Postfix stays: 3 messages wait"), "{told}");
        assert_eq!(sendmail(&fleet, "still taken"), 0);

        let fleet = fleet.set("mail_drain_timeout", "30");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                fleet.lab.mx().start().unwrap();
            });
            apply(&fleet).assert_ok();
        });
        assert_eq!(sendmail(&fleet, "by mailu"), 0);
        fleet.lab.mx().wait_for(5, PATIENCE, |_| true).unwrap();
        for subject in ["waits 0", "waits 1", "waits 2", "still taken", "by mailu"] {
            assert_eq!(arrived(&fleet.lab, subject).len(), 1, "{subject}");
        }
    });
}

//! Mail that waits when a host is to leave its own relay for Mailu.

use super::{PATIENCE, apply, counts, in_both_families, sendmail};
use std::time::Duration;

const MANY: usize = 200;

/// As many messages as that, from several users' programs at a time.
const FLOOD: &str = "seq $0 | PATH=$PATH:/usr/sbin xargs -P 8 -I N \
                     sh -c \"printf 'Subject: waits N\\n\\nhello\\n' | sendmail root\"";

#[test]
fn what_waits_is_delivered_before_postfix_goes_or_postfix_stays() {
    in_both_families("qu", &["h"], |fleet| {
        let fleet = fleet.set("mail_mode", "local").set("mail_drain_timeout", "2");
        apply(&fleet).assert_ok();
        // Of Postfix's own administrator, and of nobody else.
        let own = "authorized_submit_users = !games, static:all\n";
        fleet.host().sh(&format!("printf '{own}' >> /etc/postfix/main.cf")).unwrap();
        let configuration = fleet.host().read("/etc/postfix/main.cf").unwrap();
        fleet.lab.mx().stop().unwrap();
        let flood = fleet.host().run_as("nobody", ["sh", "-c", FLOOD, &MANY.to_string()]).unwrap();
        assert!(flood.success(), "{flood:?}");

        let fleet = fleet.set("mail_mode", "mailu");
        let kept = apply(&fleet);
        assert_eq!(kept.code, 1, "{:#}", kept.document);
        let told = kept.document.to_string();
        assert!(told.contains("Postfix stays: 200 messages wait"), "{told}");
        assert_eq!(sendmail(&fleet, "still taken"), 0);
        assert_eq!(fleet.host().read("/etc/postfix/main.cf").unwrap(), configuration);

        // One that its administrator stopped is emptied as far as that goes, and stays stopped.
        let units = "$(systemctl list-units --plain --no-legend 'postfix*' | cut -d' ' -f1)";
        fleet.host().sh(&format!("systemctl stop {units}")).unwrap();
        let told = apply(&fleet).document.to_string();
        assert!(told.contains("Postfix stays: 201 messages wait"), "{told}");
        assert!(!fleet.host().sh("systemctl is-active postfix").unwrap().success());
        fleet.host().sh("systemctl start postfix").unwrap();

        // Where nothing came of it there is nothing to restart.
        fleet.host().sh("sed -i '$d' /etc/postfix/main.cf").unwrap();
        let fleet = fleet.set("mail_mode", "local");
        let back = apply(&fleet);
        back.assert_ok();
        assert_eq!(back.actions().len(), 1, "the token goes: {:?}", back.actions());

        let fleet = fleet.set("mail_mode", "mailu").set("mail_drain_timeout", "60");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                fleet.lab.mx().start().unwrap();
            });
            // It is let in before Postfix is closed, and has its mail together long after.
            scope.spawn(|| {
                let slow =
                    "(printf 'Subject: slow\\n\\nhello\\n'; sleep 15; echo end) | sendmail root";
                let said = fleet.host().sh(&format!("PATH=$PATH:/usr/sbin; {slow}")).unwrap();
                assert!(said.success(), "{said:?}");
            });
            std::thread::sleep(Duration::from_millis(500));
            apply(&fleet).assert_ok();
        });
        assert_eq!(sendmail(&fleet, "by mailu"), 0);
        fleet.lab.mx().wait_for(MANY + 3, PATIENCE, |_| true).unwrap();
        let counts = counts(&fleet.lab);
        let wanted = (1..=MANY).map(|number| format!("waits {number}"));
        for subject in wanted.chain(["still taken", "slow", "by mailu"].map(str::to_owned)) {
            assert_eq!(counts.get(&subject), Some(&1), "{subject}");
        }
        assert_eq!(counts.len(), MANY + 3);
    });
}

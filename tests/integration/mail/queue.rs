//! Mail that waits when a host is to leave its own relay for Mailu.

use super::{apply, counts, in_both_families, seconds, sendmail};
use crate::patience::{PATIENCE, until};
use std::time::Duration;

const MANY: usize = 200;

/// As many messages as that, from several users' programs at a time.
const FLOOD: &str = "seq $0 | PATH=$PATH:/usr/sbin xargs -P 8 -I N \
                     sh -c \"printf 'Subject: waits N\\n\\nhello\\n' | sendmail root\"";

/// Begins to hand a message over, and ends when it is told to.
const SLOW: &str = "PATH=$PATH:/usr/sbin
(printf 'Subject: slow\\n\\nhello\\n'; until [ -e /run/together ]; do sleep 0.05; done; echo end) |
    sendmail root";
/// Postfix's configuration while Postfix is being emptied.
const KEPT: &str = "/etc/msmtp/postfix-main.cf";

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

        let fleet = fleet.set("mail_mode", "mailu").set("mail_drain_timeout", &seconds(60));
        std::thread::scope(|scope| {
            let host = fleet.host();
            // It is let in before Postfix is closed, and has its mail together after.
            let slow = scope.spawn(|| fleet.host().sh(SLOW).unwrap());
            until("it hands its mail over", || host.sh("pgrep -x postdrop").unwrap().success());
            let done = scope.spawn(|| apply(&fleet));
            let closed = "grep -qE '^master_service_disable *= *inet' /etc/postfix/main.cf";
            until("the queue is being emptied", || {
                host.sh(&format!("test -e {KEPT}")).unwrap().success()
            });
            fleet.lab.mx().start().unwrap();
            until("Postfix is closed", || host.sh(closed).unwrap().success());
            // Longer than the two seconds that the role gives it to end by itself.
            std::thread::sleep(Duration::from_secs(3));
            host.write("/run/together", "").unwrap();
            done.join().unwrap().assert_ok();
            let said = slow.join().unwrap();
            assert!(said.success(), "{said:?}");
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

//! What those who send hear while Mailu does not take their mail.

use super::{SEND, apply, arrived, everyone_can_send, in_both_families, sendmail};
use crate::fleet::Fleet;
use converge::lab::mailu::{Auth, Behaviour, Certificate};

/// What a client on the loopback hears in the end.
fn client(fleet: &Fleet, subject: &str) -> String {
    let said = fleet.host().run(["bash", "-c", SEND, "::1", subject]).unwrap();
    assert_eq!(said.status, 1, "{subject}: {said:?}");
    said.stdout
}

#[test]
fn what_mailu_does_not_take_now_is_for_its_sender_to_try_again() {
    in_both_families("cl", &["h"], |fleet| {
        let fleet = fleet.set("mail_timeout", "1");
        apply(&fleet).assert_ok();
        let mailu = fleet.lab.mailu().unwrap();
        let certificate = Certificate::UnknownIssuer;
        for (trouble, behaviour) in [
            ("a 454", Behaviour { auth: Auth::Down, ..Behaviour::default() }),
            ("a 535", Behaviour { auth: Auth::Refuse, ..Behaviour::default() }),
            ("slow", Behaviour { delay_ms: 20_000, ..Behaviour::default() }),
            ("closed", Behaviour::without_port(465)),
            ("forged", Behaviour { certificate, ..Behaviour::default() }),
        ] {
            mailu.behave(&behaviour).unwrap();
            let heard = client(&fleet, trouble);
            assert!(heard.starts_with("451 "), "{trouble}: {heard}");
            assert_eq!(sendmail(&fleet, trouble), 69, "{trouble}");
            assert_eq!(arrived(&fleet.lab, trouble), Vec::<String>::new());
        }
        mailu.behave(&Behaviour::default()).unwrap();
        // Time again: this machine may be busy.
        let fleet = fleet.set("mail_timeout", "30");
        apply(&fleet).assert_ok();
        everyone_can_send(&fleet, "in order", Some("h@lab.test"));

        // What is refused for good need not be tried again: here, an address that is another's.
        fleet
            .host()
            .sh("sed -i '/^user/!s/h@lab/another@lab/' /etc/msmtp/relay /etc/msmtp/relay.conf")
            .unwrap();
        let heard = client(&fleet, "refused");
        assert!(heard.starts_with("554 "), "{heard}");
    });
}

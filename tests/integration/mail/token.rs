//! The token: made once, replaced when it is refused, and never on a doubt.

use super::{apply, beside_mailu, converges_as_foretold, everyone_can_send, in_both_families};
use crate::fleet::Fleet;
use converge::lab::Family;
use converge::lab::mailu::{Answer, Auth, Behaviour};

/// How many tokens were ever made.
fn made(fleet: &Fleet) -> usize {
    let requests = fleet.lab.mailu().unwrap().requests().unwrap();
    // One more was made by whoever set the account up, none here.
    requests.iter().filter(|one| one.method == "POST" && one.path == "/api/v1/token").count()
}

fn refuse_all_tokens(fleet: &Fleet) {
    let mailu = fleet.lab.mailu().unwrap();
    for token in mailu.tokens().unwrap() {
        let gone = mailu.api("DELETE", &format!("token/{}", token.id), None).unwrap();
        assert!(gone.status < 300, "{gone:?}");
    }
}

#[test]
fn a_token_is_made_once_and_only_a_refused_one_is_replaced() {
    in_both_families("tk", &["h", "other"], |fleet| {
        let fleet = fleet.hosts(&["h"]);
        apply(&fleet).assert_ok();
        for _ in 0..9 {
            let again = apply(&fleet);
            again.assert_ok();
            assert_eq!(again.actions(), []);
        }
        assert_eq!(made(&fleet), 1);

        let mailu = fleet.lab.mailu().unwrap();
        mailu.behave(&Behaviour { auth: Auth::Down, ..Behaviour::default() }).unwrap();
        let doubt = apply(&fleet);
        doubt.assert_ok();
        assert_eq!(
            (doubt.actions(), made(&fleet)),
            (vec![], 1),
            "454 says nothing about the token"
        );
        let kept = fleet.host().read("/etc/msmtp/token").unwrap();
        let fleet = fleet.set("mailu_token", "\"of which nobody can tell now\"");
        apply(&fleet).assert_ok();
        assert_eq!(fleet.host().read("/etc/msmtp/token").unwrap(), kept);
        let fleet = fleet.set("mailu_token", "\"\"");
        let mailu = fleet.lab.mailu().unwrap();
        mailu.behave(&Behaviour::default()).unwrap();

        refuse_all_tokens(&fleet);
        converges_as_foretold(&fleet);
        assert_eq!(made(&fleet), 2, "535 says that it is no good");
        everyone_can_send(&fleet, "rotated", Some("h@lab.test"));
        let tokens = mailu.tokens().unwrap();
        assert_eq!(tokens.len(), 1, "{tokens:?}");

        refuse_all_tokens(&fleet);
        let kept = fleet.host().read("/etc/msmtp/token").unwrap();
        for (answer, words) in [
            (Answer::Status(429), "refuses all that this controller's network asks for now (429)"),
            (Answer::Redirect("/sso/login".into()), "switch the API on there"),
            (Answer::Status(500), "answered 500"),
        ] {
            mailu.behave(&Behaviour { api: answer, ..Behaviour::default() }).unwrap();
            let failed = apply(&fleet);
            assert_eq!((failed.code, failed.actions()), (1, vec![]), "{words}");
            assert!(failed.document.to_string().contains(words), "{:#}", failed.document);
            assert_eq!(fleet.host().read("/etc/msmtp/token").unwrap(), kept, "{words}");
        }
    });
}

#[test]
fn a_token_is_restricted_where_that_is_asked_and_works_by_starttls_too() {
    in_both_families("ti", &["h"], |fleet| {
        apply(&fleet).assert_ok();
        let own = format!("[\"{}/32\", \"192.0.2.0/24\"]", fleet.host().address());
        let fleet = fleet.set("mailu_authorized_ip", &own).set("mailu_submission_port", "587");
        fleet.lab.mailu().unwrap().behave(&Behaviour::without_port(465)).unwrap();
        converges_as_foretold(&fleet);
        assert_eq!(fleet.lab.mailu().unwrap().tokens().unwrap()[0].authorized_ip.len(), 2);
        everyone_can_send(&fleet, "restricted", Some("h@lab.test"));
        assert_eq!(made(&fleet), 1, "the token that there was");

        let fleet = fleet.set("mailu_authorized_ip", "[192.0.2.0/24]");
        for _ in 0..2 {
            let told = apply(&fleet);
            assert_eq!(told.code, 1, "{:#}", told.document);
            let told = told.document.to_string();
            assert!(told.contains("leaves out the address that this host's mail comes"), "{told}");
            assert_eq!(fleet.lab.mailu().unwrap().tokens().unwrap()[0].authorized_ip.len(), 2);
        }
        everyone_can_send(&fleet, "not locked out", Some("h@lab.test"));

        // Where the token may not be used from, no token helps; the host keeps what it has.
        let fleet = fleet.set("mailu_authorized_ip", "[192.0.2.0/24]").set("mail_mode", "local");
        apply(&fleet).assert_ok();
        let fleet = fleet.set("mail_mode", "mailu");
        let failed = apply(&fleet);
        assert_eq!(failed.code, 1, "{:#}", failed.document);
        let told = failed.document.to_string();
        assert!(
            told.contains("mail.lab.test refuses the token of h@lab.test: is the account"),
            "{told}"
        );
        everyone_can_send(&fleet, "kept", None);

        let fleet =
            fleet.set("mailu_authorized_ip", "[]").set("mailu_token", "\"of another host\"");
        let failed = apply(&fleet);
        let told = failed.document.to_string();
        assert!(
            told.contains("mail.lab.test refuses mailu_token as the token of h@lab.test"),
            "{told}"
        );
        assert!(!told.contains("of another host"));
        let given = fleet.lab.mailu().unwrap().mint("h@lab.test", "made by hand", &[]).unwrap();
        let fleet = fleet.set("mailu_token", &format!("\"{given}\""));
        converges_as_foretold(&fleet);
        everyone_can_send(&fleet, "given", Some("h@lab.test"));
    });
}

#[test]
fn a_wrong_key_is_tried_once_for_all_hosts_and_leaves_tokens_alone() {
    let fleet = beside_mailu("tw", Family::Debian, &["h", "other"]);
    apply(&fleet).assert_ok();
    refuse_all_tokens(&fleet);
    let before = fleet.host().read("/etc/msmtp/token").unwrap();
    let fleet = fleet.set("mailu_api_token", "wrong-but-secret");
    let refused = apply(&fleet);
    assert_eq!(refused.code, 1, "{:#}", refused.document);
    assert_eq!(fleet.host().read("/etc/msmtp/token").unwrap(), before);
    let requests = fleet.lab.mailu().unwrap().requests().unwrap();
    let wrong = requests.iter().filter(|one| one.status == 403).count();
    assert_eq!(wrong, 1, "a second one would count towards a lockout");
    assert!(!refused.document.to_string().contains("wrong-but-secret"));
}

#[test]
fn what_is_missing_for_a_token_is_named() {
    let mut fleet = beside_mailu("ta", Family::Debian, &["h"]);
    let key = format!("\"{}\"", fleet.lab.mailu().unwrap().api_token().unwrap());
    for (variable, right, wrong, words) in [
        ("mailu_submission_port", "465", "99999", "mailu_submission_port is a port"),
        ("mail_root_alias", "admin@lab.test", "root", "`root`: it has to be one address"),
        ("mailu_api_token", &key, "\"\"", "set mailu_token, or mailu_api_token to have one"),
    ] {
        fleet = fleet.set(variable, wrong);
        let failed = apply(&fleet);
        assert_eq!((failed.code, failed.actions()), (1, vec![]), "{variable}");
        assert!(failed.document.to_string().contains(words), "{:#}", failed.document);
        fleet = fleet.set(variable, right);
    }
    let requests = fleet.lab.mailu().unwrap().requests().unwrap();
    assert!(requests.iter().all(|one| one.status != 403), "{requests:?}");
    let fleet = fleet.set("mailu_address", "nobody@lab.test");
    let failed = apply(&fleet);
    assert_eq!(failed.code, 1);
    let told = failed.document.to_string();
    assert!(told.contains("has no account nobody@lab.test: create it there"), "{told}");
}

//! Who may submit what, from where, and that it arrives.

use super::mailu;
use super::submission::{Submission, code};
use converge::lab::Mailu;
use serde_json::json;
use std::time::Duration;

const WHO: &str = "web1@lab.test";
const REFUSED: &str = "535 5.7.8 Authentication failed.";

fn auth(mailu: &Mailu<'_>, login: &str, token: &str) -> String {
    Submission::implicit(mailu, &mailu.ca_file()).unwrap().plain(login, token)
}

#[test]
fn good_tokens_from_the_right_place_and_no_others() {
    let lab = mailu("sa");
    let mailu = lab.mailu().unwrap();
    let here = lab.state().subnet.gateway().to_string();
    let everywhere = mailu.mint(WHO, "everywhere", &[]).unwrap();
    let local = mailu.mint(WHO, "here", &["192.0.2.0/24", &format!("{here}/32")]).unwrap();
    let remote = mailu.mint(WHO, "elsewhere", &["192.0.2.0/24"]).unwrap();
    let other = mailu.mint("web2@lab.test", "another's", &[]).unwrap();
    for good in [&everywhere, &local] {
        assert_eq!(auth(&mailu, WHO, good), "235 2.7.0 Logged in.");
        let mut submission = Submission::starttls(&mailu, &mailu.ca_file()).unwrap();
        assert_eq!(submission.login(WHO, good), "235 2.7.0 Logged in.");
    }
    assert_eq!(auth(&mailu, "WEB1@lab.test", &everywhere), "235 2.7.0 Logged in.");
    for bad in [remote.as_str(), &other, "wrong", &everywhere.to_uppercase()] {
        assert_eq!(auth(&mailu, WHO, bad), REFUSED);
        let mut submission = Submission::starttls(&mailu, &mailu.ca_file()).unwrap();
        assert_eq!(submission.login(WHO, bad), REFUSED);
    }
    assert_eq!(auth(&mailu, "nobody@lab.test", &everywhere), REFUSED);
    assert_eq!(mailu.logins().unwrap().iter().filter(|login| login.outcome == "bad").count(), 9);
    assert!(mailu.logins().unwrap().iter().all(|login| login.peer == here));

    let enabled = |enabled: bool| {
        let body = json!({ "enabled": enabled });
        let reply = mailu.api("PATCH", &format!("user/{WHO}"), Some(&body)).unwrap();
        assert_eq!(reply.status, 200);
    };
    enabled(false);
    assert_eq!(auth(&mailu, WHO, &everywhere), REFUSED);
    enabled(true);
    assert_eq!(code(&auth(&mailu, WHO, &everywhere)), 235);
    mailu.api("DELETE", "token/1", None).unwrap();
    assert_eq!(auth(&mailu, WHO, &everywhere), REFUSED);
}

#[test]
fn nothing_is_said_in_the_clear() {
    let lab = mailu("sc");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    let mut clear = Submission::clear(&mailu).unwrap();
    assert!(!clear.say("EHLO test").contains("AUTH"));
    assert!(code(&clear.plain(WHO, &token)) >= 500);
    assert!(code(&clear.say(&format!("MAIL FROM:<{WHO}>"))) >= 500);
    assert!(mailu.logins().unwrap().is_empty());
    let offered = Submission::implicit(&mailu, &mailu.ca_file()).unwrap().say("EHLO test");
    assert!(offered.contains("250-AUTH PLAIN LOGIN\n"), "{offered}");
}

#[test]
fn mail_goes_on_to_the_mx_if_the_sender_is_the_login_s_own() {
    let lab = mailu("sm");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    let message = "Subject: submitted\r\n\r\nFirst.\r\n..\r\n..dotted";
    let mut submission = Submission::implicit(&mailu, &mailu.ca_file()).unwrap();
    submission.plain(WHO, &token);
    for (from, expected) in [
        (WHO, 250),
        ("Web1+cron@lab.test", 250),
        ("", 250),
        ("web2@lab.test", 553),
        ("web1@example.test", 553),
    ] {
        let reply = submission.send(from, "root@example.test", message);
        assert_eq!(code(&reply), expected, "<{from}>: {reply}");
        submission.say("RSET");
    }
    let told = submission.send("web2@lab.test", "root@example.test", message);
    let words = "<web2@lab.test>: Sender address rejected: not owned by user web1@lab.test";
    // Dovecot puts the recipient in front.
    assert_eq!(told, format!("553 5.7.1 <root@example.test> {words}"));

    let arrived = lab.mx().messages().unwrap();
    let senders: Vec<&str> = arrived.iter().map(|m| m.envelope.from.as_str()).collect();
    assert_eq!(senders, [WHO, "Web1+cron@lab.test", ""]);
    assert_eq!(arrived[0].envelope.to, ["root@example.test"]);
    assert_eq!(arrived[0].envelope.peer, mailu.address().to_string());
    assert!(arrived[0].text().ends_with("\r\n\r\nFirst.\r\n.\r\n.dotted\r\n"), "{arrived:?}");
    let trace = arrived[0].header("received").unwrap();
    assert!(trace.contains("(Authenticated sender: web1@lab.test)"), "{trace}");

    submission.say("RSET");
    let body = json!({ "allow_spoofing": true });
    mailu.api("PATCH", &format!("user/{WHO}"), Some(&body)).unwrap();
    assert_eq!(code(&submission.send("web2@lab.test", "root@example.test", message)), 250);
}

#[test]
fn a_message_is_taken_when_the_mx_has_it_and_not_before() {
    let lab = mailu("sx");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    lab.mx().stop().unwrap();
    let send = || {
        let mut submission = Submission::implicit(&mailu, &mailu.ca_file()).unwrap();
        assert_eq!(code(&submission.plain(WHO, &token)), 235);
        code(&submission.send(WHO, "root@lab.test", "Subject: once\r\n\r\nx"))
    };
    assert_eq!(send(), 451);
    lab.mx().start().unwrap();
    assert_eq!(send(), 250);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(lab.mx().messages().unwrap().len(), 1);
}

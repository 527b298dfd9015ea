//! What counts as a Mailu that is there, how often it is asked, and what the plan says of it.

use super::beside_mailu;
use crate::fleet::Fleet;
use converge::lab::mailu::{Answer, Behaviour, Certificate};
use converge::lab::{Family, on_this_machine};
use std::time::Duration;

/// The decision as a dry run tells it, and how often `/health` was asked for.
fn decision(fleet: &Fleet, behaviour: Behaviour) -> (String, usize) {
    let mailu = fleet.lab.mailu().unwrap();
    mailu.behave(&behaviour).unwrap();
    let before = mailu.requests().unwrap().len();
    let check = fleet.check();
    check.assert_ok();
    // It tells of a request when it has answered.
    std::thread::sleep(on_this_machine(Duration::from_millis(behaviour.delay_ms)));
    let requests = mailu.requests().unwrap().split_off(before);
    let asked = requests.iter().filter(|request| request.path == "/health").count();
    let mut told = check.reasons();
    told.retain(|reason| reason.starts_with("mail: "));
    assert_eq!(told.len(), 1, "{told:?}");
    (told.remove(0), asked)
}

#[test]
fn the_plan_says_which_way_mail_goes_and_why() {
    let timeout = on_this_machine(Duration::from_secs(1)).as_secs();
    let fleet = beside_mailu("re", Family::Debian, &["h"]);
    let fleet = fleet.set("mailu_timeout", &timeout.to_string());
    let order = Behaviour::default;
    for (behaviour, begin, why, times) in [
        (order(), "mailu", "mail.lab.test:465 answers", 1),
        (Behaviour { pages: Answer::Redirect("/x".into()), ..order() }, "mailu", "answers", 1),
        (Behaviour { pages: Answer::Status(503), ..order() }, "local", "status 503", 3),
        (Behaviour { pages: Answer::Status(404), ..order() }, "local", "status 404", 3),
        (Behaviour { delay_ms: timeout * 1500, ..order() }, "local", "timed out", 3),
        (Behaviour::without_port(443), "local", "refused", 0),
        (Behaviour::without_port(465), "local", "465: connection refused", 1),
        (
            Behaviour { certificate: Certificate::UnknownIssuer, ..order() },
            "local",
            "certificate",
            0,
        ),
        (Behaviour { certificate: Certificate::OtherName, ..order() }, "local", "certificate", 0),
    ] {
        let what = format!("{behaviour:?}");
        let (told, asked) = decision(&fleet, behaviour);
        assert!(told.starts_with(&format!("mail: {begin}, because ")), "{what}: {told}");
        assert!(told.to_lowercase().contains(why), "{what}: {told}");
        assert_eq!(asked, times, "{what}");
    }
    let wrong = fleet.report(&["--check", "--extra-vars", "mailu_ca_file=/nowhere"]);
    let told = wrong.document.to_string();
    assert_eq!(wrong.code, 1, "a mistake is not a Mailu that is away: {told}");
    assert!(told.contains("cannot read /nowhere: no such file"), "{told}");

    let fleet = fleet.set("mail_mode", "local");
    let (told, asked) = decision(&fleet, order());
    assert_eq!((told.as_str(), asked), ("mail: local, because mail_mode says so", 0));
    let fleet = fleet.set("mail_mode", "auto").set("mailu_url", "\"\"");
    let (told, asked) = decision(&fleet, order());
    assert_eq!((told.as_str(), asked), ("mail: local, because no mailu_url is set", 0));
}

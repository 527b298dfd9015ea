//! A host that changes its way again and again while mail is sent throughout.

use super::{SEND, apply, counts, in_both_families, sendmail};
use crate::patience::PATIENCE;
use converge::lab::Patience;

/// Away from Mailu and back to it, so often; `ROUNDS=20` looks for what comes seldom.
fn rounds() -> usize {
    std::env::var("ROUNDS").map_or(2, |rounds| rounds.parse().unwrap())
}

/// Send by sendmail, and as a client by either loopback, until they are told to end. They print the
/// subjects of what was accepted.
const PROGRAM: &str = r#"
PATH=$PATH:/usr/sbin
until [ -e /run/enough ]; do
    subject="program $((n += 1))"
    printf 'Subject: %s\n\nhello\n' "$subject" | sendmail root 2>/dev/null && echo "$subject"
    sleep 0.1
done
"#;
const CLIENT: &str = r#"
until [ -e /run/enough ]; do
    subject="client $((n += 1))"
    address=127.0.0.1
    [ $((n % 2)) = 1 ] || address=::1
    bash -c "$0" "$address" "$subject" >/dev/null 2>&1 && echo "$subject"
    sleep 0.1
done
"#;

#[test]
fn no_message_that_was_accepted_is_lost_or_doubled() {
    in_both_families("rd", &["h"], |fleet| {
        apply(&fleet).assert_ok();
        assert_eq!(sendmail(&fleet, "first"), 0);
        let host = fleet.host();
        let program = host.spawn(["runuser", "-u", "alice", "--", "sh", "-c", PROGRAM]).unwrap();
        let client = host.spawn(["bash", "-c", CLIENT, SEND]).unwrap();
        let modes = ["mail_mode=local", "mail_mode=mailu"].into_iter().cycle().take(2 * rounds());
        let runs: Vec<_> =
            modes.map(|mode| fleet.report(&["--yes", "--extra-vars", mode])).collect();
        host.write("/run/enough", "").unwrap();
        // The subjects of what was accepted.
        let mut accepted = Vec::new();
        for sender in [program, client] {
            let output = sender.wait_with_output().unwrap();
            let subjects = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && !subjects.is_empty(), "{:?}", output.stderr);
            accepted.extend(subjects.lines().map(str::to_owned));
        }
        for run in runs {
            run.assert_ok();
            assert_ne!(run.actions(), []);
        }
        assert!(accepted.len() > 4 * rounds(), "only {} were accepted", accepted.len());
        let mut came = counts(&fleet.lab);
        // What is lost is told below, by name.
        Patience::of(PATIENCE).until(|| {
            came = counts(&fleet.lab);
            accepted.iter().all(|subject| came.contains_key(subject))
        });
        let wrong: Vec<_> =
            accepted.iter().filter(|subject| came.get(*subject) != Some(&1)).collect();
        let came: Vec<_> = wrong.iter().map(|subject| came.get(*subject)).collect();
        assert_eq!(wrong, Vec::<&String>::new(), "came {came:?} times, of {}", accepted.len());
    });
}

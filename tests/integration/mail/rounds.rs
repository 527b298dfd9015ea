//! A host that changes its way again and again while mail is sent throughout.

use super::{SEND, apply, counts, in_both_families, sendmail};
use crate::patience::PATIENCE;
use converge::lab::Patience;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Away from Mailu and back to it.
const ROUNDS: usize = 5;

#[test]
fn no_message_that_was_accepted_is_lost_or_doubled() {
    in_both_families("rd", &["h"], |fleet| {
        apply(&fleet).assert_ok();
        assert_eq!(sendmail(&fleet, "first"), 0);
        let ended = AtomicBool::new(false);
        let host = fleet.host();
        let by_program = |subject: &str| {
            let script = format!(
                "printf 'Subject: {subject}\\n\\nhello\\n' | PATH=$PATH:/usr/sbin sendmail root"
            );
            host.run_as("alice", ["sh", "-c", &script]).unwrap().success()
        };
        let by_client = |subject: &str| {
            let address =
                if subject.ends_with(['0', '2', '4', '6', '8']) { "::1" } else { "127.0.0.1" };
            host.run(["bash", "-c", SEND, address, subject]).unwrap().success()
        };
        // The subjects of what was accepted.
        let sent = |who: &str, send: &dyn Fn(&str) -> bool| -> Vec<String> {
            let subjects = (0..).map(|number| format!("{who} {number}"));
            let subjects = subjects.take_while(|_| {
                std::thread::sleep(Duration::from_millis(50));
                !ended.load(Ordering::Relaxed)
            });
            subjects.filter(|subject| send(subject)).collect()
        };
        let (runs, accepted) = std::thread::scope(|scope| {
            let program = scope.spawn(|| sent("program", &by_program));
            let client = scope.spawn(|| sent("client", &by_client));
            let modes = ["mail_mode=local", "mail_mode=mailu"].into_iter().cycle();
            let modes = modes.take(2 * ROUNDS);
            let runs: Vec<_> =
                modes.map(|mode| fleet.report(&["--yes", "--extra-vars", mode])).collect();
            ended.store(true, Ordering::Relaxed);
            let mut accepted = program.join().unwrap();
            accepted.extend(client.join().unwrap());
            (runs, accepted)
        });
        for run in runs {
            run.assert_ok();
            assert_ne!(run.actions(), []);
        }
        assert!(accepted.len() > 4 * ROUNDS, "only {} were accepted", accepted.len());
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

//! A host whose runs are killed at random points ends as one that was never killed.
//!
//! Each kill has a number of its own, its seed: `KILLS_SEED=N KILLS=1` repeats kill N. Kills of even
//! numbers are on Debian, the others on the pacman family; the roles, of `tests/kills/`, take
//! turns. `scripts/kills N SEED` does as many as one likes.

mod controllers;
mod killed;
mod picture;

use crate::fleet::{FAMILIES, Fleet, Report};
use crate::foretell::real::prepared_for_roles;
use crate::fuzz::random::Random;
use converge::lab::Family;
use killed::{Clock, Ended, Point};
use picture::{Picture, differences};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

const ROLES: [&str; 15] = [
    "minted", "units", "acts", "once", "packages", "chain", "rescue", "again", "upgrade",
    "editors", "accounts", "links", "mail", "secret", "kernel",
];
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kills");
/// In the suite.
const KILLS: u64 = 4;
const SEED: u64 = 8;
/// A run that another still holds the host from is made again so often.
const PATIENT: usize = 40;

/// What came of all.
#[derive(Default)]
struct Outcome {
    /// Kills, by what the last action was that was begun before.
    killed: HashMap<String, usize>,
    /// Acts whose result was lost, and that a person had to undo.
    lost: usize,
    wrong: Vec<String>,
}

#[test]
fn a_killed_host_ends_as_one_that_was_never_killed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seed, kills) = (number("KILLS_SEED").unwrap_or(SEED), number("KILLS").unwrap_or(KILLS));
    let outcome = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for (family, rest) in FAMILIES.into_iter().zip([0, 1]) {
            let outcome = &outcome;
            scope.spawn(move || {
                let numbers: Vec<u64> =
                    (seed..seed + kills).filter(|number| number % 2 == rest).collect();
                if !numbers.is_empty() {
                    on(family, &numbers, outcome);
                }
            });
        }
    });
    let Outcome { killed, lost, wrong } = outcome.into_inner().unwrap();
    let count: usize = killed.values().sum();
    say(&format!("{count} kills, in or after {killed:?}; {lost} results lost"));
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count as u64 * 2 > kills, "hardly any was killed: {killed:?}");
}

/// These kills on one host of this family.
fn on(family: Family, numbers: &[u64], outcome: &Mutex<Outcome>) {
    let lab = prepared_for_roles(&format!("k{}", &family.to_string()[..1]), family);
    let mut fleet =
        Fleet::over(lab, &["h"], "x").set("secret_password", "\"correct/horse of battery\"");
    let mut whole: HashMap<&str, Result<(Clock, Picture), String>> = HashMap::new();
    for &number in numbers {
        let role = ROLES[usize::try_from(number / 2).unwrap() % ROLES.len()];
        fleet = fleet.with_role(role);
        let twin = whole.entry(role).or_insert_with(|| never_killed(&fleet));
        let (clock, never_killed) = match twin {
            Ok(twin) => &*twin,
            Err(why) => {
                let why = format!("{role} on {family}, never killed: {why}");
                outcome.lock().unwrap().wrong.push(why);
                continue;
            }
        };
        let mut random = Random::of(77, number);
        let told = one(&fleet, clock, never_killed, &mut random);
        let mut outcome = outcome.lock().unwrap();
        for kind in told.killed {
            *outcome.killed.entry(kind).or_default() += 1;
        }
        outcome.lost += told.lost;
        if let Err(why) = told.ended {
            let kills = told.story.join("; ");
            outcome.wrong.push(format!("kill {number}: {role} on {family}: {kills}: {why}"));
        }
    }
}

/// The host after a run that nobody killed, and that run's clock.
fn never_killed(fleet: &Fleet) -> Result<(Clock, Picture), String> {
    set_up(fleet);
    let clock = killed::timed(fleet)?;
    nothing_is_left(fleet)?;
    Ok((clock, Picture::of(&fleet.host())))
}

/// What came of one host's kills.
struct Told {
    killed: Vec<String>,
    lost: usize,
    story: Vec<String>,
    ended: Result<(), String>,
}

/// Kills a run, and now and then the next one too; then lets one come to its end.
fn one(fleet: &Fleet, clock: &Clock, never_killed: &Picture, random: &mut Random) -> Told {
    set_up(fleet);
    let mut told = Told { killed: Vec::new(), lost: 0, story: Vec::new(), ended: Ok(()) };
    loop {
        let point = Point::of(clock, random);
        match killed::run(fleet, &point) {
            Ended::Killed(kind) => {
                told.story.push(format!("{point} in or after {kind}"));
                told.killed.push(kind);
            }
            Ended::Whole => told.story.push("no more was killed".to_owned()),
        }
        if !random.once_in(3) {
            break;
        }
    }
    told.ended = comes_to_its_end(fleet, &mut told.lost)
        .and_then(|()| differences(never_killed, &Picture::of(&fleet.host())));
    told
}

fn comes_to_its_end(fleet: &Fleet, lost: &mut usize) -> Result<(), String> {
    let mut run = apply(fleet);
    if run.code == 1 && format!("{:#}", run.document).contains("brought back is lost") {
        // What it says is to be done by hand: undo it.
        *lost += 1;
        let undo = std::fs::read(Path::new(FOLDER).join(fleet.role()).join("undo.sh")).unwrap();
        assert!(fleet.host().run_with_input(["sh", "-s"], &undo).unwrap().success());
        run = apply(fleet);
    }
    if run.code != 0 {
        return Err(format!("the next run fails: {}", failures(&run.document)));
    }
    nothing_is_left(fleet)
}

fn nothing_is_left(fleet: &Fleet) -> Result<(), String> {
    let again = apply(fleet);
    if (again.code, again.status()) != (0, "ok") || !again.actions().is_empty() {
        let actions: Vec<_> =
            again.actions().into_iter().map(|told| (told.task, told.target)).collect();
        return Err(format!("the run after that does something: {actions:?}"));
    }
    Ok(())
}

/// What failed, in one line each.
fn failures(document: &serde_json::Value) -> String {
    let hosts = document["hosts"].as_array().unwrap();
    let tasks = hosts.iter().flat_map(|host| host["tasks"].as_array().unwrap());
    let failed = tasks.filter(|task| task["status"] == "failed");
    failed.map(|task| format!("{}: {}; ", task["id"], task["error"])).collect()
}

/// A run to its end, once whoever holds the host has let go.
fn apply(fleet: &Fleet) -> Report {
    let roles = ["--roles-path", FOLDER];
    for _ in 0..PATIENT {
        let run = fleet.report(&roles);
        if run.code != 4 {
            return run;
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    panic!("the host is still held")
}

/// The host as it was before the role.
fn set_up(fleet: &Fleet) {
    let host = fleet.host();
    host.reset().unwrap();
    let script = std::fs::read(Path::new(FOLDER).join(fleet.role()).join("setup.sh"));
    let script = script.unwrap_or_default();
    let done = host.run_with_input(["bash", "-es"], &script).unwrap();
    assert!(done.success(), "{}: {done:#?}", fleet.role());
}

#[expect(clippy::print_stderr, reason = "figures of a test, shown with --nocapture")]
fn say(text: &str) {
    eprintln!("{text}");
}

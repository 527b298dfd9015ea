//! The generator's roles on real hosts. This binary itself, copied into hosts of the lab, checks
//! and applies there and judges as it does in memory; here roles are handed out, hosts are brought
//! back, and what went wrong is shrunk.
//!
//! Each role has a number of its own, its seed: `FORETELL_SEED=N FORETELL_CASES=1` repeats role N.
//! Roles of even numbers run on Debian, the others on the pacman family. `FORETELL_STORY=1` tells
//! every role with what it did, `FORETELL_TRIES` how many simpler roles are tried after a wrong one.

pub(super) mod beyond;
mod inside;
mod open_lies;
mod prepare;

pub(crate) use inside::judge_one;

use super::case::Case;
use super::judge::Tally;
use super::role::Role;
use super::strategy;
use crate::lab::lab;
use converge::lab::{Family, Host, Lab};
use inside::Verdict;
use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::Mutex;

/// Hosts of each family at a time.
const HOSTS: usize = 2;
/// How many simpler roles are tried after one that was not foretold.
const TRIES: u64 = 12;

/// What came of some roles.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// The same by family, each with how many roles it had.
    pub(crate) families: BTreeMap<String, (u64, Tally)>,
    /// The roles that were not foretold, each with the story of its runs.
    pub(crate) wrong: Vec<String>,
}

/// Runs as many roles, from this number on.
pub(crate) fn run_all(seed: u64, count: u64) -> Outcome {
    let program = program();
    let outcome = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for (family, rest) in [(Family::Debian, 0), (Family::Pacman, 1)] {
            let seeds: VecDeque<u64> = (seed..seed + count).filter(|n| n % 2 == rest).collect();
            let hosts = HOSTS.min(seeds.len());
            let queue = std::sync::Arc::new(Mutex::new(seeds));
            for index in 0..hosts {
                let (queue, program, outcome) = (queue.clone(), &program, &outcome);
                scope.spawn(move || {
                    let letter = char::from(b'a' + u8::try_from(index).unwrap());
                    let lab = prepared(
                        &format!("j{}{letter}", &family.to_string()[..1]),
                        family,
                        program,
                    );
                    let host = lab.host("h").unwrap();
                    // In a statement of its own, so that the queue is free while the role runs.
                    loop {
                        let Some(number) = queue.lock().unwrap().pop_front() else { break };
                        let (tally, wrong) = number_on(&host, number);
                        let mut outcome = outcome.lock().unwrap();
                        outcome.tally += tally;
                        let own = outcome.families.entry(family.to_string()).or_default();
                        own.0 += 1;
                        own.1 += tally;
                        outcome.wrong.extend(wrong);
                    }
                });
            }
        }
    });
    outcome.into_inner().unwrap()
}

/// This binary without what only debuggers read: it is copied into every host.
fn program() -> Vec<u8> {
    let folder = tempfile::TempDir::new().unwrap();
    let bare = folder.path().join("program");
    let own = std::env::current_exe().unwrap();
    let status = Command::new("strip").arg("-o").arg(&bare).arg(own).status().unwrap();
    assert!(status.success(), "strip: {status}");
    std::fs::read(bare).unwrap()
}

/// A host with everything that roles name, to which `reset` returns.
fn prepared(name: &str, family: Family, program: &[u8]) -> Lab {
    let lab = lab(name).host("h", family).up().unwrap();
    {
        let host = lab.host("h").unwrap();
        host.write(inside::PROGRAM, program).unwrap();
        host.run(["chmod", "0755", inside::PROGRAM]).unwrap();
        let done = host.run_with_input(["bash", "-s"], prepare::base().as_bytes()).unwrap();
        assert!(done.success(), "the host is not prepared: {done:#?}");
        host.snapshot().unwrap();
    }
    lab
}

/// A host with the same programs, units and packages, and with the lab's own packages too, to which
/// `reset` returns.
pub(crate) fn prepared_for_roles(name: &str, family: Family) -> Lab {
    let lab = lab(name).host("h", family).up().unwrap();
    {
        let host = lab.host("h").unwrap();
        let script = prepare::with_packages_of_the_lab();
        let done = host.run_with_input(["bash", "-s"], script.as_bytes()).unwrap();
        assert!(done.success(), "the host is not prepared: {done:#?}");
        host.snapshot().unwrap();
    }
    lab
}

/// What one role came to on this host, and if it was not foretold, the simplest found that was not
/// either.
fn number_on(host: &Host<'_>, number: u64) -> (Tally, Option<String>) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut tree = strategy::real_role().new_tree(&mut runner).unwrap();
    let of = |role: Role| Case::of(&open_lies::without(role, number % 2 == 1));
    let case = of(tree.current());
    let Verdict { tally, wrong, story } = verdict(host, &case);
    if std::env::var_os("FORETELL_STORY").is_some() {
        super::say(&format!("role {number}\n{}{story}", case.to_yaml()));
    }
    let Some(mut why) = wrong else { return (tally, None) };
    let mut simplest = case;
    let tries = std::env::var("FORETELL_TRIES").ok().and_then(|text| text.parse().ok());
    let mut moved = tree.simplify();
    for _ in 0..tries.unwrap_or(TRIES) {
        if !moved {
            break;
        }
        let case = of(tree.current());
        moved = match verdict(host, &case).wrong {
            Some(other) => {
                (why, simplest) = (other, case);
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    let family = host.family();
    (tally, Some(format!("role {number} on {family}: {why}\n{}", simplest.to_yaml())))
}

/// Runs a role on a host that is as it was prepared, and brings it back to that.
fn verdict(host: &Host<'_>, case: &Case) -> Verdict {
    let text = serde_json::to_string(case).unwrap();
    host.write(inside::CASE, text).unwrap();
    let script = prepare::of(&case.host);
    let set_up = host.run_with_input(["bash", "-s"], script.as_bytes()).unwrap();
    assert!(set_up.success(), "not set up: {set_up:#?}\n{script}");
    let done = host.run([
        "timeout",
        "-k",
        "5",
        "100",
        inside::PROGRAM,
        "--ignored",
        "--exact",
        inside::TEST,
    ]);
    let done = done.unwrap();
    let verdict = host.read(inside::VERDICT).ok().filter(|_| done.success());
    let verdict = verdict.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    host.reset().unwrap();
    verdict.unwrap_or_else(|| Verdict {
        tally: Tally::default(),
        story: String::new(),
        wrong: Some(format!("no verdict: {done:#?}")),
    })
}

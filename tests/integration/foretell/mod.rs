//! Check foretells apply: roles are generated over all resources and every way a task can be
//! steered, checked and applied on a host in memory, and what was announced is held against what
//! was done. What once went wrong stays in `tests/fixtures/foretell`.
//!
//! `FORETELL_SEED` repeats a run, `FORETELL_CASES` sets its length. The same roles run on real hosts
//! too (`real`).

mod case;
mod judge;
pub(crate) mod real;
mod recorder;
mod resources;
mod role;
mod start;
mod strategy;

use case::{Case, run};
use converge::engine::bundle::{Bundle, Purpose};
use converge::engine::state::State;
use converge::event::{HostStatus, TaskReport};
use converge::host::Action;
use converge::host::in_memory::InMemory;
use judge::{Tally, foretold, is_empty, story};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use strategy::Hosts;

const CASES: u32 = 10_000;
const THREADS: u32 = 2;
const SEED: u64 = 1000;

#[test]
fn check_foretells_apply() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("FORETELL_SEED").unwrap_or(SEED);
    let cases = number("FORETELL_CASES").map_or(CASES, |cases| cases.try_into().unwrap());
    let tallies: Vec<Result<Tally, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|index| scope.spawn(move || generated(seed + u64::from(index), cases / THREADS)))
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut sum = Tally::default();
    for tally in tallies {
        sum += tally.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
    say(&format!("seed {seed}, {cases} roles: {sum:?}"));
    // Roles that do nothing would foretell it well.
    let cases = cases as usize;
    assert!(sum.announced > cases && sum.performed > cases, "too little is done: {sum:?}");
    assert!(sum.lost * 5 < sum.killed, "too much is lost by kills: {sum:?}");
    assert!(sum.steady * 10 > cases && sum.killed * 5 > cases, "too little is repeated: {sum:?}");
    assert!(
        sum.fell_away * 10 <= sum.announced,
        "more than one in ten fell away: {} of {}",
        sum.fell_away,
        sum.announced
    );
}

#[expect(clippy::print_stderr, reason = "figures of a test, shown with --nocapture")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn generated(seed: u64, cases: u32) -> Result<Tally, String> {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 3000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tally = RefCell::new(Tally::default());
    let outcome = runner.run(&strategy::role(Hosts::Memory), |role| {
        let case = Case::of(&role);
        holds(&case, &mut tally.borrow_mut())
            .map_err(|why| TestCaseError::fail(format!("{why}\n{}", case.to_yaml())))
    });
    match outcome {
        Ok(()) => Ok(tally.into_inner()),
        Err(proptest::test_runner::TestError::Fail(why, _)) => Err(why.to_string()),
        Err(other) => Err(other.to_string()),
    }
}

#[test]
fn what_once_went_wrong_does_not_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foretell");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == "world.yml") {
            continue;
        }
        let case = Case::read(&std::fs::read_to_string(&path).unwrap());
        count += 1;
        if let Err(why) = holds(&case, &mut Tally::default()) {
            wrong.push(format!("{}: {}\n{why}", path.display(), case.about));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 25, "only {count} cases were found");
}

/// Everything that must be so of one case.
fn holds(case: &Case, tally: &mut Tally) -> Result<(), String> {
    let bundle = case.bundle();
    let blank = InMemory::new(case.world());
    let mut host = blank.clone();
    let first = foretells(&bundle, &mut host, &State::default(), tally)?;
    if !case.steady || !is_well(&first) {
        return Ok(());
    }
    tally.steady += 1;
    let whole = host.clone();
    let check = run(&bundle, Purpose::Check, &mut host, &first.state, 0);
    let second = run(&bundle, Purpose::Apply, &mut host, &first.state, 0);
    is_empty(&first, &check, &second)?;
    if host.world() != whole.world() {
        return Err("the second run changed the host".into());
    }
    let count = first.actions.len();
    let first = Ended { run: first, host: whole };
    (1..=count).try_for_each(|at| killed(&bundle, &blank, at, &first, tally))
}

/// A run, and the host after it.
struct Ended {
    run: case::Run,
    host: InMemory,
}

/// Nothing went wrong, so that a second run has nothing to do.
fn is_well(run: &case::Run) -> bool {
    run.status() != HostStatus::Failed
        && run.refused.is_empty()
        && run.told.tasks().all(|task| task.error.is_none())
}

/// Checks, applies, and compares.
fn foretells(
    bundle: &Bundle,
    host: &mut InMemory,
    state: &State,
    tally: &mut Tally,
) -> Result<case::Run, String> {
    let before = host.world().clone();
    let check = run(bundle, Purpose::Check, host, state, 0);
    if *host.world() != before {
        return Err("check changed the host".into());
    }
    let apply = run(bundle, Purpose::Apply, host, state, 0);
    foretold(&check, &apply, tally)?;
    Ok(apply)
}

/// It needs what an act brought back that was killed before that was noted.
fn said_lost(task: &TaskReport) -> bool {
    task.error.as_ref().is_some_and(|error| error.message.contains("brought back is lost"))
}

/// Killed right after an action and started again, a run leaves what an undisturbed one leaves,
/// and loses no handler.
fn killed(
    bundle: &Bundle,
    blank: &InMemory,
    at: usize,
    whole: &Ended,
    tally: &mut Tally,
) -> Result<(), String> {
    tally.killed += 1;
    let mut host = blank.clone();
    let dead = run(bundle, Purpose::Apply, &mut host, &State::default(), at);
    let again = foretells(bundle, &mut host, &dead.state, tally)
        .map_err(|why| format!("after a kill at action {at}: {why}"))?;
    if again.told.tasks().any(said_lost) {
        // Only an act killed before its result was noted may end so, and only where it is asked for.
        tally.lost += 1;
        return match dead.actions.last() {
            Some(Action::Run { .. } | Action::Request(_)) => Ok(()),
            other => Err(format!("killed at action {at}, lost is the result of {other:?}")),
        };
    }
    let first = story(&whole.run);
    let tell = || format!("whole:\n{first}killed:\n{}again:\n{}", story(&dead), story(&again));
    if host.world() != whole.host.world() {
        return Err(format!("killed at action {at}, the host ends otherwise\n{}", tell()));
    }
    if !again.state.pending.is_empty() {
        return Err(format!("killed at action {at}, handlers still wait\n{}", tell()));
    }
    let handled = |run: &case::Run| -> BTreeSet<String> {
        let handlers = run.told.tasks().filter(|task| task.task.handler);
        handlers
            .flat_map(|task| &task.actions)
            .filter(|action| ["run", "request", "restart", "reload"].contains(&&*action.kind))
            .map(|action| format!("{} {}", action.kind, action.target))
            .collect()
    };
    let mut done = handled(&again);
    // The last action before the kill has no report any more.
    done.extend(dead.actions.iter().map(|action| format!("{} {}", action.kind(), action.target())));
    let started = again.actions.iter().filter(|action| action.kind() == "service");
    done.extend(started.flat_map(|action| {
        ["restart", "reload"].map(|kind| format!("{kind} {}", action.target()))
    }));
    match handled(&whole.run).difference(&done).next() {
        Some(lost) => Err(format!("killed at action {at}, `{lost}` is lost\n{}", tell())),
        None => Ok(()),
    }
}

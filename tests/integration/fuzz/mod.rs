//! Bytes from outside, generated and mutated from the project's own files, given to everything that
//! reads them: no panic, no hang, memory bounded, and what each target can judge besides.
//!
//! The stable toolchain has no coverage to be guided by, so inputs are many instead. An input
//! is known by its target, the seed and its number: `scripts/fuzz TARGET 1 SEED NUMBER` tries it again.

mod editors;
mod frames;
pub(crate) mod generated;
mod inventory;
pub(crate) mod judged;
mod limit;
mod logical;
mod memory;
mod mutate;
mod one_line;
pub(crate) mod random;
mod role;
mod seeds;
mod template;
mod vault;
mod worker;
mod yaml;

use random::Random;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Something that reads bytes from outside.
pub(super) struct Target {
    name: &'static str,
    seeds: fn() -> Vec<Vec<u8>>,
    /// What means something to it.
    words: &'static [&'static str],
    /// What is wrong; the numbers are for what is chosen besides the input.
    judge: fn(&[u8], &mut Random) -> Result<(), String>,
}

const TARGETS: [&Target; 11] = [
    &editors::TARGET,
    &frames::TARGET,
    &inventory::TARGET,
    &limit::TARGET,
    &logical::TARGET,
    &memory::TARGET,
    &one_line::TARGET,
    &role::TARGET,
    &template::TARGET,
    &vault::TARGET,
    &yaml::TARGET,
];

/// Which inputs.
#[derive(Debug, Clone)]
pub(super) struct Job {
    seed: u64,
    from: u64,
    count: u64,
    /// Where the worker writes the number of the input in hand.
    place: PathBuf,
}

/// After so many a new process begins: what is compiled is kept as long as one lives.
const BATCH: u64 = 20_000;
/// So many wrong inputs are enough to be told of.
const ENOUGH: usize = 20;

#[test]
fn files_of_other_programs_are_edited() {
    suite(&editors::TARGET, 1_500);
}

#[test]
fn frames_are_read() {
    suite(&frames::TARGET, 3_000);
}

#[test]
fn inventories_are_read() {
    suite(&inventory::TARGET, 1_500);
}

#[test]
fn limits_are_read() {
    suite(&limit::TARGET, 200);
}

#[test]
fn logical_lines_mean_what_they_meant() {
    suite(&logical::TARGET, 1_000);
}

#[test]
fn memories_are_recalled() {
    suite(&memory::TARGET, 2_000);
}

#[test]
fn parameters_in_one_line_are_read() {
    suite(&one_line::TARGET, 500);
}

#[test]
fn roles_are_read() {
    suite(&role::TARGET, 700);
}

#[test]
fn templates_are_rendered() {
    suite(&template::TARGET, 1_500);
}

#[test]
fn vaults_are_opened() {
    suite(&vault::TARGET, 50);
}

#[test]
fn yaml_is_read() {
    suite(&yaml::TARGET, 2_000);
}

#[test]
#[ignore = "for scripts/fuzz: as long as one likes"]
#[expect(clippy::print_stderr, reason = "what scripts/fuzz is for")]
fn long() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let name = std::env::var("FUZZ_TARGET").ok().filter(|name| !name.is_empty());
    for target in
        TARGETS.iter().filter(|target| name.as_ref().is_none_or(|name| name == target.name))
    {
        let (seed, from) = (number("FUZZ_SEED").unwrap_or(1), number("FUZZ_FROM").unwrap_or(0));
        let count = number("FUZZ_COUNT").unwrap_or(100_000);
        let begun = std::time::Instant::now();
        let wrong = run(target, seed, from, count);
        let took = begun.elapsed().as_secs();
        eprintln!("{}: {count} inputs of seed {seed} in {took} s\n{wrong}", target.name);
        assert!(wrong.is_empty(), "{} is wrong", target.name);
    }
}

/// A process of its own, which [`run`] starts.
#[test]
#[ignore = "started by the others"]
fn worker() {
    let Ok(job) = std::env::var("FUZZ_JOB") else { return };
    let mut parts = job.splitn(5, ' ');
    let name = parts.next().unwrap();
    let mut number = || parts.next().unwrap().parse().unwrap();
    let (seed, from, count) = (number(), number(), number());
    let place = parts.next().unwrap().into();
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    worker::work(target, &Job { seed, from, count, place });
}

fn suite(target: &'static Target, count: u64) {
    let wrong = run(target, 1, 0, count);
    assert!(wrong.is_empty(), "{wrong}");
}

/// Tries so many inputs; what is wrong with which, and where those lie now.
fn run(target: &Target, seed: u64, from: u64, count: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("number");
    std::fs::write(&place, []).unwrap();
    let (mut at, end, mut found) = (from, from + count, Vec::new());
    while at < end && found.len() < ENOUGH {
        let job = Job { seed, from: at, count: BATCH.min(end - at), place: place.clone() };
        at += job.count;
        if let Some(ended) = batch(target, &job, &mut found) {
            at = ended + 1;
        }
    }
    let mut wrong = String::new();
    for (number, why) in found {
        let kept = keep(target, seed, number);
        let name = target.name;
        writeln!(wrong, "scripts/fuzz {name} 1 {seed} {number}: {why}\n  {}", kept.display())
            .unwrap();
    }
    wrong
}

/// One process's inputs; the number of the one that ended it before its time.
fn batch(target: &Target, job: &Job, found: &mut Vec<(u64, String)>) -> Option<u64> {
    let Job { seed, from, count, place } = job;
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fuzz::worker", "--ignored", "--nocapture"])
        .env("FUZZ_JOB", format!("{} {seed} {from} {count} {}", target.name, place.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let before = found.len();
    for line in said.lines().filter_map(|line| line.strip_prefix("wrong ")) {
        let (number, why) = line.split_once(' ').unwrap();
        found.push((number.parse().unwrap(), why.replace('\u{2424}', "\n")));
    }
    if output.status.success() {
        return None;
    }
    let number = std::fs::read(place).unwrap().try_into().map(u64::from_le_bytes).unwrap();
    if found.len() == before || found.last().is_none_or(|(last, _)| *last != number) {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().lines().rev().take(3).collect::<Vec<_>>().join("; ");
        found.push((number, format!("{}: {said}", output.status)));
    }
    Some(number)
}

/// Writes an input into a file.
fn keep(target: &Target, seed: u64, number: u64) -> PathBuf {
    let folder = std::env::temp_dir().join("converge-fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{}-{seed}-{number}", target.name));
    let input = mutate::input(&(target.seeds)(), target.words, &mut Random::of(seed, number));
    std::fs::write(&path, input).unwrap();
    path
}

/// A text as its readers get it.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Generated roles on real hosts: check foretells apply there too.

use crate::foretell::real;

/// About 1.3 s each, where other work has the machine too.
const CASES: u64 = 60;
const SEED: u64 = 1;

#[test]
fn real_hosts_do_what_check_announced() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("FORETELL_SEED").unwrap_or(SEED);
    let cases = number("FORETELL_CASES").unwrap_or(CASES);
    let outcome = real::run_all(seed, cases);
    let (tally, wrong) = (outcome.tally, outcome.wrong);
    say(&format!("{cases} roles from {seed} on real hosts: {tally:?}"));
    for (family, (roles, tally)) in outcome.families {
        say(&format!("{family}: {roles} roles: {tally:?}"));
    }
    assert!(
        wrong.is_empty(),
        "{} of {cases} were not foretold:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    if cases >= CASES {
        // Roles that do nothing would foretell it well.
        let count = usize::try_from(cases).unwrap();
        assert!(
            tally.announced > count && tally.performed > count,
            "too little is done: {tally:?}"
        );
        assert!(tally.steady * 10 > count, "too little is repeated: {tally:?}");
    }
}

/// Only `real_hosts_do_what_check_announced` starts it, in a host that it prepared.
#[test]
#[ignore = "runs inside a lab host"]
fn one_role_inside_a_host() {
    real::judge_one();
}

#[expect(clippy::print_stderr, reason = "figures of a test, shown with --nocapture")]
fn say(text: &str) {
    eprintln!("{text}");
}

//! One role, inside a host of the lab: checked, applied, applied again, on the host that this
//! process runs on.

use super::super::case::{Case, run};
use super::super::is_well;
use super::super::judge::{Tally, foretold, is_empty, story};
use converge::engine::bundle::Purpose;
use converge::engine::state::State;
use converge::host::local::Local;
use std::path::Path;

/// Where this binary lies in a host, and the test in it that calls `judge_one`.
pub(super) const PROGRAM: &str = "/opt/judge";
pub(super) const TEST: &str = "lab_foretold::one_role_inside_a_host";
/// The role to run, and what came of it.
pub(super) const CASE: &str = "/opt/case.json";
pub(super) const VERDICT: &str = "/opt/verdict.json";

/// What came of one role.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Verdict {
    pub(super) tally: Tally,
    pub(super) wrong: Option<String>,
    /// What apply did; and what check announced, if some of it fell away.
    pub(super) story: String,
}

/// Runs the role that was put here. Only a prepared host of the lab is one to run it on.
pub(crate) fn judge_one() {
    assert!(Path::new(super::prepare::MARK).exists(), "this is no host of the lab made for it");
    let case: Case = serde_json::from_slice(&std::fs::read(CASE).unwrap()).unwrap();
    let mut tally = Tally::default();
    let mut told = String::new();
    let wrong = holds(&case, &mut tally, &mut told).err();
    let text = serde_json::to_string(&Verdict { tally, wrong, story: told }).unwrap();
    std::fs::write(VERDICT, text).unwrap();
}

fn holds(case: &Case, tally: &mut Tally, told: &mut String) -> Result<(), String> {
    let bundle = case.bundle();
    // As each run of the command is one process, each has read nothing yet.
    let go = |purpose, state: &State| run(&bundle, purpose, &mut Local::new(), state, 0);
    let check = go(Purpose::Check, &State::default());
    let apply = go(Purpose::Apply, &State::default());
    *told = story(&apply);
    foretold(&check, &apply, tally)?;
    if tally.fell_away > 0 {
        *told =
            format!("foretold, of which {} fell away:\n{}", tally.fell_away, story(&check)) + told;
    }
    if !case.steady || !is_well(&apply) {
        return Ok(());
    }
    tally.steady += 1;
    let check = go(Purpose::Check, &apply.state);
    let second = go(Purpose::Apply, &apply.state);
    is_empty(&apply, &check, &second)
}

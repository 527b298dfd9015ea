//! Every case of `tests/lab_cases/NAME/`, on a real host of each family: its `case.yml` says what
//! it is about and how it ends, `setup.sh` prepares the host, `roles/r` is converged, and
//! `right.sh` says of the host afterwards that it is as it should be.
//!
//! ```yaml
//! kind: …    # what went wrong once
//! right: …   # what is right, in words
//! want: …    # `apply`, `refuse`, `either` of the two, or `script`: what `script.sh` says
//! family: …  # the only one that it is for; both if not given
//! ```

use crate::bench::data;
use crate::fleet::{Fleet, Report, in_both_families};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn what_real_hosts_once_proved_wrong_is_right() {
    in_both_families("lc", |fleet| {
        // One host for all of them, one after the other: each sets up what it needs.
        let fleet = fleet.with_role("r");
        let family = fleet.host().family().to_string();
        let mut wrong = String::new();
        for case in cases().iter().filter(|case| case.is_for(&family)) {
            if let Err(why) = case.is_right(&fleet) {
                wrong += &format!("\n{} on {family} ({}): {why}", case.name(), case.word("right"));
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    });
}

struct Case {
    folder: PathBuf,
    about: serde_json::Value,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab_cases");
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders.into_iter().map(Case::read).collect()
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let text = std::fs::read_to_string(folder.join("case.yml")).unwrap();
        let case = Self { about: data(&text), folder };
        let keys = case.about.as_object().unwrap().keys();
        let unknown: Vec<_> =
            keys.filter(|key| !["kind", "right", "want", "family"].contains(&&***key)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", case.name());
        case
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn word(&self, key: &str) -> &str {
        self.about[key].as_str().unwrap_or_default()
    }

    fn is_for(&self, family: &str) -> bool {
        ["", family].contains(&self.word("family"))
    }

    /// What it has for this step.
    fn script(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    fn is_right(&self, fleet: &Fleet) -> Result<(), String> {
        if let Some(setup) = self.script("setup.sh") {
            // That it finds nothing to take away is no failure.
            fleet.host().run_with_input(["bash", "-s"], setup.as_bytes()).unwrap();
        }
        let refused = match self.word("want") {
            "apply" => self.ends(fleet, &[false]),
            "refuse" => self.ends(fleet, &[true]),
            "either" => self.ends(fleet, &[false, true]),
            "script" => return self.runs(fleet),
            other => panic!("{}: want: {other}", self.name()),
        }?;
        let Some(right) = self.script("right.sh") else { return Ok(()) };
        let refused = if refused { "REFUSED=yes" } else { "REFUSED=" };
        let looked =
            fleet.host().run_with_input(["env", refused, "bash", "-s"], right.as_bytes()).unwrap();
        if looked.success() { Ok(()) } else { Err(format!("not as it should be: {looked:?}")) }
    }

    /// Checks and applies; whether both were refused, where that is one of the ends.
    fn ends(&self, fleet: &Fleet, ends: &[bool]) -> Result<bool, String> {
        let check = Run::of(self, fleet, &["--check"]);
        let apply = Run::of(self, fleet, &["--yes"]);
        let agree = check.code == apply.code && check.failed() == apply.failed();
        let refused = match (check.code, apply.code) {
            (0, 0) => false,
            (1 | 65, 1 | 65) if agree => true,
            _ => return Err(format!("check: {}\napply: {}", check.told(), apply.told())),
        };
        if !ends.contains(&refused) {
            let end = if refused { "refused" } else { "not refused" };
            return Err(format!("it is {end}: {}", apply.told()));
        }
        if !refused {
            foretold(&check, &apply)?;
            let again = Run::of(self, fleet, &["--yes"]);
            if again.code != 0 || !again.actions(|_| true).is_empty() {
                return Err(format!("a second run does something: {}", again.told()));
            }
        }
        Ok(refused)
    }

    fn runs(&self, fleet: &Fleet) -> Result<(), String> {
        let said = Command::new("bash")
            .arg("script.sh")
            .current_dir(&self.folder)
            .env("CONVERGE", crate::fleet::binary())
            .env("INVENTORY", fleet.inventory())
            .env("LAB", &fleet.lab.state().name)
            .env("HOST", fleet.host().name())
            .output()
            .unwrap();
        if said.status.success() { Ok(()) } else { Err(format!("{said:#?}")) }
    }
}

/// A run of the command, which may have ended before there was anything to report.
struct Run {
    code: i32,
    stderr: String,
    report: Option<Report>,
}

impl Run {
    fn of(case: &Case, fleet: &Fleet, arguments: &[&str]) -> Self {
        let roles = case.folder.join("roles");
        let mut words = vec!["--output", "json", "--roles-path", roles.to_str().unwrap()];
        words.extend(arguments);
        let said = fleet.run(&words);
        let document = serde_json::from_str(&said.stdout).ok();
        let report = document.map(|document| Report { code: said.code, document });
        Self { code: said.code, stderr: said.stderr, report }
    }

    /// How it ended, for who reads a failure.
    fn told(&self) -> String {
        let hosts = self.report.iter().map(|report| format!("{:#}", report.document["hosts"]));
        format!("exit code {} {} {}", self.code, self.stderr, hosts.collect::<String>())
    }

    /// Task, kind and target of its actions of such a certainty.
    fn actions(&self, certainty: impl Fn(&str) -> bool) -> Vec<[String; 3]> {
        let all = self.report.iter().flat_map(Report::actions);
        let these = all.filter(|told| certainty(&told.certainty));
        these.map(|told| [told.task, told.kind, told.target]).collect()
    }

    /// The tasks that failed.
    fn failed(&self) -> Vec<String> {
        let reports = self.report.iter();
        reports.flat_map(|report| report.tasks_of_status("failed")).collect()
    }
}

/// Every exact action was done, and none that was not announced.
fn foretold(check: &Run, apply: &Run) -> Result<(), String> {
    let (announced, done) = (check.actions(|_| true), apply.actions(|_| true));
    let exact = check.actions(|certainty| certainty == "exact");
    let lost: Vec<_> = exact.iter().filter(|action| !done.contains(action)).collect();
    // Of what is open, only the task is known.
    let open = check.actions(|certainty| certainty == "open");
    let is_open = |action: &[String; 3]| open.iter().any(|other| other[0] == action[0]);
    let unannounced: Vec<_> =
        done.iter().filter(|action| !announced.contains(action) && !is_open(action)).collect();
    if lost.is_empty() && unannounced.is_empty() {
        return Ok(());
    }
    Err(format!("announced and not done: {lost:?}; done and not announced: {unannounced:?}"))
}

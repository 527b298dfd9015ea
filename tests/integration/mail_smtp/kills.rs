//! A run that is killed again and again ends where one that never was ends.

use crate::fleet::{Fleet, assert_foretold, in_both_families};
use converge::lab::{Family, Host};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What must be the same: files with their modes and owners, packages, every unit's state. Left out is what every installation makes
/// differently (keys, caches, the account files' backups), and /etc/ssl: killed between its
/// certificate and the link to it, ssl-cert's own script makes the link in no later run.
const PICTURE: &str = r#"
find /etc -xdev -type f ! -path '/etc/ssl/*' ! -name '*-' ! -name ld.so.cache ! -name .updated \
    ! -name machine-id ! -path '/etc/pacman.d/gnupg/*' -exec sha256sum {} + | sort -k2
find /etc -xdev -type l ! -path '/etc/ssl/*' -printf '%p -> %l\n' | sort
find /etc -xdev ! -type l ! -path '/etc/ssl/*' ! -name '*-' ! -name ld.so.cache ! -name .updated \
    ! -path '/etc/pacman.d/gnupg/*' -printf '%p %y %m %u:%g\n' | sort
find /var/spool/postfix /var/lib/postfix -maxdepth 1 -type d -printf '%p %m %u:%g\n' | sort
systemctl list-unit-files --no-legend --no-pager --plain | awk '{print $1, $2}' | sort
systemctl list-units --no-legend --no-pager --plain --type=service --state=active,failed |
    awk '{print $1, $3}' | sort
if command -v pacman >/dev/null; then pacman -Q; else dpkg-query -W -f '${Package} ${Status} ${Version}\n'; apt-mark showmanual; fi
for unit in postfix.service postfix@-.service; do
    systemctl show -p ActiveState,UnitFileState,LoadState "$unit"
done
ls -A /run/systemd/system /run/converge/held 2>/dev/null
"#;

fn picture(host: &Host<'_>) -> String {
    let picture = host.sh(PICTURE).unwrap();
    picture.stdout
}

/// Whom a kill takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victims {
    Agent,
    AgentAndWhatItStarted,
    Controller,
}

/// The agent's processes in a host, and everything they started, killed at once. Whether there were
/// any.
pub(crate) fn kill_agent(host: &Host<'_>, victims: Victims) -> bool {
    let namespace = std::fs::read_link(format!("/proc/{}/ns/pid", host.pid().unwrap())).unwrap();
    let mut parents = BTreeMap::new();
    let mut doomed = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        if std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok().as_ref() != Some(&namespace) {
            continue;
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let parent = rest.split_whitespace().nth(1).and_then(|parent| parent.parse::<u32>().ok());
        parents.insert(pid, parent.unwrap_or(0));
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = command.split(|byte| *byte == 0).collect();
        if words.first().is_some_and(|program| program.ends_with(b"converge")) {
            doomed.insert(pid);
        }
    }
    while let Some(child) = parents
        .iter()
        .filter(|_| victims == Victims::AgentAndWhatItStarted)
        .find(|(pid, parent)| doomed.contains(parent) && !doomed.contains(pid))
        .map(|(pid, _)| *pid)
    {
        doomed.insert(child);
    }
    for pid in &doomed {
        let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
    }
    !doomed.is_empty()
}

/// Runs, and kills the agent right after its first action; in a package transaction, in its
/// midst. Names the task, if there was anything to kill, and what had failed until then.
pub(crate) fn run_killed(fleet: &Fleet, in_packages: &mut u64) -> Option<String> {
    let killed = killed_run(fleet, in_packages)?;
    Some(format!("{}{}", killed.task, killed.failed))
}

/// An action's kind and target.
type Named = (String, String);

/// A run that was killed.
struct Killed {
    /// The task that was seen to act before the kill.
    task: String,
    /// The actions that the run began, in order: in the midst of the last or right after it came
    /// the kill.
    began: Vec<Named>,
    /// What failed before, and was rescued; empty where nothing did.
    failed: String,
}

fn killed_run(fleet: &Fleet, in_packages: &mut u64) -> Option<Killed> {
    let mut child = fleet
        .command(&["--output", "events"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut began: Vec<Named> = Vec::new();
    let mut acted = None;
    let mut told = Vec::new();
    let mut failed = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let event = &event["event"];
        let announced = own_actions(&event["announced"]);
        let packages = announced.iter().any(|(kind, _)| kind == "packages");
        let finished = &event["task_finished"];
        if !finished["task"]["error"].is_null() || !finished["error"].is_null() {
            failed = format!("{failed}\n  after {finished}");
        }
        // After the kill comes only what was on its way.
        began.extend(announced);
        told.push(line);
        if acted.is_some() {
            continue;
        }
        let id = |of: &Value| of["task"]["id"].as_str().map(str::to_owned);
        if packages {
            // Each time a little later, and in no two test runs at the same moments: simulating,
            // fetching, unpacking, configuring.
            let later = 60 * *in_packages * (*in_packages + 1) / 2;
            let chance = u64::from(std::process::id() % 60);
            std::thread::sleep(Duration::from_millis(30 + later + chance));
            *in_packages += 1;
            acted = id(&event["announced"]);
        } else if !own_actions(finished).is_empty() {
            if finished["task"]["handler"] == true {
                // That it has run is written after it is told: killed in between, it runs again.
                std::thread::sleep(Duration::from_millis(200));
            }
            acted = id(finished);
        }
        if acted.is_some() {
            kill_agent(&fleet.host(), Victims::AgentAndWhatItStarted);
        }
    }
    let status = child.wait().unwrap();
    // A run that fails before its first action has not shown that nothing is left.
    assert!(
        acted.is_some() || status.success(),
        "{status} without an action:\n{}",
        told.join("\n")
    );
    acted.map(|task| Killed { task, began, failed })
}

/// The actions of an event; what the controller did for the host is not the host's.
fn own_actions(event: &Value) -> Vec<Named> {
    let all = event["actions"].as_array().into_iter().flatten();
    let own = all.filter(|action| action["kind"] != "request");
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    own.map(|action| (word(&action["kind"]), word(&action["target"]))).collect()
}

#[test]
fn killed_after_every_first_action_it_still_gets_there() {
    in_both_families("k", |fleet| {
        let whole = fleet.apply();
        whole.assert_ok();
        let calm = picture(&fleet.host());
        a_handler_survives(&fleet);
        fleet.host().reset().unwrap();

        let mut rounds = 0;
        let mut in_packages = 0;
        let (mut begun, mut last) = (BTreeSet::new(), BTreeSet::new());
        while let Some(Killed { began, .. }) = killed_run(&fleet, &mut in_packages) {
            last.extend(began.last().map(|(kind, _)| kind.clone()));
            begun.extend(began);
            rounds += 1;
            assert!(rounds < 40, "no end after {rounds} kills");
        }
        assert!(rounds >= 4, "killed only {rounds} times");
        assert!(in_packages >= 2, "never killed in the midst of a transaction");
        // No action of a whole run was left to a run that was not killed; and kills came in or
        // right after a transaction, and a unit's start.
        for told in whole.actions() {
            let action = (told.kind, told.target);
            assert!(begun.contains(&action), "no killed run began {action:?}: {begun:?}");
        }
        let of = |kinds: &[&str]| kinds.iter().any(|kind| last.contains(*kind));
        assert!(of(&["packages", "repair_packages"]) && of(&["service", "restart"]), "{last:?}");
        let last = fleet.apply();
        last.assert_ok();
        assert_eq!(last.actions(), [], "after {rounds} kills");
        assert_eq!(last.status(), "ok", "after {rounds} kills");
        let host = fleet.host();
        let now = picture(&host);
        let lines = |one: &str, other: &str| -> Vec<String> {
            let known: BTreeSet<&str> = other.lines().collect();
            one.lines().filter(|line| !known.contains(line)).map(str::to_owned).collect()
        };
        let differ = (lines(&calm, &now), lines(&now, &calm));
        assert_eq!(differ, (vec![], vec![]), "never killed, after {rounds} kills");
        let state: Value =
            serde_json::from_slice(&host.read("/var/lib/converge/state.json").unwrap()).unwrap();
        assert_eq!(state["pending"], serde_json::json!([]));
        assert_eq!(state["unfinished"], Value::Null);
        let left = host.sh("find / -xdev -name '*.converge*' -o -xdev -name '.new-*'").unwrap();
        assert_eq!(left.stdout, "", "left behind");
        let verify = fleet.run(&["verify"]);
        assert_eq!(verify.code, 0, "{verify:#?}");
    });
}

/// A kill between a notification and its handler loses nothing.
fn a_handler_survives(fleet: &Fleet) {
    let host = fleet.host();
    let started = "systemctl show -p InvocationID --value postfix@-.service postfix.service";
    // What systemd was asked for before the kill, it does.
    let settle =
        "timeout 60 sh -c 'while systemctl list-jobs --no-legend | grep -q .; do sleep 0.1; done'";
    // A kill may come late, and meet the handler.
    let before = (0..10).find_map(|_| {
        let before = host.sh(started).unwrap().stdout;
        host.sh("echo '# by hand' >> /etc/postfix/main.cf").unwrap();
        assert!(run_killed(fleet, &mut 0).is_some());
        assert!(host.sh(settle).unwrap().success());
        if host.sh(started).unwrap().stdout == before {
            return Some(before);
        }
        fleet.apply().assert_ok();
        None
    });
    let before = before.expect("a kill before the handler");
    let check = fleet.check();
    let apply = fleet.apply();
    apply.assert_ok();
    assert_foretold(&check, &apply);
    assert_eq!(apply.actions().len(), 1, "the handler alone: {:#?}", apply.actions());
    assert_ne!(host.sh(started).unwrap().stdout, before, "the handler ran after all");
    assert_eq!(fleet.apply().actions(), []);
}

/// Killed where it hurts most, dpkg itself.
#[test]
fn an_interrupted_dpkg_is_repaired_as_a_shown_action() {
    let fleet = Fleet::of("i", Family::Debian);
    let host = fleet.host();
    // As a kill in the midst of unpacking leaves it: a package without its files, a journal.
    let script = "apt-get -q update && cd /tmp && apt-get -q download cpio && \
                  dpkg --unpack cpio*.deb && \
                  sed -i '/^Package: cpio$/,/^$/s/^Status: .*/Status: install ok half-configured/' \
                  /var/lib/dpkg/status && dpkg --audit";
    let broken = host.sh(script).unwrap();
    assert!(broken.stdout.contains("half configured"), "{broken:?}");
    let check = fleet.check();
    check.assert_ok();
    let apply = fleet.apply();
    apply.assert_ok();
    assert_foretold(&check, &apply);
    let repairs = apply.actions().into_iter().filter(|told| told.kind == "repair_packages").count();
    assert_eq!(repairs, 1, "{:#?}", apply.actions());
    assert_eq!(host.sh("dpkg --audit").unwrap().stdout, "");
    assert_eq!(fleet.apply().actions(), []);
}

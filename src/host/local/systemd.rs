//! Acts on the service manager's units, and proves each by what the unit does afterwards.

use super::super::{HostError, ServiceChange, Unit};
use super::process::{self, tool};
use super::units::{Shown, Units, show};
use super::{clock, journal, ports};
use crate::host::unit_name;
use crate::value::Known;
use std::time::{Duration, Instant};

/// Seconds for a unit to start or stop; systemd's own limit is 90 s.
const SECONDS: u64 = 120;
/// A unit that ends by itself within this time has not started.
const FIRST_INSTANT: Duration = Duration::from_millis(300);

/// Changes one part of a unit's state.
///
/// # Errors
/// [`HostError::Stale`] if that part is no longer as planned; if it does not start, with the last
/// lines of its log.
pub(super) fn change(
    units: &Units,
    name: &str,
    change: ServiceChange,
    before: &Known<Unit>,
) -> Result<(), HostError> {
    let unit = unit_name(name);
    let found = units.shown(&unit)?;
    unchanged(&unit, change, before, units)?;
    if change == ServiceChange::Start && found.ends() {
        return Err(HostError::ends_by_itself(&unit));
    }
    if change == ServiceChange::Mask && has_own_file(&unit) {
        return Err(HostError::cannot_be_masked(&unit));
    }
    let verb = match change {
        ServiceChange::Enable => "enable",
        ServiceChange::Disable => "disable",
        ServiceChange::Start => "start",
        ServiceChange::Stop => "stop",
        ServiceChange::Mask => "mask",
        ServiceChange::Unmask => "unmask",
    };
    reload_definitions(units, &found)?;
    if change == ServiceChange::Start {
        let begun = clock::since_epoch();
        act(verb, &unit).map_err(|error| not_running(&unit, begun, error))?;
        return stays_active(&unit, begun).map(drop);
    }
    act(verb, &unit)?;
    match change {
        ServiceChange::Stop => all_stopped(&unit, &found),
        // What holds until the next boot only is undone by itself (systemctl(1), `--runtime`).
        ServiceChange::Disable if found.unit_file == "enabled-runtime" => act_for_now(verb, &unit),
        ServiceChange::Unmask if found.unit_file == "masked-runtime" => act_for_now(verb, &unit),
        _ => Ok(()),
    }
}

/// Where the mask would be, the unit's own file is.
fn has_own_file(unit: &str) -> bool {
    let path = std::path::Path::new("/etc/systemd/system").join(unit);
    std::fs::symlink_metadata(&path).is_ok()
        && std::fs::read_link(&path).ok().is_none_or(|to| to != std::path::Path::new("/dev/null"))
}

/// `systemctl stop` does not wait for what the unit stands for.
fn all_stopped(unit: &str, found: &Shown) -> Result<(), HostError> {
    let mut units = vec![unit.to_owned()];
    units.extend(found.members.iter().cloned());
    let end = Instant::now() + Duration::from_secs(SECONDS);
    loop {
        let shown = show(&units)?;
        let gone = |unit: &Shown| !unit.is_active() && unit.active != "deactivating";
        let Some(name) =
            units.iter().zip(&shown).find(|(_, unit)| !gone(unit)).map(|(name, _)| name)
        else {
            return Ok(());
        };
        if Instant::now() >= end {
            return Err(HostError::failed(format!("{name} did not stop within {SECONDS} s")));
        }
        std::thread::sleep(FIRST_INSTANT / 3);
    }
}

/// Compares the part that is to change, and only that: one plan may hold several changes of a unit.
fn unchanged(
    unit: &str,
    change: ServiceChange,
    before: &Known<Unit>,
    units: &Units,
) -> Result<(), HostError> {
    let Known::Is(planned) = before else { return Ok(()) };
    let Known::Is(found) = units.state(unit)? else { return Ok(()) };
    let difference = match change {
        ServiceChange::Enable | ServiceChange::Disable if planned.enabled != found.enabled => {
            let word = |unit: &Unit| {
                if unit.enabled.is_empty() { "absent".to_owned() } else { unit.enabled.clone() }
            };
            format!("it is {}, not {}", word(&found), word(planned))
        }
        ServiceChange::Start | ServiceChange::Stop if planned.active != found.active => {
            if found.active { "it runs" } else { "it does not run" }.to_owned()
        }
        ServiceChange::Mask | ServiceChange::Unmask if planned.masked != found.masked => {
            if found.masked { "it is masked" } else { "it is not masked" }.to_owned()
        }
        _ => return Ok(()),
    };
    Err(HostError::Stale { target: unit.to_owned(), found: difference })
}

/// Stops and starts a unit.
///
/// # Errors
/// If the unit is not active afterwards, or still the old invocation.
pub(super) fn restart(units: &Units, name: &str) -> Result<(), HostError> {
    let unit = unit_name(name);
    let found = units.shown(&unit)?;
    reload_definitions(units, &found)?;
    let begun = clock::since_epoch();
    act("restart", &unit).map_err(|error| not_running(&unit, begun, error))?;
    let now = stays_active(&unit, begun)?;
    if !now.invocation.is_empty() && now.invocation == found.invocation {
        return Err(HostError::failed(format!(
            "{unit} was not restarted: it is the same invocation"
        )));
    }
    Ok(())
}

/// Makes a unit read its configuration again; one that does not run is started.
///
/// # Errors
/// If it cannot, or is not active afterwards.
pub(super) fn reload(units: &Units, name: &str) -> Result<(), HostError> {
    let unit = unit_name(name);
    let found = units.shown(&unit)?;
    if found.is_active() && !found.can_reload {
        return Err(HostError::cannot_reload(&unit));
    }
    reload_definitions(units, &found)?;
    let begun = clock::since_epoch();
    act("reload-or-restart", &unit).map_err(|error| not_running(&unit, begun, error))?;
    stays_active(&unit, begun).map(drop)
}

/// A unit whose file changed on disk would otherwise run as it was before.
fn reload_definitions(units: &Units, unit: &Shown) -> Result<(), HostError> {
    if units.must_be_read(unit) { units.read_again() } else { Ok(()) }
}

fn act(verb: &str, unit: &str) -> Result<(), HostError> {
    run(verb, unit, &["systemctl", "--no-ask-password", verb, "--", unit])
}

fn act_for_now(verb: &str, unit: &str) -> Result<(), HostError> {
    run(verb, unit, &["systemctl", "--no-ask-password", "--runtime", verb, "--", unit])
}

fn run(verb: &str, unit: &str, argv: &[&str]) -> Result<(), HostError> {
    let command = tool(argv, SECONDS);
    let output = process::run(&command)?;
    if output.rc == 0 {
        return Ok(());
    }
    let why = if output.timed_out { ": ran out of time" } else { "" };
    Err(HostError::Failed {
        message: format!("cannot {verb} {unit}{why}"),
        notes: process::last_lines(&output.stderr, 5),
        help: None,
    })
}

/// Looks twice: right after the act, which began then, and after the unit's first instant. A unit
/// without a process of its own is looked at together with what it stands for.
fn stays_active(unit: &str, begun: Duration) -> Result<Shown, HostError> {
    let first = one(unit)?;
    // It did its work and ended, as it should.
    if first.kind == "oneshot" && !first.is_active() && first.result == "success" {
        return Ok(first);
    }
    let mut watched = vec![unit.to_owned()];
    if first.kind == "oneshot" {
        watched.extend(first.members.iter().cloned());
    }
    let before = show(&watched)?;
    running(unit, begun, &before)?;
    std::thread::sleep(FIRST_INSTANT);
    let after = show(&watched)?;
    running(unit, begun, &after)?;
    if before.iter().zip(&after).any(|(before, after)| before.invocation != after.invocation) {
        return Err(ended(unit, begun, "started, but ended at once and was started again"));
    }
    after.into_iter().next().ok_or_else(|| HostError::failed("systemd told of no unit"))
}

fn one(unit: &str) -> Result<Shown, HostError> {
    let shown = show(&[unit.to_owned()])?;
    shown.into_iter().next().ok_or_else(|| HostError::failed("systemd told of no unit"))
}

/// All that a unit stands for is up, and not between two attempts.
fn running(unit: &str, begun: Duration, shown: &[Shown]) -> Result<(), HostError> {
    let down = |unit: &&Shown| !unit.is_active() || unit.sub.starts_with("auto-restart");
    match shown.iter().find(down) {
        Some(down) if down.result == "success" => {
            Err(ended(unit, begun, "started, but ended at once"))
        }
        Some(_) => Err(ended(unit, begun, "did not start")),
        None => Ok(()),
    }
}

/// A failed `systemctl` of a unit, in words about the unit.
fn not_running(unit: &str, begun: Duration, error: HostError) -> HostError {
    let HostError::Failed { notes, .. } = error else { return error };
    let mut failure = ended(unit, begun, "did not start");
    if let HostError::Failed { notes: log, .. } = &mut failure
        && log.is_empty()
    {
        // systemctl's own words matter where the unit said nothing: it does not exist, is masked.
        log.extend(notes.into_iter().filter(|line| !line.contains("journalctl")));
    }
    failure
}

/// A unit that does not run: the last lines of its log since the act began, and who holds the
/// address it wanted.
fn ended(unit: &str, begun: Duration, how: &str) -> HostError {
    let lines = journal::tail(unit, begun, 8);
    let help = lines.iter().find(|line| line.contains("ddress already in use")).and_then(|line| {
        let port = ports::named_in(line)?;
        let holder = ports::holder(port)?;
        Some(format!("port {port} is held by {holder}"))
    });
    HostError::Failed {
        message: format!("{} {how}", unit.strip_suffix(".service").unwrap_or(unit)),
        notes: lines.into_iter().map(|line| format!("log: {line}")).collect(),
        help,
    }
}

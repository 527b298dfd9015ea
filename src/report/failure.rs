//! What went wrong, where, what was left undone, and how to go on.

use super::fold::{HostFold, RunFold};
use super::run_info::{Mode, RunInfo, count};
use super::snippet::{self, Severity};
use super::style::{Paint, Style};
use super::{brief, commands, escape, plan_line, ranges};
use crate::event::{HostReport, HostStatus, TaskReport};
use crate::text::Diagnostic;
use indexmap::IndexMap;
use std::io::{self, Write};

/// Writes every host that failed, was locked or could not be reached; the same error once.
pub(super) fn stopped(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    run: &RunFold,
) -> io::Result<()> {
    unreached(out, style, info, run)?;
    interrupted(out, style, info, run)?;
    let mut errors: IndexMap<(String, String), Vec<(&str, &HostFold)>> = IndexMap::new();
    for (name, host) in run.hosts().filter(|(_, host)| host.status() == HostStatus::Failed) {
        let place = host.failure().map(title).unwrap_or_default();
        let text = snippet::render(error(host), info.sources, Severity::Error, style.colour);
        errors.entry((place, text)).or_default().push((name, host));
    }
    for ((place, text), hosts) in &errors {
        let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
        let names = ranges::fold(&names);
        let word = style.paint(Paint::Bad, format!("{:<12}", "FAILED"));
        writeln!(out, "\n{word} {names}   {place}")?;
        writeln!(out, "{text}")?;
        for (name, host) in hosts {
            left(out, style, info, name, host)?;
        }
    }
    resume(out, info, run)
}

/// The command that does what was left: on every host that did not come to the end of all that it
/// was to do, so that none is left out.
fn resume(out: &mut dyn Write, info: &RunInfo<'_>, run: &RunFold) -> io::Result<()> {
    let undone = |host: &HostFold| host.end.as_ref().is_none_or(HostReport::is_undone);
    let names: Vec<&str> =
        run.hosts().filter(|(_, host)| undone(host)).map(|(name, _)| name).collect();
    if names.is_empty() || info.mode != Mode::Apply {
        return Ok(());
    }
    writeln!(out, "        resume: {}", info.resume_command(&names))
}

/// `role › task`.
pub(super) fn title(task: &TaskReport) -> String {
    format!("{} › {}", escape::line(&task.task.role), escape::line(&task.task.name))
}

/// Hosts without an answer, a line each reason.
fn unreached(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    run: &RunFold,
) -> io::Result<()> {
    let mut gap = "\n";
    for (status, word) in [(HostStatus::Unreachable, "UNREACHABLE"), (HostStatus::Locked, "LOCKED")]
    {
        let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
        for (name, host) in run.hosts().filter(|(_, host)| host.status() == status) {
            reasons.entry(why(host, info)).or_default().push(name);
        }
        for (reason, names) in reasons {
            let word = style.paint(Paint::Bad, format!("{word:<12}"));
            writeln!(out, "{gap}{word} {}   {reason}", ranges::fold(&names))?;
            gap = "";
        }
    }
    Ok(())
}

/// Hosts that the run was not to come to the end of, and what is known of each.
fn interrupted(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    run: &RunFold,
) -> io::Result<()> {
    let mut found: IndexMap<(&str, String), Vec<&str>> = IndexMap::new();
    for (name, host) in run.hosts().filter(|(_, host)| host.status() == HostStatus::Interrupted) {
        let word = if not_begun(host).is_some() { "NOT BEGUN" } else { "INTERRUPTED" };
        found.entry((word, why(host, info))).or_default().push(name);
    }
    let mut gap = "\n";
    for ((word, left), names) in &found {
        let word = style.paint(Paint::Bad, format!("{word:<12}"));
        writeln!(out, "{gap}{word} {}   {left}", ranges::fold(names))?;
        gap = "";
    }
    Ok(())
}

/// Why the run did not come to a host at all, if it said so: too many others had failed.
fn not_begun(host: &HostFold) -> Option<&Diagnostic> {
    host.warnings.last().filter(|_| host.system.is_none())
}

/// What is known of a host that was let go.
fn let_go(host: &HostFold, info: &RunInfo<'_>) -> String {
    if let Some(why) = not_begun(host) {
        return snippet::one_line(why, info.sources);
    }
    if host.system.is_none() {
        return "not begun".to_owned();
    }
    let mut out = "nothing was changed".to_owned();
    if info.mode == Mode::Apply {
        let actions = host.tasks.iter().flat_map(|task| &task.actions);
        let done = count(actions.filter(|action| !action.failed).count(), "action");
        let (did, failed) = performed(host, Some(commands::AMONG));
        out = format!("{done} done{did}{failed}");
        if let Some(task) = &host.current {
            let name = escape::line(&task.name);
            out.push_str(&format!("; its agent ends what it is at, and stops: {name}"));
        }
    }
    out
}

/// Why a host is unreachable or locked, and what is known of its state.
pub(super) fn why(host: &HostFold, info: &RunInfo<'_>) -> String {
    if host.status() == HostStatus::Interrupted {
        return let_go(host, info);
    }
    let said = host.warnings.last();
    let locked = host.status() == HostStatus::Locked;
    let mut out = match said {
        Some(said) => snippet::one_line(said, info.sources),
        None if locked => "another run holds its lock".to_owned(),
        None => "its session said nothing more".to_owned(),
    };
    if let Some(help) = said.and_then(|said| said.help.as_deref()) {
        out.push_str(&format!(" ({})", escape::line(help)));
    }
    match (&host.current, host.status()) {
        (_, HostStatus::Locked) => {}
        (Some(task), _) => out.push_str(&format!("; stopped in: {}", escape::line(&task.name))),
        _ => out.push_str("; state unknown"),
    }
    out
}

/// What the host's failure is; there may be none that belongs to a task.
pub(super) fn error(host: &HostFold) -> &Diagnostic {
    static UNKNOWN: std::sync::LazyLock<Diagnostic> =
        std::sync::LazyLock::new(|| Diagnostic::new("the host failed without saying why"));
    static INTERRUPTED: std::sync::LazyLock<Diagnostic> =
        std::sync::LazyLock::new(|| Diagnostic::new("the run was interrupted"));
    if host.status() == HostStatus::Interrupted {
        return &INTERRUPTED;
    }
    let task = host.failure().and_then(|task| task.error.as_ref());
    task.or(host.warnings.last()).unwrap_or(&UNKNOWN)
}

/// What a failed host was left with.
fn left(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    name: &str,
    host: &HostFold,
) -> io::Result<()> {
    let Some(end) = &host.end else { return Ok(()) };
    let not_run = count(end.not_run, "task");
    if info.mode != Mode::Apply && end.not_run == 0 {
        return writeln!(out, "{name}: nothing was changed");
    }
    if info.mode != Mode::Apply {
        return writeln!(out, "{name}: {not_run} after it not looked at; nothing was changed");
    }
    let done = count(end.done, "action");
    let (did, failed) = performed(host, brief::room(style).map(|_| commands::AMONG));
    write!(out, "{name} was left: {done} done{did}{failed}, {not_run} not run")?;
    if !end.waiting_handlers.is_empty() {
        let waiting: Vec<_> = end.waiting_handlers.iter().map(|name| escape::line(name)).collect();
        let word = if waiting.len() == 1 { "handler" } else { "handlers" };
        write!(out, "; {word} waiting: {}", waiting.join(", "))?;
    }
    writeln!(out)
}

/// What was done and what failed, for those who could not watch: ` (file /etc/x, package postfix)`,
/// `, 1 failed (command make-token)`.
fn performed(host: &HostFold, room: Option<usize>) -> (String, String) {
    let lines = host.tasks.iter().flat_map(|task| plan_line::lines(&task.actions));
    let (failed, did): (Vec<_>, Vec<_>) = lines.map(|(line, _)| line).partition(|line| line.failed);
    let failed = match failed.len() {
        0 => String::new(),
        number => format!(", {number} failed{}", named(&failed, room)),
    };
    (named(&did, room), failed)
}

fn named(lines: &[plan_line::PlanLine], room: Option<usize>) -> String {
    const FEW: usize = 6;
    let mut names: Vec<String> =
        lines.iter().map(|line| format!("{} {}", line.word, line.target_in(room))).collect();
    if names.is_empty() {
        return String::new();
    }
    let more = names.len().saturating_sub(FEW);
    names.truncate(FEW);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    format!(" ({})", names.join(", "))
}

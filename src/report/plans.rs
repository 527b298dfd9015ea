//! The plans of a dry run of several hosts, the same plans together.

use super::counts::Counts;
use super::fold::{HostFold, RunFold};
use super::groups::{self, Group};
use super::run_info::Mode;
use super::style::{DiffShow, Paint, Style};
use super::task_lines::TaskLines;
use super::{escape, ranges};
use crate::event::HostStatus;
use std::io::{self, Write};

/// Writes the whole plan of every host, the same plans together.
///
/// # Errors
/// If `out` cannot be written to.
pub fn plans(out: &mut dyn Write, style: &Style, run: &RunFold) -> io::Result<()> {
    changes(out, style, run, Mode::Check)?;
    let same = run.ended(HostStatus::Ok);
    if !same.is_empty() {
        let gap = if same.len() < run.len() { "\n" } else { "" };
        writeln!(out, "{gap}as declared  {}", ranges::fold(&same))?;
    }
    Ok(())
}

/// Writes what changed, or would, on every host that ended well.
pub(super) fn changes(
    out: &mut dyn Write,
    style: &Style,
    run: &RunFold,
    mode: Mode,
) -> io::Result<()> {
    for (at, group) in groups::changed(run).iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let (shown, differ) = (group.hosts[0], group.diffs_differ());
        if differ && style.diff == DiffShow::Full {
            for (at, (name, host)) in group.names.iter().zip(&group.hosts).enumerate() {
                let gap = if at > 0 { "\n" } else { "" };
                writeln!(out, "{gap}{}", head(style, name, &[host]))?;
                plan(out, style, host)?;
            }
            continue;
        }
        writeln!(out, "{}", head(style, &ranges::fold(&group.names), &group.hosts))?;
        if differ && style.diff == DiffShow::Short {
            let note =
                format!("the diffs are {}'s; the others' differ (--diff=full)", group.names[0]);
            writeln!(out, "  {}", style.paint(Paint::Dim, note))?;
        }
        plan(out, style, shown)?;
        let counts = Counts::of(&shown.tasks);
        let counts = if mode == Mode::Apply { counts.done() } else { counts.planned() };
        writeln!(out, "  {counts}{}", each(group))?;
    }
    Ok(())
}

fn each(group: &Group<'_>) -> &'static str {
    if group.names.len() > 1 { ", on each" } else { "" }
}

fn plan(out: &mut dyn Write, style: &Style, host: &HostFold) -> io::Result<()> {
    let mut lines = TaskLines::default();
    for task in &host.tasks {
        lines.actions(out, style, &task.task, &task.actions)?;
        lines.ended(out, style, task, host.last_run.as_deref())?;
    }
    Ok(())
}

/// `mx3  debian 12, never converged`.
pub(super) fn head(style: &Style, names: &str, hosts: &[&HostFold]) -> String {
    let mut words: Vec<String> = Vec::new();
    for host in hosts {
        let system = escape::line(host.system.as_deref().unwrap_or("not looked at"));
        let before = match (&host.unfinished, &host.last_run) {
            (Some(run), _) => {
                format!("continues run {}, which did not end well", escape::line(run))
            }
            (None, Some(run)) => format!("last converged by run {}", escape::line(run)),
            (None, None) => "never converged".to_owned(),
        };
        let text = format!("{system}, {before}");
        if !words.contains(&text) {
            words.push(text);
        }
    }
    format!("{}  {}", style.paint(Paint::Strong, names), words.join("; "))
}

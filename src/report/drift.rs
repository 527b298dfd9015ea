//! `converge drift`: what differs from the declaration, and whether the host or the declaration
//! changed. The same finding on several hosts is told of once.

use super::commands::Commands;
use super::fold::{HostFold, RunFold};
use super::plan_line::{self, PlanLine};
use super::run_info::{Mode, RunEnd, RunInfo, count, seconds, status_word};
use super::style::{Paint, Style};
use super::{Report, brief, diff_lines, escape, failure, ranges, warnings, words};
use crate::event::{ActionReport, Change, Diff, Event, HostStatus, TaskReport};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Collects a dry run and tells of it when it is over.
pub struct Drift<'a> {
    out: &'a mut dyn Write,
    style: Style,
    info: RunInfo<'a>,
    run: RunFold,
}

/// One finding; equal ones of several hosts are one.
#[derive(PartialEq, Eq, Hash)]
struct Finding {
    /// Drift first.
    rank: u8,
    word: &'static str,
    what: String,
    why: String,
    diff: Option<Diff>,
    then: Vec<String>,
}

impl<'a> Drift<'a> {
    /// Tells of a dry run that begins now.
    pub fn new(out: &'a mut dyn Write, style: Style, info: RunInfo<'a>) -> Self {
        let run = RunFold::new(&info.hosts);
        Self { out, style, info, run }
    }

    fn heading(&mut self) -> io::Result<()> {
        let drifted = |host: &HostFold| has(host, Change::Drift);
        let declared = |host: &HostFold| {
            !drifted(host) && (has(host, Change::Intended) || has(host, Change::New))
        };
        let changed = |is_so: &dyn Fn(&HostFold) -> bool| {
            let hosts = self.run.hosts().filter(|(_, host)| host.status() == HostStatus::Changed);
            hosts.filter(|(_, host)| is_so(host)).count()
        };
        let ended = |status| (self.run.ended(status).len(), status_word(status, Mode::Check));
        let parts = [
            ended(HostStatus::Ok),
            (changed(&drifted), "drifted"),
            (changed(&declared), "to change as intended"),
            (changed(&|host| !drifted(host) && !declared(host)), "with something to do"),
            ended(HostStatus::Failed),
            ended(HostStatus::Unreachable),
            ended(HostStatus::Locked),
            ended(HostStatus::Interrupted),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<_> = parts.map(|(number, word)| format!("{number} {word}")).collect();
        writeln!(self.out, "{}: {}", count(self.run.len(), "host"), parts.join(", "))
    }

    fn findings(&self) -> Vec<(Finding, Vec<&str>)> {
        let mut found: IndexMap<Finding, Vec<&str>> = IndexMap::new();
        let room = brief::room_with_diffs(&self.style);
        for (name, host) in self.run.hosts() {
            // Which handler a change would run is not known here: all that would run are named.
            let then: Vec<String> = host
                .tasks
                .iter()
                .filter(|task| task.task.handler)
                .flat_map(|task| names(task, room))
                .collect();
            let mut commands = Commands::default();
            for task in host.tasks.iter().filter(|task| !task.task.handler) {
                for action in &task.actions {
                    let line = commands.line(PlanLine::of(action), room);
                    let finding = Finding::of(task, line, action, host, &then);
                    found.entry(finding).or_default().push(name);
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(finding, _)| finding.rank);
        found
    }
}

impl Report for Drift<'_> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        self.run.add(host, event);
        Ok(())
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        self.heading()?;
        let mut then = Vec::new();
        for (finding, hosts) in self.findings() {
            let Finding { rank, word, what, why, .. } = &finding;
            let paint = if *rank == 0 { Paint::Bad } else { Paint::Change };
            let word = self.style.paint(paint, format!("{word:<12}"));
            let line = format!("\n{word} {}   {what}   {why}", ranges::fold(&hosts));
            then.push((line, finding));
        }
        for (line, finding) in &then {
            writeln!(self.out, "{}", line.trim_end())?;
            if let Some(diff) = &finding.diff {
                diff_lines::write(self.out, &self.style, &words::diff(diff), "    ")?;
            }
            if !finding.then.is_empty() {
                writeln!(self.out, "    then: {}", finding.then.join(", "))?;
            }
        }
        if !then.is_empty() {
            let legend = "- is on the host, + is declared";
            writeln!(self.out, "\n{}", self.style.paint(Paint::Dim, legend))?;
        }
        warnings::write(self.out, &self.style, &self.info, &self.run)?;
        failure::stopped(self.out, &self.style, &self.info, &self.run)?;
        let tail = format!("{}   run {}", seconds(end.ms), escape::line(&end.run));
        if then.is_empty() {
            return writeln!(self.out, "\nNothing was changed.   {tail}");
        }
        let command = self.info.apply_command();
        writeln!(self.out, "\nNothing was changed. To apply: {command}   {tail}")
    }
}

impl Finding {
    fn of(
        task: &TaskReport,
        line: PlanLine,
        action: &ActionReport,
        host: &HostFold,
        then: &[String],
    ) -> Self {
        let run = host.last_run.as_deref();
        let run = run.map_or("the last run".into(), |run| format!("run {}", escape::line(run)));
        let (rank, word, why) = match task.change {
            Some(Change::Drift) => (0, "DRIFT", format!("differs from what {run} left")),
            Some(Change::Intended) => {
                (1, "INTENDED", format!("the declaration changed since {run}"))
            }
            Some(Change::New) => (2, "NEW", "never applied here".to_owned()),
            // An act has no end state, and what is not known yet cannot be compared.
            None => (3, "TO DO", String::new()),
        };
        // A diff tells more than the attributes.
        let detail = if action.diff.is_some() { "" } else { &line.detail };
        let what = format!("{} {} {detail}", line.word, line.target);
        let diff = action.diff.clone();
        Self { rank, word, what: what.trim_end().to_owned(), why, diff, then: then.to_vec() }
    }
}

fn has(host: &HostFold, change: Change) -> bool {
    host.tasks.iter().any(|task| task.change == Some(change))
}

/// What a handler would do.
fn names(task: &TaskReport, room: Option<usize>) -> Vec<String> {
    let lines = plan_line::lines(&task.actions);
    lines.into_iter().map(|(line, _)| format!("{} {}", line.word, line.target_in(room))).collect()
}

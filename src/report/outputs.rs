//! What commands said on each host, hosts with the same words together; and the report of a run that
//! is nothing but one command.

use super::fold::{HostFold, RunFold};
use super::progress::Progress;
use super::run_info::{RunEnd, RunInfo, seconds};
use super::style::{Paint, Style};
use super::{Report, escape, failure, ranges, warnings};
use crate::event::{Event, HostStatus, Output};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Writes them, in the order of each group's first host.
pub(super) fn outputs(out: &mut dyn Write, style: &Style, run: &RunFold) -> io::Result<()> {
    let mut groups: IndexMap<Vec<(&str, &Output)>, Vec<&str>> = IndexMap::new();
    for (name, host) in run.hosts() {
        let said: Vec<_> = said(host).collect();
        if !said.is_empty() {
            groups.entry(said).or_default().push(name);
        }
    }
    for (said, names) in groups {
        // One command needs no title.
        let titled = said.len() > 1;
        let status = |output: &Output| match output.rc {
            0 => String::new(),
            rc => style.paint(Paint::Bad, format!("   ended with {rc}")).to_string(),
        };
        let end = said.first().filter(|_| !titled).map(|(_, output)| status(output));
        let names = style.paint(Paint::Strong, ranges::fold(&names)).to_string();
        writeln!(out, "{names}{}", end.unwrap_or_default())?;
        for (task, output) in said {
            if titled {
                writeln!(out, "  {}{}", escape::line(task), status(output))?;
            }
            for line in output.stdout.lines() {
                writeln!(out, "  {}", escape::line(line))?;
            }
            for line in output.stderr.lines() {
                writeln!(out, "  stderr: {}", escape::line(line))?;
            }
        }
    }
    Ok(())
}

fn said(host: &HostFold) -> impl Iterator<Item = (&str, &Output)> {
    host.tasks.iter().filter_map(|task| Some((task.task.name.as_str(), task.output.as_deref()?)))
}

/// One command on some hosts: what it said, and where it could not say anything.
pub struct Outputs<'a, W> {
    out: W,
    style: Style,
    info: RunInfo<'a>,
    run: RunFold,
    progress: Progress,
    done: usize,
}

impl<'a, W: Write> Outputs<'a, W> {
    /// Tells of a run that begins now.
    pub fn new(out: W, style: Style, info: RunInfo<'a>) -> Self {
        let run = RunFold::new(&info.hosts);
        Self { out, style, info, run, progress: Progress::default(), done: 0 }
    }
}

impl<W: Write> Report for Outputs<'_, W> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        self.run.add(host, event);
        self.done += usize::from(matches!(event, Event::HostFinished(_)));
        let text = format!("{} of {} hosts done", self.done, self.run.len());
        self.progress.show(&mut self.out, &self.style, &text)
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        let Self { out, style, info, run, progress, done: _ } = self;
        progress.clear(out)?;
        outputs(out, style, run)?;
        // What a command that failed said stands above.
        let answered = |host: &HostFold| said(host).next().is_some();
        let silent = run.clone().without(answered);
        warnings::write(out, style, info, run)?;
        failure::stopped(out, style, info, &silent)?;
        let well = run.ended(HostStatus::Ok).len() + run.ended(HostStatus::Changed).len();
        let failed = run.ended(HostStatus::Failed).len();
        let lost = run.len() - well - failed;
        let mut words = vec![format!("{well} ended well"), format!("{failed} failed")];
        words.extend((lost > 0).then(|| format!("{lost} without an answer")));
        writeln!(
            out,
            "\n{}   {}   run {}",
            words.join(", "),
            seconds(end.ms),
            escape::line(&end.run)
        )
    }
}

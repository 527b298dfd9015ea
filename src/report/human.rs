//! A run as people follow it. One host is told of line by line; several are told of when they
//! are done, the same plans together.

use super::fold::RunFold;
use super::outputs::outputs;
use super::plans::{changes, head, plans};
use super::progress::Progress;
use super::run_info::{Mode, RunEnd, RunInfo, seconds, status_word};
use super::said::said;
use super::style::{DiffShow, Style};
use super::task_lines::TaskLines;
use super::totals::{results, totals};
use super::{Report, escape, failure, warnings};
use crate::event::{Event, HostStatus, TaskReport, TaskStatus};
use std::io::{self, Write};

/// See the module.
pub struct Human<'a, W> {
    pub(super) out: W,
    style: Style,
    pub(super) info: RunInfo<'a>,
    pub(super) run: RunFold,
    lines: TaskLines,
    /// The task whose actions were shown when they were announced.
    announced: Option<String>,
    /// A failure that may turn out to be the host's end, which is told of in full.
    held: Option<Box<TaskReport>>,
    progress: Progress,
    /// Of several hosts: how many ended, how many of them failed, what was begun last.
    done: usize,
    failed: usize,
    doing: String,
}

impl<'a, W: Write> Human<'a, W> {
    /// Tells of a run that begins now.
    pub fn new(out: W, style: Style, info: RunInfo<'a>) -> Self {
        let run = RunFold::new(&info.hosts);
        let (lines, progress) = (TaskLines::default(), Progress::default());
        let (announced, held, doing) = (None, None, String::new());
        Self { out, style, info, run, lines, announced, held, progress, done: 0, failed: 0, doing }
    }

    /// One host: everything as it happens.
    fn follow(&mut self, name: &str, event: &Event) -> io::Result<()> {
        let out = &mut self.out;
        let style = &self.style;
        let Some(host) = self.run.host(name) else { return Ok(()) };
        let last_run = host.last_run.as_deref();
        if let Some(task) = self.held.take()
            && host.status() != HostStatus::Failed
        {
            self.lines.ended(out, style, &task, last_run)?;
        }
        match event {
            Event::HostStarted { .. } => writeln!(out, "{}", head(style, name, &[host]))?,
            Event::TaskStarted(task) => {
                self.progress.show(out, style, &format!("  … {}", task.name))?
            }
            Event::Announced { task, actions } if self.info.mode == Mode::Apply => {
                self.lines.actions(out, style, task, actions)?;
                self.announced = Some(task.id.clone());
                self.progress.show(out, style, &format!("  … {}", task.name))?;
            }
            Event::Announced { .. } => {}
            Event::TaskFinished(task) => {
                if self.announced.take().as_ref() != Some(&task.task.id) {
                    self.lines.actions(out, style, &task.task, &task.actions)?;
                }
                match task.status {
                    TaskStatus::Failed => self.held = Some(Box::new(task.clone())),
                    _ => self.lines.ended(out, style, task, last_run)?,
                }
            }
            Event::Warning(_) | Event::HostFinished(_) => {}
        }
        Ok(())
    }

    /// Several hosts: a line when one fails, where lines cannot be rewritten; with `-v` when any is
    /// done.
    fn count(&mut self, name: &str, event: &Event) -> io::Result<()> {
        let out = &mut self.out;
        let Some(host) = self.run.host(name) else { return Ok(()) };
        if let Event::HostFinished(end) = event {
            self.done += 1;
            self.failed += usize::from(end.status == HostStatus::Failed);
            let well = matches!(end.status, HostStatus::Ok | HostStatus::Changed);
            let quiet = self.style.terminal.is_some() || (well && self.style.verbosity == 0);
            if self.info.mode == Mode::Apply && !quiet {
                let word = status_word(end.status, Mode::Apply);
                let task = host.failure().map(|task| format!("  {}", failure::title(task)));
                let task = task.unwrap_or_default();
                let time =
                    if end.ms > 0 { format!("  {}", seconds(end.ms)) } else { String::new() };
                writeln!(out, "{word:<12} {}{time}{task}", escape::line(name))?;
            }
        }
        if let Some(task) = &host.current {
            self.doing = format!("  {name}: {}", task.name);
        }
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let text = format!("{} of {} hosts done{failed}{}", self.done, self.run.len(), self.doing);
        self.progress.show(out, &self.style, &text)
    }
}

impl<W: Write> Report for Human<'_, W> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        self.run.add(host, event);
        if self.info.hosts.len() == 1 {
            self.progress.clear(&mut self.out)?;
            self.follow(host, event)
        } else {
            self.count(host, event)
        }
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        self.progress.clear(&mut self.out)?;
        if self.run.len() > 1 {
            match self.info.mode {
                Mode::Check | Mode::Drift => plans(&mut self.out, &self.style, &self.run)?,
                Mode::Apply | Mode::Verify => {
                    // Nobody was shown the plan of what runs unattended.
                    let (style, attended) = (&self.style, self.style.terminal.is_some());
                    let any = !self.run.ended(HostStatus::Changed).is_empty();
                    if any && (!attended || style.diff != DiffShow::None || style.verbosity > 0) {
                        changes(&mut self.out, style, &self.run, self.info.mode)?;
                        writeln!(self.out)?;
                    }
                    results(&mut self.out, &self.style, &self.run, self.info.mode)?
                }
            }
        }
        if self.run.len() > 1 {
            said(&mut self.out, &self.run)?;
        }
        outputs(&mut self.out, &self.style, &self.run)?;
        warnings::write(&mut self.out, &self.style, &self.info, &self.run)?;
        failure::stopped(&mut self.out, &self.style, &self.info, &self.run)?;
        totals(&mut self.out, &self.info, &self.run, end)
    }
}

//! The run as JUnit XML, which CI systems list: a suite for each host, a case for each task.

use super::fold::{HostFold, RunFold};
use super::run_info::{RunEnd, RunInfo};
use super::{Report, failure, snippet, words};
use crate::event::{Event, HostStatus, TaskReport, TaskStatus};
use std::io::{self, Write};

/// Collects the run and writes the file when it is over.
pub struct JUnit<'a> {
    out: &'a mut dyn Write,
    info: RunInfo<'a>,
    run: RunFold,
}

impl<'a> JUnit<'a> {
    /// Tells of a run that begins now.
    pub fn new(out: &'a mut dyn Write, info: RunInfo<'a>) -> Self {
        let run = RunFold::new(&info.hosts);
        Self { out, info, run }
    }

    fn suite(&mut self, name: &str, host: &HostFold) -> io::Result<()> {
        let lost = !matches!(host.status(), HostStatus::Ok | HostStatus::Changed)
            && host.failure().is_none();
        let failed = host.failure().is_some();
        let skipped = host.tasks.iter().filter(|task| task.status == TaskStatus::Skipped).count();
        writeln!(
            self.out,
            "  <testsuite name={} tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{}\">",
            attribute(name),
            host.tasks.len() + usize::from(lost),
            usize::from(failed),
            usize::from(lost),
            time(host.end.as_ref().map_or(0, |end| end.ms)),
        )?;
        for task in &host.tasks {
            let fatal = host.failure().is_some_and(|failure| std::ptr::eq(failure, task));
            self.case(name, task, fatal)?;
        }
        if lost {
            let reason = attribute(&failure::why(host, &self.info));
            let (class, name) = (attribute(name), attribute("session"));
            writeln!(self.out, "    <testcase classname={class} name={name}>")?;
            writeln!(self.out, "      <error message={reason}/>\n    </testcase>")?;
        }
        writeln!(self.out, "  </testsuite>")
    }

    fn case(&mut self, host: &str, task: &TaskReport, fatal: bool) -> io::Result<()> {
        let class = attribute(&format!("{host}.{}", task.task.role));
        let (name, time) = (attribute(&task.task.name), time(task.ms));
        write!(self.out, "    <testcase classname={class} name={name} time=\"{time}\"")?;
        match (task.status, &task.error) {
            (TaskStatus::Failed, Some(error)) if fatal => {
                let text =
                    snippet::render(error, self.info.sources, snippet::Severity::Error, false);
                let (message, text) = (attribute(&error.message), escape(&text));
                writeln!(self.out, ">\n      <failure message={message}>{text}</failure>")?;
                writeln!(self.out, "    </testcase>")
            }
            (TaskStatus::Skipped, _) => {
                let reason =
                    attribute(&task.reason.as_ref().map(words::reason).unwrap_or_default());
                writeln!(self.out, "><skipped message={reason}/></testcase>")
            }
            _ => writeln!(self.out, "/>"),
        }
    }
}

impl Report for JUnit<'_> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        self.run.add(host, event);
        Ok(())
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        let time = time(end.ms);
        writeln!(self.out, "<testsuites name={} time=\"{time}\">", attribute(&end.run))?;
        let run = std::mem::take(&mut self.run);
        for (name, host) in run.hosts() {
            self.suite(name, host)?;
        }
        self.run = run;
        writeln!(self.out, "</testsuites>")
    }
}

fn time(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text in an attribute, with its quotes.
fn attribute(text: &str) -> String {
    format!("\"{}\"", escape(&super::escape::line(text)))
}

/// Text in an element; what XML cannot hold was made visible before (XML 1.0, 2.2).
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(char),
        }
    }
    out
}

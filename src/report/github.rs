//! The run as GitHub Actions shows it: an annotation at each line that failed, and the same text
//! as people read. What comes from hosts can start no workflow command.

use super::human::Human;
use super::run_info::{RunEnd, RunInfo};
use super::style::Style;
use super::{Report, failure};
use crate::event::{Event, HostStatus};
use crate::text::{Diagnostic, Sources};
use std::io::{self, Write};

/// Tells of the run as [`Human`] does, then writes the annotations.
pub struct Github<'a> {
    out: &'a mut dyn Write,
    human: Human<'a, Vec<u8>>,
}

impl<'a> Github<'a> {
    /// Tells of a run that begins now.
    pub fn new(out: &'a mut dyn Write, style: Style, info: RunInfo<'a>) -> Self {
        Self { out, human: Human::new(Vec::new(), Style { terminal: None, ..style }, info) }
    }

    /// What people read, unable to start a workflow command: the runner looks for `::` at a
    /// line's start, blanks skipped, and for `##[` anywhere.
    fn pass_on(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.human.out);
        for line in String::from_utf8_lossy(&text).lines() {
            let guard = if line.trim_start().starts_with("::") { "| " } else { "" };
            writeln!(self.out, "{guard}{}", line.replace("##[", "# #["))?;
        }
        self.out.flush()
    }
}

impl Report for Github<'_> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        self.human.event(host, event)?;
        self.pass_on()
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        self.human.finish(end)?;
        self.pass_on()?;
        let info = &self.human.info;
        for (name, host) in self.human.run.hosts() {
            match host.status() {
                HostStatus::Ok | HostStatus::Changed => {}
                HostStatus::Failed => {
                    annotate(self.out, failure::error(host), info.sources, Some(name))?;
                }
                HostStatus::Unreachable | HostStatus::Locked | HostStatus::Interrupted => {
                    let text = format!("{name}: {}", failure::why(host, info));
                    writeln!(self.out, "::error::{}", data(&text))?;
                }
            }
        }
        Ok(())
    }
}

/// Writes one error as an annotation of its line.
///
/// # Errors
/// If `out` cannot be written to.
pub fn annotate(
    out: &mut dyn Write,
    error: &Diagnostic,
    sources: &Sources,
    host: Option<&str>,
) -> io::Result<()> {
    let span = error.span.filter(|span| sources.path(span.source).is_some());
    let place = span.and_then(|span| {
        let file = property(&sources.path(span.source)?.display().to_string());
        Some(format!(" file={file},line={},col={}", span.line, span.column))
    });
    let host = host.map(|host| format!("{host}: ")).unwrap_or_default();
    let help = error.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let text = format!("{host}{}{help}", error.message);
    writeln!(out, "::error{}::{}", place.unwrap_or_default(), data(&text))
}

/// The text of a command, in which only these are special (actions/toolkit, `escapeData`).
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    super::escape::line(&text).into_owned()
}

/// A property of a command (actions/toolkit, `escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

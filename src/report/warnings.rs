//! Things to know that failed nothing, each once, where the reader looks last.

use super::fold::{HostFold, RunFold};
use super::ranges;
use super::run_info::RunInfo;
use super::snippet::{self, Severity};
use super::style::Style;
use crate::event::HostStatus;
use crate::text::Diagnostic;
use indexmap::IndexMap;
use std::io::{self, Write};

/// Writes every warning with the hosts that it concerns.
pub(super) fn write(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    run: &RunFold,
) -> io::Result<()> {
    let mut texts: IndexMap<String, Vec<&str>> = IndexMap::new();
    for (name, host) in run.hosts() {
        for warning in of(host) {
            let text = snippet::render(warning, info.sources, Severity::Warning, style.colour);
            texts.entry(text).or_default().push(name);
        }
    }
    for (text, names) in texts {
        writeln!(out, "\n{text}")?;
        if run.len() > 1 {
            writeln!(out, "  on {}", ranges::fold(&names))?;
        }
    }
    Ok(())
}

/// A host's warnings, without the one that says why it failed, or was not begun.
fn of(host: &HostFold) -> &[Diagnostic] {
    let reason = match host.status() {
        HostStatus::Unreachable | HostStatus::Locked => true,
        HostStatus::Failed => host.failure().is_none(),
        HostStatus::Interrupted => host.system.is_none(),
        HostStatus::Ok | HostStatus::Changed => false,
    };
    &host.warnings[..host.warnings.len().saturating_sub(usize::from(reason))]
}

//! What tasks said of several hosts whose plans are not shown: the same words once.

use super::fold::RunFold;
use super::{escape, ranges};
use crate::event::HostStatus;
use indexmap::IndexMap;
use std::io::{self, Write};

/// Writes what tasks said on hosts that have nothing to change, or failed: what one looks
/// for in a run that ends badly.
pub(super) fn said(out: &mut dyn Write, run: &RunFold) -> io::Result<()> {
    let mut told: IndexMap<(&str, &str), Vec<&str>> = IndexMap::new();
    for (name, host) in run.hosts().filter(|(_, host)| host.status() != HostStatus::Changed) {
        for task in &host.tasks {
            if let Some(message) = task.message() {
                told.entry((&task.task.id, message)).or_default().push(name);
            }
        }
    }
    for ((_, message), names) in told {
        writeln!(out, "  {}: {}", ranges::fold(&names), escape::line(message))?;
    }
    Ok(())
}

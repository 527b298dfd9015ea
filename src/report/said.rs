//! What tasks said of several hosts whose plans are not shown: the same words once.

use super::fold::RunFold;
use super::{escape, ranges};
use crate::event::{HostStatus, TaskStatus};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Writes what tasks said on hosts that have nothing to change, or failed: what one looks
/// for in a run that ends badly.
pub(super) fn said(out: &mut dyn Write, run: &RunFold) -> io::Result<()> {
    let mut words: IndexMap<(&str, &str), Vec<&str>> = IndexMap::new();
    for (name, host) in run.hosts().filter(|(_, host)| host.status() != HostStatus::Changed) {
        for task in host.tasks.iter().filter(|task| task.task.says()) {
            if let (TaskStatus::Ok, Some(reason)) = (task.status, task.reason.as_deref()) {
                words.entry((&task.task.id, reason)).or_default().push(name);
            }
        }
    }
    for ((_, reason), names) in words {
        writeln!(out, "  {}: {}", ranges::fold(&names), escape::line(reason))?;
    }
    Ok(())
}

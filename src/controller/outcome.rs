//! What is asked of a run over all hosts, and how it ended on each.

use crate::engine::bundle::Purpose;
use crate::event::{Event, HostReport, HostStatus};
use std::io::{Read, Write};

/// How a run is run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The run's id.
    pub run: String,
    /// Dry run, converge or verify.
    pub purpose: Purpose,
    /// Hosts at once, at least 1.
    pub forks: usize,
    /// Only these of the project's hosts; `None` takes all.
    pub hosts: Option<Vec<String>>,
}

/// Is a host's end of a session in this process: its name, what it reads, what it writes.
pub type Played<'p> = dyn Fn(&str, &mut (dyn Read + Send), &mut (dyn Write + Send)) + Sync + 'p;

/// How each host ended, in inventory order.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By host.
    pub hosts: Vec<(String, HostReport)>,
    /// Something was not begun, because too many hosts had failed.
    pub stopped: bool,
}

impl Outcome {
    /// Keeps how a host ended, if this event says so.
    pub fn note(&mut self, host: &str, event: &Event) {
        if let Event::HostFinished(report) = event {
            self.hosts.push((host.to_owned(), report.clone()));
        }
    }

    /// The hosts that are to be run again so that nothing is left out.
    pub fn undone(&self) -> impl Iterator<Item = &str> {
        let undone = self.hosts.iter().filter(|(_, report)| report.is_undone());
        undone.map(|(host, _)| host.as_str())
    }

    /// Whether any host ended so.
    #[must_use]
    pub fn any(&self, status: HostStatus) -> bool {
        self.hosts.iter().any(|(_, report)| report.status == status)
    }
}

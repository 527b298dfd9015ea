//! All hosts of a run, side by side, as many at once as allowed.

use super::delegates::DelegateDesk;
use super::project::Project;
use super::run_once::RunOnceDesk;
use super::session::{self, Desks};
use crate::engine::bundle::Purpose;
use crate::event::{Event, HostReport, HostStatus};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError, mpsc};

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

/// How each host ended, in inventory order.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By host.
    pub hosts: Vec<(String, HostReport)>,
}

impl Outcome {
    /// Keeps how a host ended, if this event says so.
    pub fn note(&mut self, host: &str, event: &Event) {
        if let Event::HostFinished(report) = event {
            self.hosts.push((host.to_owned(), report.clone()));
        }
    }

    /// Whether any host ended so.
    #[must_use]
    pub fn any(&self, status: HostStatus) -> bool {
        self.hosts.iter().any(|(_, report)| report.status == status)
    }
}

/// Runs the project's hosts. Events are handed over one at a time, on the calling thread.
pub fn run(
    project: &Project,
    options: &RunOptions,
    events: &mut dyn FnMut(&str, Event),
) -> Outcome {
    let only: Option<HashSet<&str>> =
        options.hosts.as_ref().map(|only| only.iter().map(String::as_str).collect());
    let wanted = |host: &&str| only.as_ref().is_none_or(|only| only.contains(host));
    let hosts: Vec<&str> = project.hosts().filter(wanted).collect();
    let desks = Desks {
        once: RunOnceDesk::new(hosts.iter().map(|host| (*host).to_owned()).collect()),
        delegates: DelegateDesk::new(project, options),
    };
    let waiting: Mutex<VecDeque<&str>> = Mutex::new(hosts.iter().copied().collect());
    let (sender, receiver) = mpsc::channel::<(String, Event)>();
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        for _ in 0..options.forks.clamp(1, hosts.len().max(1)) {
            let (sender, waiting, desks) = (sender.clone(), &waiting, &desks);
            scope.spawn(move || {
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some(host) = next() {
                    let connection = project.connection(host);
                    let bundle = project.bundle(host, options);
                    session::run(connection, bundle, desks, &mut |event| {
                        let _ = sender.send((host.to_owned(), event));
                    });
                }
            });
        }
        drop(sender);
        for (host, event) in receiver {
            outcome.note(&host, &event);
            events(&host, event);
        }
    });
    let places: HashMap<&str, usize> = hosts.iter().copied().zip(0..).collect();
    outcome.hosts.sort_by_key(|(host, _)| places.get(host.as_str()));
    outcome
}

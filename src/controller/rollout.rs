//! All hosts of a run, side by side, as many at once as allowed.

use super::delegates::DelegateDesk;
use super::project::Project;
use super::run_once::RunOnceDesk;
use super::session::{self, Desks};
use crate::engine::bundle::Purpose;
use crate::event::{Event, HostReport, HostStatus};
use std::collections::VecDeque;
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
    let hosts: Vec<&str> = project
        .hosts()
        .filter(|host| {
            options.hosts.as_ref().is_none_or(|only| only.iter().any(|name| name == host))
        })
        .collect();
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
            if let Event::HostFinished(report) = &event {
                outcome.hosts.push((host.clone(), report.clone()));
            }
            events(&host, event);
        }
    });
    let position = |name: &str| hosts.iter().position(|host| *host == name);
    outcome.hosts.sort_by_key(|(host, _)| position(host));
    outcome
}

//! All hosts of a run, side by side, as many at once as allowed.

use super::delegates::DelegateDesk;
use super::outcome::{Outcome, RunOptions};
use super::project::Project;
use super::run_once::RunOnceDesk;
use super::session::{self, Desks};
use super::stop::Stop;
use crate::event::{Event, HostStatus, Texts};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError, mpsc};

/// Runs the project's hosts, until it is asked to stop. Events are handed over one at a time, on the
/// calling thread.
pub fn run(
    project: &Project,
    options: &RunOptions,
    stop: &Stop,
    events: &mut dyn FnMut(&str, Event),
) -> Outcome {
    let only: Option<HashSet<&str>> =
        options.hosts.as_ref().map(|only| only.iter().map(String::as_str).collect());
    let wanted = |host: &&str| only.as_ref().is_none_or(|only| only.contains(host));
    let hosts: Vec<&str> = project.hosts().filter(wanted).collect();
    let desks = Desks {
        run_once: RunOnceDesk::new(hosts.iter().map(|host| (*host).to_owned()).collect()),
        delegates: DelegateDesk::new(project, options),
        agents: &project.agents,
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
                    if stop.asked() {
                        let event =
                            Event::HostFinished(session::without_end(HostStatus::Interrupted));
                        let _ = sender.send((host.to_owned(), event));
                        continue;
                    }
                    let connection = project.connection(host);
                    let bundle = project.bundle(host, options);
                    // What this machine says itself, no agent has seen.
                    let redactor = project.redactor(&bundle);
                    session::run(connection, bundle, desks, stop, &mut |mut event| {
                        event.redact(&redactor);
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

//! All hosts of a run: play after play, batch after batch, in each as many side by side as allowed.

use super::conversation::Desks;
use super::delegates::DelegateDesk;
use super::others::OthersDesk;
use super::outcome::{Outcome, Played, RunOptions};
use super::parts::play_variables;
use super::project::Project;
use super::run_once::RunOnceDesk;
use super::session;
use super::steps::Steps;
use super::stop::Stop;
use super::turns::Turns;
use crate::config::{Failed, Rollout};
use crate::engine::bundle::Purpose;
use crate::event::{Event, HostStatus, Texts};
use crate::text::Diagnostic;
use crate::value::Map;
use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::thread::Scope;
use std::time::Duration;

/// Runs the project's hosts, until it is asked to stop. Events are handed over one at a time, on the
/// calling thread.
pub fn run(
    project: &Project,
    options: &RunOptions,
    stop: &Stop,
    events: &mut dyn FnMut(&str, Event),
) -> Outcome {
    run_on(project, options, None, stop, events)
}

/// The same on hosts that are played in this process, and reached by nothing else.
pub fn run_played(
    project: &Project,
    options: &RunOptions,
    played: &Played<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(&str, Event),
) -> Outcome {
    run_on(project, options, Some(played), stop, events)
}

fn run_on(
    project: &Project,
    options: &RunOptions,
    played: Option<&Played<'_>>,
    stop: &Stop,
    events: &mut dyn FnMut(&str, Event),
) -> Outcome {
    let only: Option<HashSet<&str>> =
        options.hosts.as_ref().map(|only| only.iter().map(String::as_str).collect());
    let wanted = |host: &&str| only.as_ref().is_none_or(|only| only.contains(host));
    let hosts: Vec<&str> = project.hosts().filter(wanted).collect();
    let desks = Desks {
        run_once: RunOnceDesk::new(),
        delegates: DelegateDesk::new(project, options),
        turns: Turns::default(),
        others: OthersDesk::new(project, options),
        steps: Steps::new(options.forks),
        agents: &project.agents,
        played,
    };
    let (sender, receiver) = mpsc::channel::<(String, Event)>();
    let mut outcome = Outcome::default();
    let mut over = false;
    std::thread::scope(|scope| {
        let conductor = Conductor {
            project,
            options,
            stop,
            desks: &desks,
            hosts: &hosts,
            events: sender,
            asks: project.asks_for_hosts(),
        };
        let conducted = scope.spawn(move || conductor.conduct(scope));
        for (host, event) in receiver {
            outcome.note(&host, &event);
            events(&host, event);
        }
        over = conducted.join().unwrap_or_default();
    });
    outcome.stopped = over;
    let places: HashMap<&str, usize> = hosts.iter().copied().zip(0..).collect();
    let last = hosts.len();
    outcome.hosts.sort_by_key(|(host, _)| places.get(host.as_str()).copied().unwrap_or(last));
    outcome
}

/// Says who begins what, and when.
struct Conductor<'r> {
    project: &'r Project,
    options: &'r RunOptions,
    stop: &'r Stop,
    desks: &'r Desks<'r>,
    hosts: &'r [&'r str],
    events: mpsc::Sender<(String, Event)>,
    /// Something asks which hosts are in a play.
    asks: bool,
}

impl<'r> Conductor<'r> {
    /// Goes through the plays; whether they ended before all was begun, because too many hosts failed.
    fn conduct<'scope>(self, scope: &'scope Scope<'scope, 'r>) -> bool {
        let steps = &self.desks.steps;
        // Who serves others is there before anybody asks, and waits for its own part.
        let mut begun: HashSet<&str> = HashSet::new();
        for host in self.project.serving() {
            begun.insert(host);
            self.session(scope, host, Map::new());
        }
        let (mut over, mut left) = (false, false);
        for (rollout, hosts) in self.project.rollouts(self.hosts) {
            if over || self.stop.asked() {
                left |= hosts.iter().any(|host| !steps.has_ended(host));
                continue;
            }
            let failed = |of: &[&str]| of.iter().filter(|host| steps.has_failed(host)).count();
            let failed_before = failed(&hosts);
            let present: Vec<&str> =
                hosts.iter().copied().filter(|host| !steps.has_ended(host)).collect();
            self.desks.run_once.begin(&present);
            for (place, batch) in rollout.batches(&hosts).into_iter().enumerate() {
                if place > 0 && !over && self.options.purpose == Purpose::Apply {
                    self.stop.wait(Duration::from_secs_f64(rollout.pause));
                }
                if over || self.stop.asked() {
                    left |= batch.iter().any(|host| !steps.has_ended(host));
                    continue;
                }
                let before = failed(&batch);
                self.batch(scope, &hosts, &batch, &mut begun);
                let of = |failed, hosts: &[&str]| Failed { failed, hosts: hosts.len() };
                let too_many = rollout.is_over(
                    of(failed(&batch) - before, &batch),
                    of(failed(&hosts) - failed_before, &hosts),
                );
                // Who was stopped has not failed.
                over = too_many && !self.stop.asked();
            }
        }
        begun.iter().for_each(|host| steps.go_on(host, None));
        for host in self.hosts.iter().filter(|host| !begun.contains(*host)) {
            self.not_begun(host, over);
        }
        over && left
    }

    /// Runs a play on these of its hosts, and waits for them.
    fn batch<'scope>(
        &self,
        scope: &'scope Scope<'scope, 'r>,
        hosts: &[&'r str],
        batch: &[&'r str],
        begun: &mut HashSet<&'r str>,
    ) {
        let steps = &self.desks.steps;
        let present: Vec<&'r str> =
            batch.iter().copied().filter(|host| !steps.has_ended(host)).collect();
        self.desks.others.begin(&present);
        let asks = self.asks;
        let variables = || if asks { play_variables(hosts, &present, steps) } else { Map::new() };
        self.desks.delegates.begin(variables());
        let asking = present.iter().filter(|host| self.project.delegates_any(host));
        let asking = asking.map(|host| (*host).to_owned());
        self.desks.turns.begin(asking);
        steps.batch(&present);
        for host in &present {
            steps.begin(host);
            if self.stop.asked() {
                self.desks.others.end(host);
                steps.end(host, HostStatus::Interrupted);
                continue;
            }
            let variables = variables();
            if begun.insert(*host) {
                self.session(scope, host, variables);
            } else {
                steps.go_on(host, Some(variables));
            }
        }
        steps.idle();
    }

    fn session<'scope>(&self, scope: &'scope Scope<'scope, 'r>, host: &'r str, variables: Map) {
        let events = self.events.clone();
        let Self { project, options, stop, desks, .. } = *self;
        scope.spawn(move || {
            let connection = project.connection(host);
            let mut bundle = project.bundle(host, options);
            if let Some(first) = bundle.plays.first_mut() {
                first.magic.extend(variables);
            }
            // What this machine says itself, no agent has seen.
            let redactor = project.redactor(&bundle);
            session::run(connection, bundle, desks, stop, &mut |mut event| {
                event.redact(&redactor);
                let _ = events.send((host.to_owned(), event));
            });
        });
    }

    /// The end of a host that no play was begun on.
    fn not_begun(&self, host: &str, over: bool) {
        let tell = |event| drop(self.events.send((host.to_owned(), event)));
        if over {
            tell(Event::Warning(Diagnostic::new("too many hosts had failed before")));
        }
        tell(Event::HostFinished(session::without_end(HostStatus::Interrupted)));
    }
}

impl Project {
    /// What is run in order: how each play goes over its hosts, and over which of these.
    fn rollouts<'h>(&self, hosts: &[&'h str]) -> Vec<(Rollout, Vec<&'h str>)> {
        if !self.has_playbook {
            return vec![(Rollout::default(), hosts.to_vec())];
        }
        let known: HashMap<&str, &'h str> = hosts.iter().map(|host| (*host, *host)).collect();
        let of_play = |play: &super::playbook::LoadedPlay| {
            let hosts = play.hosts.iter().filter_map(|host| known.get(host.as_str()).copied());
            (play.play.rollout.clone(), hosts.collect())
        };
        self.plays.iter().map(of_play).collect()
    }
}

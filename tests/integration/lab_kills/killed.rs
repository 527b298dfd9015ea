//! A run that is killed at a point of its own clock: so long after one of its events.

use super::FOLDER;
use crate::fleet::Fleet;
use crate::fuzz::random::Random;
use crate::mail_smtp::kills::{Victims, kill_agent};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// When things happened in a run that was not killed: of each event with actions, how long it was
/// until the next event.
pub(super) struct Clock(Vec<(usize, Duration)>);

/// When a run is killed, and what of it.
pub(super) struct Point {
    event: usize,
    after: Duration,
    victims: Victims,
}

/// How a run ended that was to be killed.
pub(super) enum Ended {
    /// In, or right after, an action of this kind.
    Killed(String),
    /// Before it could be.
    Whole,
}

impl Point {
    /// Anywhere in a run's actions, a long one as often as it is long.
    pub(super) fn of(Clock(events): &Clock, random: &mut Random) -> Self {
        let (event, gap) = *random.of_these(events);
        let micros = usize::try_from(gap.as_micros()).unwrap();
        let after = Duration::from_micros(random.below(micros * 5 / 4).try_into().unwrap());
        let victims = *random.of_these(&[
            Victims::Agent,
            Victims::Agent,
            Victims::AgentAndWhatItStarted,
            Victims::Controller,
        ]);
        Self { event, after, victims }
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} after event {}", self.victims, self.after, self.event)
    }
}

fn spawn(fleet: &Fleet) -> Child {
    let mut command = fleet.command(&["--yes", "--output", "events", "--roles-path", FOLDER]);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs to the end, and times it.
pub(super) fn timed(fleet: &Fleet) -> Result<Clock, String> {
    let mut child = spawn(fleet);
    let mut clock: Vec<(usize, Duration)> = Vec::new();
    let mut last: Option<(usize, Instant)> = None;
    let mut told = String::new();
    for (index, line) in BufReader::new(child.stdout.take().unwrap()).lines().enumerate() {
        let line = line.unwrap();
        if let Some((event, since)) = last.take() {
            clock.push((event, since.elapsed()));
        }
        if kinds(&line).next().is_some() {
            last = Some((index, Instant::now()));
        }
        told += &line;
        told.push('\n');
    }
    let whole = child.wait().unwrap().success() && clock.len() > 3;
    if whole {
        return Ok(Clock(clock));
    }
    Err(told.lines().filter(|line| line.contains("\"status\":\"failed\"")).collect())
}

/// Runs, and kills it at this point.
pub(super) fn run(fleet: &Fleet, point: &Point) -> Ended {
    let mut child = spawn(fleet);
    let mut last = None;
    let mut killed = None;
    let output = child.stdout.take().unwrap();
    for (index, line) in BufReader::new(output).lines().enumerate() {
        let Ok(line) = line else { break };
        last = kinds(&line).next_back().or(last);
        if index == point.event {
            std::thread::sleep(point.after);
            let any = match point.victims {
                Victims::Controller => child.kill().is_ok(),
                victims => kill_agent(&fleet.host(), victims),
            };
            killed = any.then(|| last.clone().unwrap_or_default());
        }
    }
    let whole = child.wait().unwrap().success();
    killed.filter(|_| !whole).map_or(Ended::Whole, Ended::Killed)
}

/// The kinds of an event's actions.
fn kinds(line: &str) -> impl DoubleEndedIterator<Item = String> {
    let event: Value = serde_json::from_str(line).unwrap_or_default();
    let of = |name: &str| event["event"][name]["actions"].as_array().cloned().unwrap_or_default();
    let actions: Vec<Value> = of("announced").into_iter().chain(of("task_finished")).collect();
    actions.into_iter().filter_map(|action| action["kind"].as_str().map(str::to_owned))
}

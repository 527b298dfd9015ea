//! What is said in a session: the bundle goes out in the first write, events come back until the end.

use super::agent_programs::AgentPrograms;
use super::bootstrap;
use super::delegates::DelegateDesk;
use super::others::{OthersDesk, Told};
use super::outcome::Played;
use super::run_once::RunOnceDesk;
use super::steps::{Mail, Steps, Work};
use super::turns::Turns;
use crate::engine::Turn;
use crate::engine::bundle::Bundle;
use crate::event::{Event, HostStatus};
use crate::log::Log;
use crate::protocol::{self, FrameError, FromAgent, ToAgent, VERSION};
use crate::text::Diagnostic;
use std::io::{ErrorKind, Read, Write};

/// What sessions of one run share.
pub(super) struct Desks<'p> {
    pub(super) run_once: RunOnceDesk,
    pub(super) delegates: DelegateDesk<'p>,
    pub(super) turns: Turns,
    pub(super) others: OthersDesk<'p>,
    pub(super) steps: Steps,
    pub(super) agents: &'p AgentPrograms,
    pub(super) played: Option<&'p Played<'p>>,
}

/// Why a session ended before its host's run did.
pub(super) enum Broken {
    /// It is known how the host ended, and why.
    Said(HostStatus, Diagnostic),
    /// The other end spoke no more, or otherwise.
    Frame(FrameError),
}

impl Broken {
    /// That the host cannot be reached.
    pub(super) const fn unreachable(error: Diagnostic) -> Self {
        Self::Said(HostStatus::Unreachable, error)
    }

    /// How the host ended, and why.
    pub(super) fn told(self) -> (HostStatus, Diagnostic) {
        match self {
            Self::Said(status, error) => (status, error),
            Self::Frame(error) => (HostStatus::Unreachable, Diagnostic::new(error.to_string())),
        }
    }

    /// Whether nothing came, or could be sent, for as long as was waited.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Frame(error) if is_silence(error))
    }
}

impl From<FrameError> for Broken {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

fn is_silence(error: &FrameError) -> bool {
    let FrameError::Broken(error) = error else { return false };
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A message for the agent. One that is too large never leaves: the host is well.
fn frame(message: &ToAgent) -> Result<Vec<u8>, Broken> {
    protocol::frame(message).map_err(|error| match error {
        FrameError::TooLarge(bytes) => {
            let (mib, most) = (bytes.div_ceil(1 << 20), protocol::MAX_FRAME >> 20);
            let what = format!("what the host is sent takes {mib} MiB, and {most} MiB is the most");
            let help = "let the host fetch large files itself: `get_url`, or a package";
            Broken::Said(HostStatus::Failed, Diagnostic::new(what).help(help))
        }
        FrameError::TooDeep => {
            let what = "what the host is sent nests too deep: tasks in blocks, or a variable";
            let help = "write the inner part as a variable or a file of its own: about 20 levels of \
                        mappings are sent";
            Broken::Said(HostStatus::Failed, Diagnostic::new(what).help(help))
        }
        error => Broken::Said(HostStatus::Failed, Diagnostic::new(error.to_string())),
    })
}

fn send(to: &mut dyn Write, bytes: &[u8]) -> Result<(), Broken> {
    let sent = to.write_all(bytes).and_then(|()| to.flush());
    sent.map_err(|error| Broken::Frame(error.into()))
}

/// The first message: all that the host needs.
pub(super) fn first_frame(bundle: Bundle) -> Result<Vec<u8>, Broken> {
    let log = Log::current().map(|log| log.filter().to_string());
    frame(&ToAgent::Bundle { version: VERSION, bundle: Box::new(bundle), log })
}

/// Both ends of a session.
pub(super) struct Line<'l> {
    pub(super) to: &'l mut (dyn Write + Send),
    pub(super) from: &'l mut dyn Read,
    /// Ends what is being written to the host.
    pub(super) no_more_input: &'l dyn Fn(),
    /// Says how much longer than a living agent needs may be waited for the next message.
    pub(super) wait: &'l dyn Fn(Wait),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Whatever a host says first, once it is connected to.
    First,
    /// The first word of an agent that is being sent: it must arrive, and be written to a disk.
    Arrival,
    /// A sign of life.
    Beat,
}

/// So much is taken by a socket that nobody has read from yet, in bytes.
const UNREAD: usize = 64 << 10;

/// Sends the first message and reads the first answer, side by side: who is no agent need not read
/// what it is sent.
fn opened(
    to: &mut (dyn Write + Send),
    from: &mut dyn Read,
    first: &[u8],
    no_more_input: &dyn Fn(),
) -> (Result<(), Broken>, Result<Option<FromAgent>, FrameError>) {
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&mut *to, first));
        let mut answer = protocol::read::<FromAgent>(from);
        // A host that still takes what it is sent is not silent.
        while answer.as_ref().is_err_and(is_silence) && !sending.is_finished() {
            answer = protocol::read(from);
        }
        if !matches!(answer, Ok(Some(_))) {
            no_more_input();
        }
        (sending.join().unwrap_or(Ok(())), answer)
    })
}

/// Talks with a host's agent until it tells how the host ended.
pub(super) fn converse(
    line: Line<'_>,
    host: &str,
    first: &[u8],
    desks: &Desks<'_>,
    events: &mut dyn FnMut(Event),
) -> Result<(), Broken> {
    let Line { to, from, no_more_input, wait } = line;
    wait(Wait::First);
    let log = Log::current();
    let (sent, answer) = if first.len() <= UNREAD {
        (send(to, first), protocol::read(from))
    } else {
        opened(to, from, first, no_more_input)
    };
    let mut answer = answer?;
    wait(Wait::Beat);
    sent?;
    let (mut finished, mut asked) = (false, false);
    // Who waits for what this host does for another.
    let mut working = None;
    while let Some(message) = answer {
        match message {
            FromAgent::NeedsAgent { machine } if !asked => {
                asked = true;
                let agent = desks.agents.for_machine(machine.trim_end());
                let agent = agent.map_err(Broken::unreachable)?;
                tracing::debug!(bytes = agent.packed().len(), "the agent is sent");
                send(to, &bootstrap::answer(agent))?;
                send(to, first)?;
                wait(Wait::Arrival);
                answer = protocol::read(from)?;
                wait(Wait::Beat);
                continue;
            }
            FromAgent::NeedsAgent { .. } => {
                let error = Diagnostic::new("the host asked for the agent twice");
                return Err(Broken::unreachable(error));
            }
            FromAgent::Hello { version: VERSION } | FromAgent::Beat => {}
            FromAgent::Hello { version } => {
                let error = Diagnostic::new(format!(
                    "the host's agent speaks protocol {version}, this controller {VERSION}"
                ));
                let help = "install the same version of converge on both";
                return Err(Broken::unreachable(error.help(help)));
            }
            FromAgent::Event(event) => {
                finished |= matches!(event, Event::HostFinished(_));
                events(event);
                if finished {
                    return Ok(());
                }
            }
            FromAgent::Log(record) => {
                if let Some(log) = &log {
                    log.keep(*record);
                }
            }
            FromAgent::RunOnce { task } => {
                let waits = |first: &str| {
                    desks.turns.waits_for(host, Some(first));
                    DelegateDesk::refuse_circles(host, &desks.steps, &desks.turns);
                };
                let turn = desks.steps.aside(host, || desks.run_once.ask(host, &task, &waits));
                let answer = match turn {
                    Turn::Mine => ToAgent::Yours,
                    Turn::Done(result) => ToAgent::Done { result },
                };
                desks.turns.waits_for(host, None);
                send(to, &frame(&answer)?)?;
            }
            FromAgent::NextPlay { ended } => {
                if ended {
                    desks.run_once.leave(host);
                    desks.turns.leave(host);
                }
                let answer = match desks.steps.next(host, ended) {
                    Mail::Play(variables) => ToAgent::Go { variables },
                    Mail::Work(Work { order, answer, .. }) => {
                        working = Some(answer);
                        ToAgent::Work(order)
                    }
                    Mail::End => ToAgent::End,
                };
                send(to, &frame(&answer)?)?;
            }
            FromAgent::Worked(answer) => {
                if let Some(waiting) = working.take() {
                    let _ = waiting.send(*answer);
                }
            }
            FromAgent::RunOnceResult { task, result } => desks.run_once.done(task, result),
            FromAgent::HostVariable { host: other, name } => {
                let answer = desks.others.answer(host, &other, &name, &desks.steps);
                send(to, &frame(&ToAgent::HostVariable(Box::new(answer)))?)?;
            }
            FromAgent::Shares { values, secret } => {
                desks.others.tell(host, Told { values, secret });
            }
            FromAgent::Delegate(request) => {
                let Desks { delegates, steps, turns, .. } = desks;
                let answer = delegates.answer(host, &request, steps, turns, events);
                send(to, &frame(&ToAgent::Delegated(Box::new(answer)))?)?;
            }
            FromAgent::Refused { locked, error } => {
                let status = if locked { HostStatus::Locked } else { HostStatus::Failed };
                return Err(Broken::Said(status, error));
            }
        }
        answer = protocol::read(from)?;
    }
    Err(Broken::Frame(FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into())))
}

#[cfg(test)]
mod tests {
    use super::{Broken, Desks, FrameError, Line, converse, first_frame};
    use crate::agent;
    use crate::controller::agent_programs::AgentPrograms;
    use crate::controller::delegates::DelegateDesk;
    use crate::controller::others::OthersDesk;
    use crate::controller::run_once::RunOnceDesk;
    use crate::controller::{LoadOptions, Project, RunOptions};
    use crate::engine::bundle::Purpose;
    use crate::event::{Event, HostReport, HostStatus};
    use crate::protocol::{FromAgent, VERSION, frame};
    use crate::value::Value;

    fn project(folder: &std::path::Path) -> Project {
        let options = LoadOptions {
            inventory: [folder.join("hosts.yml")].as_slice().into(),
            ..LoadOptions::default()
        };
        let loaded = Project::load(&options, &crate::host::Disk, &crate::config::Vault::default());
        loaded.map_err(|errors| errors.diagnostics).unwrap()
    }

    fn options() -> RunOptions {
        RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None }
    }

    /// Whatever of a session arrives, it ends, and where it is not whole it says why.
    #[expect(clippy::disallowed_methods, reason = "an inventory for a test")]
    #[test]
    fn a_session_cut_at_any_byte_ends_with_an_error_on_both_sides() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hosts.yml"), "all: {hosts: {web1: }}\n").unwrap();
        let project = project(folder.path());
        let first = first_frame(project.bundle("web1", &options())).ok().unwrap();
        let finished = HostReport {
            status: HostStatus::Ok,
            done: 0,
            not_run: 0,
            waiting_handlers: Vec::new(),
            ms: 0,
        };
        let said: Vec<u8> = [
            FromAgent::Hello { version: VERSION },
            FromAgent::Beat,
            FromAgent::RunOnce { task: "r/main:t".into() },
            FromAgent::RunOnceResult { task: "r/main:t".into(), result: Value::Int(1) },
            FromAgent::Shares { values: Default::default(), secret: Vec::new() },
            FromAgent::HostVariable { host: "web2".into(), name: "x".into() },
            FromAgent::Event(Event::HostFinished(finished)),
        ]
        .iter()
        .flat_map(|message| frame(message).unwrap())
        .collect();
        let programs = AgentPrograms::default();
        let options = options();
        for length in 0..=said.len() {
            let desks = Desks {
                run_once: RunOnceDesk::new(),
                delegates: DelegateDesk::new(&project, &options),
                turns: Default::default(),
                others: OthersDesk::new(&project, &options),
                steps: crate::controller::steps::Steps::new(1),
                agents: &programs,
                played: None,
            };
            let (mut to, mut from, mut told) = (Vec::new(), &said[..length], 0);
            let line = Line { to: &mut to, from: &mut from, no_more_input: &|| {}, wait: &|_| {} };
            match converse(line, "web1", &first, &desks, &mut |_| told += 1) {
                Ok(()) => assert_eq!((length, told), (said.len(), 1)),
                Err(Broken::Frame(FrameError::Broken(_))) if length < said.len() => {}
                Err(broken) => panic!("{length}: {:?}", broken.told()),
            }
        }
        for length in 0..first.len() {
            let (mut from, mut to) = (&first[..length], Vec::new());
            let ended = agent::serve(&mut from, &mut to, folder.path());
            assert_eq!(ended.is_err(), length > 0, "{length}");
            assert_eq!(to, frame(&FromAgent::Hello { version: VERSION }).unwrap(), "{length}");
        }
    }
}

//! One host's session: the bundle goes out in the first write, events come back until the end.

use super::agent_programs::AgentPrograms;
use super::bootstrap;
use super::connection::{Agent, Connection, Way};
use super::delegates::DelegateDesk;
use super::outcome::Played;
use super::run_once::RunOnceDesk;
use super::steps::Steps;
use super::stop::Stop;
use crate::agent;
use crate::engine::Turn;
use crate::engine::bundle::Bundle;
use crate::event::{Event, HostReport, HostStatus};
use crate::host::SessionProcess;
use crate::log::Log;
use crate::protocol::{self, FrameError, FromAgent, ToAgent, VERSION};
use crate::text::Diagnostic;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What sessions of one run share.
pub(super) struct Desks<'p> {
    pub(super) run_once: RunOnceDesk,
    pub(super) delegates: DelegateDesk<'p>,
    pub(super) steps: Steps,
    pub(super) agents: &'p AgentPrograms,
    pub(super) played: Option<&'p Played<'p>>,
}

/// Runs a bundle on its host and passes its events on. Always ends with
/// [`Event::HostFinished`].
pub(super) fn run(
    connection: &Connection,
    bundle: Bundle,
    desks: &Desks<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) {
    let host = bundle.host.clone();
    let _span = tracing::info_span!("session", host).entered();
    let mut status = HostStatus::Unreachable;
    let mut events = |event: Event| {
        if let Event::HostFinished(report) = &event {
            status = report.status;
        }
        events(event);
    };
    session(connection, bundle, desks, stop, &mut events);
    desks.run_once.leave(&host);
    desks.steps.end(&host, status);
}

fn session(
    connection: &Connection,
    bundle: Bundle,
    desks: &Desks<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) {
    let ended = match connection {
        _ if desks.played.is_some() => local(bundle, desks, stop, events),
        Connection::Local => local(bundle, desks, stop, events),
        Connection::Program(way) => remote(way, bundle, desks, stop, events),
    };
    if let Err(broken) = ended {
        let (status, error) = *broken;
        if stop.asked() {
            events(Event::HostFinished(without_end(HostStatus::Interrupted)));
            return;
        }
        events(Event::Warning(error));
        events(Event::HostFinished(without_end(status)));
    }
}

/// The end of a host that did not tell its own.
pub(super) const fn without_end(status: HostStatus) -> HostReport {
    HostReport { status, done: 0, not_run: 0, waiting_handlers: Vec::new(), ms: 0 }
}

type Ended = Result<(), Box<(HostStatus, Diagnostic)>>;

/// The same serialised session, with the agent on a thread of this process.
fn local(bundle: Bundle, desks: &Desks<'_>, stop: &Stop, events: &mut dyn FnMut(Event)) -> Ended {
    let pair = UnixStream::pair().and_then(|(ours, theirs)| {
        let (reader, back) = (ours.try_clone()?, theirs.try_clone()?);
        let held = ours.try_clone()?;
        Ok((ours, reader, theirs, back, held))
    });
    let (mut to, mut from, mut agent_from, mut agent_to, held) = pair.map_err(|error| {
        let error = Diagnostic::new(format!("cannot make a session: {error}"));
        Box::new((HostStatus::Unreachable, error))
    })?;
    let _watched = stop.watch(move || drop(held.shutdown(std::net::Shutdown::Both)));
    let host = bundle.host.clone();
    std::thread::scope(|scope| {
        let memory = Path::new(agent::MEMORY_FOLDER);
        let name = host.clone();
        scope.spawn(move || {
            match desks.played {
                Some(play) => play(&name, &mut agent_from, &mut agent_to),
                None => drop(agent::serve(&mut agent_from, &mut agent_to, memory)),
            }
            // Both clones must close, or the reader below waits forever.
            let _ = agent_to.shutdown(std::net::Shutdown::Both);
        });
        // An agent that ends shuts both directions: what is written to it ends as well.
        let ended = first_frame(bundle)
            .and_then(|first| converse(&mut to, &mut from, &|| {}, &host, &first, desks, events));
        let _ = to.shutdown(std::net::Shutdown::Both);
        ended.map_err(|error| match error {
            Broken::Said(status, error) => Box::new((status, error)),
            Broken::Frame(error) => {
                Box::new((HostStatus::Unreachable, Diagnostic::new(error.to_string())))
            }
        })
    })
}

fn remote(
    way: &Way,
    bundle: Bundle,
    desks: &Desks<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> Ended {
    let host = bundle.host.clone();
    let first = match first_frame(bundle) {
        Ok(first) => first,
        Err(Broken::Said(status, error)) => return Err(Box::new((status, error))),
        Err(Broken::Frame(error)) => {
            return Err(Box::new((HostStatus::Failed, Diagnostic::new(error.to_string()))));
        }
    };
    let line = |folder: &str| bootstrap::line(folder, desks.agents.all(), first.len());
    let mut process = SessionProcess::start(&way.argv(line))
        .map_err(|error| Box::new((HostStatus::Unreachable, error.diagnostic())))?;
    let unmade = |error: std::io::Error| {
        let error = Diagnostic::new(format!("cannot make a session: {error}"));
        Box::new((HostStatus::Unreachable, error))
    };
    let no_more_input = process.no_more_input().map_err(unmade)?;
    let _watched = stop.watch(process.let_go().map_err(unmade)?);
    let (to, from) = process.pipes();
    match converse(to, from, &no_more_input, &host, &first, desks, events) {
        // Whoever holds the agent may live as long as the agent does; nobody waits for them.
        Err(Broken::Frame(error)) if stop.asked() => {
            Err(Box::new((HostStatus::Interrupted, Diagnostic::new(error.to_string()))))
        }
        Ok(()) => Ok(()),
        Err(Broken::Said(status, error)) => Err(Box::new((status, error))),
        Err(Broken::Frame(FrameError::NotAMessage(begins))) => {
            let (more, ended) = process.end_of_text();
            Err(Box::new((HostStatus::Unreachable, greeted(way, &(begins + &more), ended))))
        }
        Err(Broken::Frame(error)) => {
            let (status, said) = process.end();
            Err(Box::new((HostStatus::Unreachable, unreachable(way, status, &said, &error))))
        }
    }
}

/// Why a host could not be reached, by what the connecting program said.
fn unreachable(way: &Way, status: Option<i32>, said: &str, error: &FrameError) -> Diagnostic {
    let program = way.program();
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    let message = match (last, status) {
        (Some(line), _) => match line.trim() {
            line if line.starts_with(&format!("{program}: ")) => line.to_owned(),
            line => format!("{program}: {line}"),
        },
        (None, Some(status)) if status != 0 => format!("{program} ended with status {status}"),
        _ => error.to_string(),
    };
    let diagnostic = Diagnostic::new(message);
    if status == Some(127) && matches!(way.agent, Agent::At(_)) {
        diagnostic.help("leave `converge_agent` out: the agent is sent then; or correct its path")
    } else if status == Some(126) {
        diagnostic.help("set `converge_agent_dir` to a folder of root that may hold programs")
    } else if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        diagnostic.help("the host's key changed; find out why before you trust the new one")
    } else if said.contains("sudo:") {
        diagnostic.help("let sudo run converge there without a password, or connect as root")
    } else {
        diagnostic.help(format!("try the same by hand: {}", way.by_hand))
    }
}

/// Text came instead of the agent's messages: the agent is not there, or something else speaks
/// before it does.
fn greeted(way: &Way, text: &str, ended: Option<(Option<i32>, String)>) -> Diagnostic {
    let error = FrameError::NotAMessage(text.split(protocol::MARK).next().unwrap_or("").to_owned());
    match ended {
        Some((status, said)) if status != Some(0) => unreachable(way, status, &said, &error),
        _ => Diagnostic::new(error.to_string()).help(format!(
            "what a shell runs as it starts there (~/.bashrc, /etc/profile, …) must print nothing \
             where no terminal is; to see it: {}",
            way.by_hand
        )),
    }
}

enum Broken {
    Said(HostStatus, Diagnostic),
    Frame(FrameError),
}

impl From<FrameError> for Broken {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
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
        error => Broken::Frame(error),
    })
}

fn send(to: &mut dyn Write, bytes: &[u8]) -> Result<(), Broken> {
    let sent = to.write_all(bytes).and_then(|()| to.flush());
    sent.map_err(|error| Broken::Frame(error.into()))
}

/// The first message: all that the host needs.
fn first_frame(bundle: Bundle) -> Result<Vec<u8>, Broken> {
    let log = Log::current().map(|log| log.filter().to_string());
    frame(&ToAgent::Bundle { version: VERSION, bundle: Box::new(bundle), log })
}

/// `no_more_input` ends what is being written to the host.
fn converse(
    to: &mut (dyn Write + Send),
    from: &mut dyn Read,
    no_more_input: &dyn Fn(),
    host: &str,
    first: &[u8],
    desks: &Desks<'_>,
    events: &mut dyn FnMut(Event),
) -> Result<(), Broken> {
    let log = Log::current();
    // Who is no agent need not read what it is sent.
    let (sent, answer) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&mut *to, first));
        let answer = protocol::read::<FromAgent>(from);
        if !matches!(answer, Ok(Some(_))) {
            no_more_input();
        }
        (sending.join(), answer)
    });
    let mut answer = answer?;
    if let Ok(sent) = sent {
        sent?;
    }
    let (mut finished, mut asked) = (false, false);
    while let Some(message) = answer {
        match message {
            FromAgent::NeedsAgent { machine } if !asked => {
                asked = true;
                let agent = desks.agents.for_machine(machine.trim_end());
                let agent = agent.map_err(|error| Broken::Said(HostStatus::Unreachable, error))?;
                tracing::debug!(bytes = agent.packed().len(), "the agent is sent");
                send(to, &bootstrap::answer(agent))?;
                send(to, first)?;
            }
            FromAgent::NeedsAgent { .. } => {
                let error = Diagnostic::new("the host asked for the agent twice");
                return Err(Broken::Said(HostStatus::Unreachable, error));
            }
            FromAgent::Hello { version: VERSION } => {}
            FromAgent::Hello { version } => {
                let error = Diagnostic::new(format!(
                    "the host's agent speaks protocol {version}, this controller {VERSION}"
                ));
                let help = "install the same version of converge on both";
                return Err(Broken::Said(HostStatus::Unreachable, error.help(help)));
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
                let answer = match desks.run_once.ask(host, &task) {
                    Turn::Mine => ToAgent::Yours,
                    Turn::Done(result) => ToAgent::Done { result },
                };
                send(to, &frame(&answer)?)?;
            }
            FromAgent::NextPlay => {
                desks.run_once.leave(host);
                let answer = match desks.steps.next(host) {
                    Some(variables) => ToAgent::Go { variables },
                    None => ToAgent::End,
                };
                send(to, &frame(&answer)?)?;
            }
            FromAgent::RunOnceResult { task, result } => desks.run_once.done(task, result),
            FromAgent::Delegate(request) => {
                let answer = desks.delegates.answer(host, &request, events);
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

//! One host's session: the bundle goes out in the first write, events come back until the end.

use super::connection::{Connection, Way};
use super::delegates::DelegateDesk;
use super::run_once::RunOnceDesk;
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
    let ended = match connection {
        Connection::Local => local(bundle, desks, stop, events),
        Connection::Program(way) => remote(way, bundle, desks, stop, events),
    };
    desks.run_once.leave(&host);
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
    std::thread::scope(|scope| {
        let memory = Path::new(agent::MEMORY_FOLDER);
        scope.spawn(move || {
            let served = agent::serve(&mut agent_from, &mut agent_to, memory);
            // Both clones must close, or the reader below waits forever.
            let _ = agent_to.shutdown(std::net::Shutdown::Both);
            served
        });
        let ended = converse(&mut to, &mut from, bundle, desks, events);
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
    let mut process = SessionProcess::start(&way.argv)
        .map_err(|error| Box::new((HostStatus::Unreachable, error.diagnostic())))?;
    let let_go = process.let_go().map_err(|error| {
        let error = Diagnostic::new(format!("cannot make a session: {error}"));
        Box::new((HostStatus::Unreachable, error))
    })?;
    let _watched = stop.watch(let_go);
    let (to, from) = process.pipes();
    match converse(to, from, bundle, desks, events) {
        // Whoever holds the agent may live as long as the agent does; nobody waits for them.
        Err(Broken::Frame(error)) if stop.asked() => {
            Err(Box::new((HostStatus::Interrupted, Diagnostic::new(error.to_string()))))
        }
        Ok(()) => Ok(()),
        Err(Broken::Said(status, error)) => Err(Box::new((status, error))),
        Err(Broken::Frame(error)) => {
            let (status, said) = process.end();
            Err(Box::new((HostStatus::Unreachable, unreachable(way, status, &said, &error))))
        }
    }
}

/// Why a host could not be reached, by what the connecting program said.
fn unreachable(way: &Way, status: Option<i32>, said: &str, error: &FrameError) -> Diagnostic {
    let program = way.argv.first().map(String::as_str).unwrap_or_default();
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
    if status == Some(127) {
        diagnostic.help("install converge on the host, or set `converge_agent` to its path there")
    } else if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        diagnostic.help("the host's key changed; find out why before you trust the new one")
    } else if said.contains("sudo:") {
        diagnostic.help("let sudo run converge there without a password, or connect as root")
    } else {
        diagnostic.help(format!("try the same by hand: {}", way.by_hand))
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

/// Sends a message. One that is too large never leaves: the host waits for it, and is well.
fn send(to: &mut dyn Write, message: &ToAgent) -> Result<(), Broken> {
    protocol::write(to, message).map_err(|error| match error {
        FrameError::TooLarge(bytes) => {
            let (mib, most) = (bytes.div_ceil(1 << 20), protocol::MAX_FRAME >> 20);
            let what = format!("what the host is sent takes {mib} MiB, and {most} MiB is the most");
            let help = "let the host fetch large files itself: `get_url`, or a package";
            Broken::Said(HostStatus::Failed, Diagnostic::new(what).help(help))
        }
        error => Broken::Frame(error),
    })
}

fn converse(
    to: &mut dyn Write,
    from: &mut dyn Read,
    bundle: Bundle,
    desks: &Desks<'_>,
    events: &mut dyn FnMut(Event),
) -> Result<(), Broken> {
    let host = bundle.host.clone();
    let log = Log::current();
    let bundle = ToAgent::Bundle {
        version: VERSION,
        bundle: Box::new(bundle),
        log: log.as_ref().map(|log| log.filter().to_string()),
    };
    send(to, &bundle)?;
    let mut finished = false;
    while let Some(message) = protocol::read::<FromAgent>(from)? {
        match message {
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
                let answer = match desks.run_once.ask(&host, &task) {
                    Turn::Mine => ToAgent::Yours,
                    Turn::Done(result) => ToAgent::Done { result },
                };
                send(to, &answer)?;
            }
            FromAgent::RunOnceResult { task, result } => desks.run_once.done(task, result),
            FromAgent::Delegate(request) => {
                let answer = desks.delegates.answer(&host, &request, events);
                send(to, &ToAgent::Delegated(Box::new(answer)))?;
            }
            FromAgent::Refused { locked, error } => {
                let status = if locked { HostStatus::Locked } else { HostStatus::Failed };
                return Err(Broken::Said(status, error));
            }
        }
    }
    Err(Broken::Frame(FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into())))
}

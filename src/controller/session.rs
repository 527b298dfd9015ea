//! One host's session: with an agent in this process, or over a program that reaches the host.

use super::access::Marks;
use super::bootstrap;
use super::connection::{Connection, Way};
use super::conversation::{Broken, Desks, Line, Wait, converse, first_frame};
use super::stop::Stop;
use super::unreachable::{greeted, no_prompt, silent, unreachable, wrong_password};
use crate::agent;
use crate::engine::bundle::Bundle;
use crate::event::{Event, HostReport, HostStatus};
use crate::host::{AskPass, Heard, HostError, SessionProcess, private_folder};
use crate::protocol::FrameError;
use crate::text::Diagnostic;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// So many times a silence is waited for an agent that is being sent: what was written to ssh is
/// still on its way then.
const ARRIVES: u32 = 10;

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
    desks.turns.leave(&host);
    desks.others.end(&host);
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
        let (status, error) = broken.told();
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

/// No socket, no process, no randomness.
fn unmade(error: impl std::fmt::Display) -> Broken {
    Broken::unreachable(Diagnostic::new(format!("cannot make a session: {error}")))
}

/// The same serialised session, with the agent on a thread of this process.
fn local(
    bundle: Bundle,
    desks: &Desks<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> Result<(), Broken> {
    let pair = UnixStream::pair().and_then(|(ours, theirs)| {
        let (reader, back) = (ours.try_clone()?, theirs.try_clone()?);
        let held = ours.try_clone()?;
        Ok((ours, reader, theirs, back, held))
    });
    let (mut to, mut from, mut agent_from, mut agent_to, held) = pair.map_err(unmade)?;
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
        let line = Line { to: &mut to, from: &mut from, no_more_input: &|| {}, wait: &|_| {} };
        let ended =
            first_frame(bundle).and_then(|first| converse(line, &host, &first, desks, events));
        let _ = to.shutdown(std::net::Shutdown::Both);
        ended
    })
}

fn remote(
    way: &Way,
    bundle: Bundle,
    desks: &Desks<'_>,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> Result<(), Broken> {
    let host = bundle.host.clone();
    let first = first_frame(bundle)?;
    let unstarted = |error: HostError| Broken::unreachable(error.diagnostic());
    let marks = Marks::new().map_err(unstarted)?;
    let line = |folder: &str| bootstrap::line(folder, desks.agents.all(), first.len());
    let asked = way.password.as_ref().map(AskPass::answering).transpose().map_err(unstarted)?;
    if let Some(folder) = &way.kept_in {
        private_folder(folder).map_err(unstarted)?;
    }
    let environment = asked.as_ref().map(AskPass::environment).unwrap_or_default();
    let mut process =
        SessionProcess::start(&way.argv(&marks, line), &environment).map_err(unstarted)?;
    let no_more_input = process.no_more_input().map_err(unmade)?;
    let _watched = stop.watch(process.let_go().map_err(unmade)?);
    becomes_root(way, &marks, &process, stop)?;
    let limit = process.limit().map_err(unmade)?;
    let time = |wait| match wait {
        Wait::First => way.connect,
        Wait::Arrival => way.silence * ARRIVES,
        Wait::Beat => way.silence,
    };
    let wait = |wait| limit(time(wait));
    let (to, from) = process.pipes();
    let line = Line { to, from, no_more_input: &no_more_input, wait: &wait };
    match converse(line, &host, &first, desks, events) {
        // Whoever holds the agent may live as long as the agent does; nobody waits for them.
        Err(broken @ Broken::Frame(_)) if stop.asked() => Err(broken),
        // The process is ended with what it holds: it may be as silent as its host.
        Err(broken) if broken.is_silence() => {
            Err(Broken::unreachable(silent(way, process.limited_to())))
        }
        Err(Broken::Frame(FrameError::NotAMessage(begins))) => {
            let (more, ended) = process.end_of_text();
            Err(Broken::unreachable(greeted(way, &(begins + &more), ended)))
        }
        Err(Broken::Frame(error)) => {
            let (status, said) = process.end();
            Err(Broken::unreachable(unreachable(way, status, &said, &error)))
        }
        ended => ended,
    }
}

/// Gives sudo its password where it asks for it, and waits until what it starts has begun. Before
/// that nothing may be written: it would be taken for the password.
pub(super) fn becomes_root(
    way: &Way,
    marks: &Marks,
    process: &SessionProcess,
    stop: &Stop,
) -> Result<(), Broken> {
    let Some(password) = way.root_password() else { return Ok(()) };
    let mut given = false;
    loop {
        match process.hears(&[&marks.prompt, &marks.begun], way.connect, &|| stop.asked()) {
            Heard::Word(0) if given => return Err(Broken::unreachable(wrong_password())),
            Heard::Word(0) => {
                given = true;
                // Who ended meanwhile says why.
                let _ = process.type_line(password);
            }
            // What began goes on; what ended is told of by who reads its end.
            Heard::Word(_) | Heard::End => return Ok(()),
            Heard::Nothing => {
                let said = process.said();
                return Err(Broken::unreachable(no_prompt(&said, way.connect)));
            }
        }
    }
}

//! One session: handshake, bundle, run.

use super::disk_memory::{DiskMemory, Recalled, recall};
use super::others::{Asking, EndsAsking, pass_on};
use super::outlet::{Logged, SessionOutlet};
use super::wire::Wire;
use crate::engine::Runner;
use crate::engine::bundle::{Bundle, Purpose};
use crate::engine::memory::{Forgetful, Memory};
use crate::engine::state::State;
use crate::event::Event;
use crate::host::kept_agent::KeptAgent;
use crate::host::lasting::{Lasting, LastingError};
use crate::host::local::Local;
use crate::host::overlay::Overlay;
use crate::host::{Host, HostError, View};
use crate::log::Log;
use crate::protocol::{self, FrameError, FromAgent, ToAgent, VERSION};
use crate::resource::UNITS;
use crate::text::Diagnostic;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use tracing::dispatcher;

/// Where a host remembers.
pub const MEMORY_FOLDER: &str = "/var/lib/converge";

/// Serves one run on this machine.
///
/// # Errors
/// If the session breaks before the run could begin. What goes wrong in the run is told to the
/// controller.
pub fn serve(
    from: &mut (dyn Read + Send),
    to: &mut (dyn Write + Send),
    memory: &Path,
) -> Result<(), FrameError> {
    session(from, to, &mut |bundle, outlet| run(bundle, outlet, memory))
}

/// Serves one run on a host that is given, and may be played: nothing is remembered of it.
///
/// # Errors
/// As [`serve`].
pub fn serve_on(
    from: &mut (dyn Read + Send),
    to: &mut (dyn Write + Send),
    host: &mut dyn Host,
) -> Result<(), FrameError> {
    session(from, to, &mut |bundle, outlet| {
        let mut memory = Forgetful::new(State::default(), Vec::new());
        if bundle.purpose == Purpose::Apply {
            return drive(bundle, &mut memory, outlet, host);
        }
        let mut overlay = Overlay::new(&*host, bundle);
        drive(bundle, &mut memory, outlet, &mut overlay)
    })
}

type Run<'r> = dyn FnMut(&Bundle, &mut SessionOutlet<'_, '_, '_>) -> Result<(), LastingError> + 'r;

fn session(
    from: &mut (dyn Read + Send),
    to: &mut (dyn Write + Send),
    run: &mut Run<'_>,
) -> Result<(), FrameError> {
    let wire = Wire::new(to);
    wire.write(&FromAgent::Hello { version: VERSION })?;
    let (living, over) = mpsc::channel();
    std::thread::scope(|scope| {
        let beating = &wire;
        scope.spawn(move || beating.beat(&over));
        let served = one_run(from, &wire, run);
        drop(living);
        served
    })
}

fn one_run(
    from: &mut (dyn Read + Send),
    wire: &Wire<'_>,
    run: &mut Run<'_>,
) -> Result<(), FrameError> {
    let (bundle, log) = match protocol::read(from)? {
        Some(ToAgent::Bundle { version: VERSION, bundle, log }) => (bundle, log),
        Some(ToAgent::Bundle { version, .. }) => {
            let error = Diagnostic::new(format!(
                "the agent speaks protocol {VERSION}, the controller {version}"
            ))
            .help("install the same version of converge on both");
            return wire.write(&FromAgent::Refused { locked: false, error });
        }
        Some(_) => return Err(FrameError::Malformed("a bundle comes first".to_owned())),
        None => return Ok(()),
    };
    let from = Mutex::new(from);
    std::thread::scope(|scope| {
        let asking = bundle.asks_others.then(|| {
            let (asking, questions) = Asking::new();
            let from = &from;
            scope.spawn(move || pass_on(&questions, from, wire));
            Arc::new(asking)
        });
        let _ends = asking.clone().map(EndsAsking);
        let (finished, logged) = (None, Logged::default());
        told(&bundle, log, SessionOutlet { from: &from, to: wire, asking, finished, logged }, run);
    });
    Ok(())
}

/// Runs a bundle, and tells how it ended.
fn told(
    bundle: &Bundle,
    log: Option<String>,
    mut outlet: SessionOutlet<'_, '_, '_>,
    run: &mut Run<'_>,
) {
    let logged = Arc::clone(&outlet.logged);
    let ended = match log.and_then(|filter| filter.parse().ok()) {
        None => run(bundle, &mut outlet),
        Some(filter) => {
            let log = Log::new(filter, move |record| {
                logged.lock().unwrap_or_else(PoisonError::into_inner).push(record);
            });
            // Of this thread alone: the controller may be in the same process.
            dispatcher::with_default(&log.dispatch(), || run(bundle, &mut outlet))
        }
    };
    // Nobody waits for this process to end: whoever hears of it may begin the next run.
    if let Some(finished) = outlet.finished.take() {
        outlet.send(&FromAgent::Event(finished));
    }
    if let Err(refused) = ended {
        let (locked, error) = match refused {
            LastingError::Locked(holder) => (
                true,
                Diagnostic::new(format!("another run holds this host: {holder}"))
                    .help("wait until it ends, or end that process there, and its command with it; then run again"),
            ),
            LastingError::Host(error) => (false, error.diagnostic()),
        };
        outlet.send(&FromAgent::Refused { locked, error });
    }
}

fn run(
    bundle: &Bundle,
    outlet: &mut SessionOutlet<'_, '_, '_>,
    folder: &Path,
) -> Result<(), LastingError> {
    if !rustix::process::geteuid().is_root() {
        let error = HostError::Failed {
            message: "the agent must run as root".to_owned(),
            notes: Vec::new(),
            help: Some("connect as root, or become it with -b (--become)".to_owned()),
        };
        return Err(error.into());
    }
    let applies = bundle.purpose == Purpose::Apply;
    let lasting = if applies {
        Lasting::exclusive(folder, &format!("run {}, process {}", bundle.run, std::process::id()))?
    } else {
        Lasting::shared(folder)?
    };
    let Recalled { state, key, warnings } = recall(&lasting, applies)?;
    for warning in warnings {
        outlet.send(&FromAgent::Event(Event::Warning(warning)));
    }
    let mut local = Local::new();
    local.expect_units(&declared_units(&state));
    if applies {
        lasting.sweep();
        if let Some(kept) = KeptAgent::own() {
            kept.remove_others();
        }
        local.release_left_over()?;
        let mut memory = DiskMemory::new(&lasting, &bundle.run, state, key);
        drive(bundle, &mut memory, outlet, &mut local)
    } else {
        let mut memory = Forgetful::new(state, key);
        let mut overlay = Overlay::new(&local, bundle);
        drive(bundle, &mut memory, outlet, &mut overlay)
    }
}

/// The units that earlier runs declared, to be asked for all at once: their names in full, as they
/// were rendered.
fn declared_units(state: &State) -> Vec<String> {
    let named =
        state.targets.keys().filter_map(|target| target.strip_prefix(UNITS)?.strip_prefix(' '));
    // One that is secret is known by its digest alone.
    named.filter(|name| !name.starts_with('#')).map(str::to_owned).collect()
}

fn drive(
    bundle: &Bundle,
    memory: &mut dyn Memory,
    outlet: &mut SessionOutlet<'_, '_, '_>,
    host: &mut dyn Host,
) -> Result<(), LastingError> {
    Runner::new(bundle, memory, outlet).run(host)?;
    Ok(())
}

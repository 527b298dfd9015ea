//! Ctrl-C and SIGTERM while hosts are converged: the run stops, and its report is still made.

use super::exit_code::ExitCode;
use super::terminal::Terminal;
use crate::controller::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Listens for signals from its making on. Between runs, and at the second one, a signal ends this
/// process as if nobody listened.
#[derive(Clone, Default)]
pub(super) struct Interrupts(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    running: Option<Stop>,
    signal: Option<i32>,
}

impl Interrupts {
    /// Begins to listen. Where that cannot be, signals do what they do by default.
    pub(super) fn listen(terminal: &Terminal) -> Self {
        let heard = Self::default();
        let (listening, clears) = (heard.clone(), terminal.columns.is_some());
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    listening.hear(signal, clears);
                }
            });
        }
        heard
    }

    fn hear(&self, signal: i32, clears: bool) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(stop), None) = (&heard.running, heard.signal) else {
            let _ = emulate_default_handler(signal);
            return;
        };
        // The line that says what goes on stands there.
        let clear = if clears { "\r\x1b[2K" } else { "" };
        let _ = writeln!(
            std::io::stderr(),
            "{clear}stopping: no host is begun any more, and each agent ends the task it is at \
             (again to leave at once)"
        );
        stop.ask();
        heard.signal = Some(signal);
    }

    /// Does something that can be asked to stop.
    pub(super) fn during<T>(&self, run: impl FnOnce(&Stop) -> T) -> T {
        let stop = Stop::default();
        let set = |running: Option<Stop>| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).running = running;
        };
        set(Some(stop.clone()));
        let done = run(&stop);
        set(None);
        done
    }

    /// The exit code of a run that was stopped, as a shell has it.
    pub(super) fn code(&self) -> Option<ExitCode> {
        let signal = self.0.lock().unwrap_or_else(PoisonError::into_inner).signal?;
        u8::try_from(128 + signal).ok().map(ExitCode)
    }
}

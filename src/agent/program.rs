//! The agent as a program: one session over standard input and output.

use super::{MEMORY_FOLDER, serve};
use crate::host::kept_agent::KeptAgent;
use crate::protocol::{self, FrameError, FromAgent};
use std::io::Write;
use std::path::Path;

/// What every program of one build carries, and no other.
pub const BUILD: &str = concat!("converge build ", env!("CONVERGE_BUILD"), ".");

/// Serves one run. The exit status: 0, or 1 where the session broke, which is said on standard
/// error.
#[must_use]
pub fn run() -> u8 {
    let (mut from, mut to) = (std::io::stdin(), std::io::stdout());
    let altered = KeptAgent::own().and_then(|kept| kept.check().err());
    let served = match altered {
        None => serve(&mut from, &mut to, Path::new(MEMORY_FOLDER)),
        Some(error) => {
            let refused = FromAgent::Refused { locked: false, error: error.diagnostic() };
            protocol::write(&mut to, &refused)
        }
    };
    match served {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "converge agent: {error}");
            if let FrameError::NotAMessage(_) = error {
                let help = "no person talks to it: a controller starts it on a host, over ssh";
                let _ = writeln!(std::io::stderr(), "{help}");
            }
            1
        }
    }
}

//! `converge agent`: a host's end of a session, over standard input and output.

use super::exit_code::ExitCode;
use super::mistakes;
use super::terminal::Terminal;
use crate::agent::{MEMORY_FOLDER, serve};
use std::path::Path;

/// Serves one run.
pub(super) fn run(terminal: &Terminal) -> ExitCode {
    let (mut from, mut to) = (std::io::stdin().lock(), std::io::stdout().lock());
    match serve(&mut from, &mut to, Path::new(MEMORY_FOLDER)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            mistakes::say(&mistakes::of_error(&error), terminal);
            ExitCode::FAILED
        }
    }
}

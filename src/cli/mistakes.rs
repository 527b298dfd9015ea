//! What is wrong with what was written, shown on standard error before anything else happens.

use super::exit_code::ExitCode;
use super::terminal::Terminal;
use crate::report::snippet::{self, Severity};
use crate::text::{Diagnostic, Sources};
use std::io::Write;

/// Shows every error, and how many; the exit code that goes with them.
pub(super) fn show(errors: &[Diagnostic], sources: &Sources, terminal: &Terminal) -> ExitCode {
    let mut out = std::io::stderr().lock();
    for error in errors {
        let text = snippet::render(error, sources, Severity::Error, terminal.error_colour);
        let _ = writeln!(out, "{text}\n");
    }
    let number = errors.len();
    let plural = if number == 1 { "" } else { "s" };
    let _ = writeln!(out, "{number} error{plural}; no host was contacted");
    ExitCode::DATA
}

/// Shows one error that is no mistake in a file.
pub(super) fn say(error: &Diagnostic, terminal: &Terminal) {
    let sources = Sources::default();
    let text = snippet::render(error, &sources, Severity::Error, terminal.error_colour);
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// An error with what caused it.
pub(super) fn of_error(error: &dyn std::error::Error) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(error.to_string());
    let mut source = error.source();
    while let Some(cause) = source {
        diagnostic = diagnostic.note(format!("because: {cause}"));
        source = cause.source();
    }
    diagnostic
}

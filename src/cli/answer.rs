//! What a command that was asked for something says, and its exit code.

use super::exit_code::ExitCode;
use super::mistakes;
use super::output::Output;
use super::terminal::Terminal;
use std::io::Write;

/// Prints text that was asked for.
pub(super) fn print(text: &str, terminal: &Terminal) -> ExitCode {
    let mut out = Output::new(std::io::stdout().lock());
    let _ = out.write_all(text.as_bytes());
    ended(out.error(), terminal)
}

/// Whether everything could be printed.
pub(super) fn ended(error: Option<std::io::Error>, terminal: &Terminal) -> ExitCode {
    match error {
        None => ExitCode::SUCCESS,
        Some(error) => {
            let message = format!("cannot write to standard output: {error}");
            mistakes::say(&crate::text::Diagnostic::new(message), terminal);
            ExitCode::FAILED
        }
    }
}

/// Refuses what was asked on the command line.
pub(super) fn refuse(error: &crate::text::Diagnostic, terminal: &Terminal) -> ExitCode {
    mistakes::say(error, terminal);
    ExitCode::USAGE
}

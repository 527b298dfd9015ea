//! `--log` and `--log-format`: the subscriber is set here, and writes to standard error.

use super::args::{LogArgs, LogFormat};
use crate::log::{Filter, Log, Record};
use crate::report::log_line;
use crate::text::Diagnostic;
use std::io::Write;

/// Where a filter is read from if none is given.
pub(super) const VARIABLE: &str = "CONVERGE_LOG";

/// Logs what was asked for, else what that variable says; nothing costs anything if neither does.
///
/// # Errors
/// If the filter is none.
pub(super) fn begin(args: &LogArgs, variable: Option<String>) -> Result<(), Diagnostic> {
    let variable = variable.filter(|text| !text.is_empty());
    let Some(text) = args.log.clone().or(variable) else { return Ok(()) };
    let filter: Filter = text
        .parse()
        .map_err(|error: crate::log::FilterError| Diagnostic::new(error.to_string()))?;
    let format = args.log_format;
    let log = Log::new(filter, move |record| write(&record, format));
    // It fails where there is one already, which then logs.
    let _ = tracing::dispatcher::set_global_default(log.dispatch());
    Ok(())
}

fn write(record: &Record, format: LogFormat) {
    let mut line = match format {
        LogFormat::Text => log_line(record),
        LogFormat::Json => serde_json::to_string(record).unwrap_or_default(),
    };
    line.push('\n');
    // Whole lines, also beside what others write; a run does not end because nobody reads them.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

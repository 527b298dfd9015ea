//! A task's command line as its words.

use crate::text::{Diagnostic, split_words};

/// The words of a command line, as [`split_words`] has them.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn split(line: &str) -> Result<Vec<String>, Diagnostic> {
    split_words(line).map_err(|quote| {
        Diagnostic::new(format!("a quote {quote} is not closed in the command line"))
            .help("give `argv` as a list instead: nothing has to be quoted there")
    })
}

//! The one line at the bottom of a terminal that says what goes on. Nothing of it is left behind,
//! and where there is no terminal there is none.

use super::escape;
use super::style::Style;
use std::io::{self, Write};

#[derive(Debug, Default)]
pub(super) struct Progress {
    shown: Option<String>,
}

impl Progress {
    pub(super) fn show(
        &mut self,
        out: &mut dyn Write,
        style: &Style,
        text: &str,
    ) -> io::Result<()> {
        let Some(columns) = style.terminal else { return Ok(()) };
        let text: String = escape::line(text).chars().take(columns.saturating_sub(1)).collect();
        if self.shown.as_deref() != Some(&text) {
            write!(out, "\r\x1b[2K{text}")?;
            self.shown = Some(text);
        }
        out.flush()
    }

    /// Takes the line away, before anything else is written.
    pub(super) fn clear(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.shown.take() {
            Some(_) => write!(out, "\r\x1b[2K"),
            None => Ok(()),
        }
    }
}

//! The run as it happens, one JSON object a line: for programs that follow it.

use super::Report;
use super::run_info::RunEnd;
use crate::event::Event;
use serde::Serialize;
use std::io::{self, Write};

/// Writes each event when it happens.
pub struct EventLines<'a> {
    out: &'a mut dyn Write,
}

/// One line.
#[derive(Serialize)]
struct Line<'e> {
    host: &'e str,
    event: &'e Event,
}

impl<'a> EventLines<'a> {
    /// Tells of a run that begins now.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }
}

impl Report for EventLines<'_> {
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { host, event })?;
        line.push(b'\n');
        self.out.write_all(&line)?;
        self.out.flush()
    }

    fn finish(&mut self, _end: &RunEnd) -> io::Result<()> {
        Ok(())
    }
}

//! Everything that a run says is made here, as folds over its events: for people, as one JSON
//! document, for CI systems. Nothing here knows how a host was reached.

mod brief;
mod commands;
mod counts;
mod diff_lines;
mod drift;
pub mod escape;
mod event_lines;
mod failure;
mod fold;
pub mod github;
mod groups;
mod human;
pub mod json;
mod junit;
mod log;
mod mask;
mod outputs;
mod plan_line;
mod plans;
mod preview;
mod progress;
pub mod ranges;
mod run_info;
mod said;
pub mod snippet;
mod style;
mod task_lines;
mod totals;
mod warnings;
mod words;

pub use drift::Drift;
pub use event_lines::EventLines;
pub use fold::{HostFold, RunFold};
pub use github::Github;
pub use human::Human;
pub use json::Json;
pub use junit::JUnit;
pub use log::log_line;
pub use mask::mask_secrets;
pub use outputs::Outputs;
pub use plans::plans;
pub use preview::preview;
pub use run_info::{Mode, RunEnd, RunInfo};
pub use style::{DiffShow, Style};

use crate::event::Event;
use std::io;

/// A fold over a run's events that writes what it has to say.
pub trait Report {
    /// What happened on a host.
    ///
    /// # Errors
    /// If the output cannot be written to.
    fn event(&mut self, host: &str, event: &Event) -> io::Result<()>;

    /// The run is over.
    ///
    /// # Errors
    /// If the output cannot be written to.
    fn finish(&mut self, end: &RunEnd) -> io::Result<()>;
}

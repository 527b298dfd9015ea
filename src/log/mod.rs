//! Where a run's time goes: spans and events of `tracing`, made records as they end. A subscriber
//! is set by the command line, and by an agent that its controller asked for its records.

mod collect;
mod filter;
mod record;

pub use collect::Log;
pub use filter::{Filter, FilterError};
pub use record::{Named, Record};

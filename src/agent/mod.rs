//! Serves one bundle on the host it runs on: handshake, lock, memory, then the engine's loop.

mod disk_memory;
mod journal;
#[cfg(test)]
mod journal_tests;
mod others;
mod outlet;
pub mod program;
mod serve;
#[cfg(test)]
mod torn_tests;
mod wire;

pub use disk_memory::{DiskMemory, Recalled, recall};
pub use serve::{MEMORY_FOLDER, serve, serve_on};

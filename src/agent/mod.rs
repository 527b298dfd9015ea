//! Serves one bundle on the host it runs on: handshake, lock, memory, then the engine's loop.

mod disk_memory;
mod outlet;
mod serve;

pub use serve::{MEMORY_FOLDER, serve};

//! What people write, read: YAML, inventories, roles, variables with where each was set, vaults.
//! Bytes in, typed values with their places out; nothing here knows what a resource is.

mod files;
mod vault;
pub mod yaml;

pub use files::{Files, MemoryFiles};
pub use vault::Vault;

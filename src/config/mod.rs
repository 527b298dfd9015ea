//! What people write, read: YAML, inventories, roles, variables with where each was set, vaults.
//! Bytes in, typed values with their places out; nothing here knows what a resource is.

mod arguments;
mod fields;
mod files;
mod inventory;
mod pattern;
mod playbook;
mod reader;
mod role;
mod secret;
mod variables;
mod vault;
pub mod yaml;

pub use arguments::{Argument, ArgumentSpec, ArgumentSpecs, ArgumentType};
pub use files::{Files, MemoryFiles};
pub use inventory::{Group, Host, Inventory, InventoryPaths};
pub use pattern::{select, select_any};
pub use playbook::{
    AdHoc, AdHocTask, BatchSize, Failed, Health, Order, PLAY_LISTS, PLAY_PREFIX, Play, Prompt,
    Rollout, Surroundings, ad_hoc, read as read_playbooks,
};
pub use reader::{Reader, VAULT_MARK};
pub use role::{Dependency, Role, RolePath, RolePlace, RoleUse, Roles};
pub(crate) use variables::refuse_boolean_words;
pub use variables::{ExtraVars, Layer, LayerKind, Layers};
pub use vault::Vault;

//! Throwaway real hosts on one machine: systemd, sshd, a package manager with a prepared
//! repository and a DNS that knows the test domains; for tests, mail servers too (`fixtures`). Only
//! this room may relax what the project otherwise insists on (unsigned packages).
#![expect(
    clippy::disallowed_methods,
    reason = "the lab makes machines out of this one; it is not what runs on them"
)]

mod base;
mod boot;
mod builder;
mod cgroup;
mod claim;
mod dns;
mod error;
mod family;
#[cfg(feature = "lab-fixtures")]
mod fixtures;
mod handle;
mod host;
mod instance;
mod inventory;
mod keys;
mod limits;
mod network;
mod parallel;
mod patience;
mod process;
mod requirements;
mod seed;
mod server;
mod ssh;
mod state;
mod subnet;
mod teardown;
mod up;

pub use base::{Base, prepare};
pub use builder::LabBuilder;
pub use error::LabError;
pub use family::Family;
#[cfg(feature = "lab-fixtures")]
pub use fixtures::{Change, Changes, Envelope, Mailbox, Mailu, Message, mailu, serve_mx};
pub use handle::Lab;
pub use host::{Host, Output};
pub use instance::Instance;
pub use patience::{Patience, on_this_machine};
pub use requirements::check_requirements;
pub use state::{Connection, HostState, LabState, list};
pub use subnet::Subnet;
pub use teardown::{down, sweep};

//! Throwaway real hosts on one machine: systemd, sshd, a package manager with a prepared
//! repository, a DNS that knows the test domains and an MX that keeps what it is sent. Only this
//! room may relax what the project otherwise insists on (unsigned packages).
#![expect(
    clippy::disallowed_methods,
    reason = "the lab makes machines out of this one; it is not what runs on them"
)]

mod base;
mod boot;
mod builder;
mod cgroup;
mod changes;
mod claim;
mod dns;
mod error;
mod family;
mod faults;
mod handle;
mod host;
mod instance;
mod inventory;
mod keys;
mod limits;
mod mailbox;
pub mod mailu;
mod mx;
mod network;
mod parallel;
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
pub use builder::{Connection, LabBuilder};
pub use changes::{Change, Changes};
pub use claim::sweep;
pub use error::LabError;
pub use family::Family;
pub use handle::Lab;
pub use host::{Host, Output};
pub use instance::Instance;
pub use mailbox::{Envelope, Mailbox, Message};
pub use mailu::Mailu;
pub use mx::serve_mx;
pub use requirements::check_requirements;
pub use state::{HostState, LabState, list};
pub use subnet::Subnet;
pub use teardown::down;

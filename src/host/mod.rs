//! The one door to a machine: what can be observed of it ([`View`]), what can be done to it
//! ([`Action`]), and the hosts that do it: [`local`] for real, [`overlay`] for a dry run,
//! [`in_memory`] for tests.

pub(crate) mod action;
mod after;
mod ask_pass;
mod assumption;
mod command;
mod disk;
mod error;
mod foreign_folder;
pub mod in_memory;
pub mod kept_agent;
mod kept_text;
pub mod lasting;
pub mod local;
mod log;
pub mod overlay;
mod own_file;
mod packages;
mod peers;
mod probe;
mod session;
mod state;
mod touch;
mod unit_name;
mod unit_ties;
mod view;

pub use action::{
    Action, Attributes, Content, FileBefore, Performed, ServiceChange, UserEntry, Validate,
};
pub use ask_pass::AskPass;
pub use assumption::Assumption;
pub use command::Command;
pub use disk::Disk;
pub use error::HostError;
pub use kept_text::keep_text;
pub use log::Log;
pub use packages::{Manager, Package, PackageChange, PackageRequest, PackageWish, Transaction};
pub use peers::Peers;
pub use probe::{
    CommandOutput, HttpReply, HttpRequest, Pending, Probe, ProbeAnswer, SmtpDialogue, SmtpReply,
    SmtpTls,
};
pub use session::{Heard, SessionProcess, private_folder};
pub use state::{Group, Stat, StatAttributes, Unit, User};
pub use touch::Touch;
pub use unit_name::{UNIT_FOLDERS, is_file_of, is_unit_file, unit_name, unit_of_file};
pub use unit_ties::UnitTies;
pub use view::{Host, PathChange, View};

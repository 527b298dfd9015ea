//! A playbook: plays in order, each with the hosts that it is for and what they get.

mod ad_hoc;
mod loose_files;
mod play;
mod read;
mod rollout;
mod task_files;
mod variables;

use super::role::Role;
use super::variables::LayerKind;
use crate::text::{Diagnostic, Span};
use crate::value::{Key, Node};
use std::path::PathBuf;

pub use ad_hoc::{AdHoc, AdHocTask, ad_hoc};
pub use read::read;
pub use rollout::{BatchSize, Failed, Health, Order, Rollout};
pub use variables::Prompt;

/// What stands before a play's name where it is called as a role is: no role has a blank in its name.
pub const PLAY_PREFIX: &str = "play ";

/// The lists of tasks of a play, as files of its own role.
pub const PLAY_LISTS: [&str; 3] = ["pre_tasks", "tasks", "post_tasks"];

/// What a play takes from the outside while it is read.
pub struct Surroundings<'a> {
    /// Renders what must be known before any host is: `-e` is all that its templates may name.
    pub render: &'a dyn Fn(&Node) -> Result<Node, Diagnostic>,
    /// What a variable that is prompted for is set to.
    pub answer: &'a dyn Fn(&Prompt) -> Result<Option<Node>, Diagnostic>,
}

/// One play.
#[derive(Debug, Clone)]
pub struct Play {
    /// `name`, else the hosts' pattern.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// Which hosts, and where that is written.
    pub hosts: (String, Span),
    /// Its own tasks, handlers, variables and files, as a role; the roles that it names are what this
    /// one needs.
    pub own: Role,
    /// Every variable that it sets, weakest first, with where.
    pub settings: Vec<(LayerKind, Key, Node)>,
    /// What its tasks and roles inherit, as written.
    pub keywords: Vec<(Key, Node)>,
    /// How hosts are reached where the inventory does not say it, as the inventory's variables.
    pub connection: Vec<(Key, Node)>,
    /// In which batches, and when it stops.
    pub rollout: Rollout,
    /// The folder of its playbook.
    pub folder: PathBuf,
}

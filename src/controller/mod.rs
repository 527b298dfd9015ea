//! Loads a project, reaches its hosts and runs their bundles side by side. It trusts no host.

mod access;
mod agent_programs;
mod bootstrap;
mod bundling;
mod connection;
mod conversation;
mod cycles;
mod delegates;
mod embedded;
mod explain;
mod host_plan;
mod lint;
mod lint_plays;
mod load;
mod loaded_role;
mod lookups;
mod names;
mod no_log;
mod notified;
mod options;
mod outcome;
mod parts;
mod playbook;
mod project;
mod reach;
mod roleless;
mod rollout;
mod run_once;
mod session;
mod ssh;
mod steps;
mod stop;
mod tags;
mod unreachable;
mod ways;

pub use access::Access;
pub use lint::{LintOptions, Linted, LintedRole, lint};
pub use lint_plays::lint_playbooks;

pub use no_log::Declarations;
pub use options::{Ask, Environment, LoadOptions};
pub use outcome::{Outcome, Played, RunOptions};
pub use project::{LoadErrors, Project};
pub use rollout::{run, run_played};
pub use stop::Stop;

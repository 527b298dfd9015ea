//! Loads a project, reaches its hosts and runs their bundles side by side. It trusts no host.

mod agent_programs;
mod bootstrap;
mod bundling;
mod connection;
mod cycles;
mod delegates;
mod embedded;
mod explain;
mod host_plan;
mod lint;
mod load;
mod loaded_role;
mod lookups;
mod names;
mod no_log;
mod notified;
mod outcome;
mod project;
mod reach;
mod roleless;
mod rollout;
mod run_once;
mod session;
mod stop;
mod tags;

pub use connection::Root;
pub use lint::{LintOptions, Linted, LintedRole, lint};

pub use no_log::Declarations;
pub use outcome::{Outcome, RunOptions};
pub use project::{Environment, LoadErrors, LoadOptions, Project};
pub use rollout::run;
pub use stop::Stop;

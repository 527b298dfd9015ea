//! The loop: types tasks when they are loaded, then renders, looks, performs and looks again.
//! It is the same for a dry run and for real; only the host and the memory it is given differ.

mod account_report;
mod action_report;
mod ansible_names;
mod attempt;
pub mod before;
mod block;
mod block_tries;
pub mod bundle;
mod constant;
mod context;
mod control;
mod delegate;
mod doubt;
mod earlier;
mod facts;
mod files;
mod flow;
mod handlers;
mod item;
pub mod journal_entry;
mod knowledge;
mod list;
pub mod memory;
pub mod names;
mod outcome;
mod outlet;
mod perform;
mod plays;
mod role_files;
mod run;
mod run_once;
pub mod scope;
pub mod seal;
mod secrets;
pub mod state;
mod surroundings;
pub mod task;
mod task_run;
mod telling;
mod tries;
pub mod typing;
mod unproven;

pub use outcome::Attempt;
pub use outlet::{Delegation, OtherHosts, Outlet, Turn};
pub use run::Runner;

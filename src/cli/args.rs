//! What can be written on the command line. The doc comments are `--help`.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Brings hosts to the state that their roles declare.
///
/// It shows exactly what would change, performs that, and nothing else.
#[derive(Debug, Parser)]
#[command(name = "converge", version, max_term_width = 100)]
#[command(disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Shown below `--help`.
const EXIT_CODES: &str = "Exit codes:
  0   success
  1   a task failed on some host
  2   changes are pending or were made (only with --detailed-exitcode)
  3   a host was unreachable
  4   another run holds a host's lock
  64  wrong usage
  65  an error in the inventory, a role or a variable; no host was touched";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the inventory
    Inventory(InventoryCommand),
    /// Show what a resource takes, or list all resources
    Doc(DocArgs),
    /// Print the JSON schema of `--output json`
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Boot throwaway real hosts on this machine, to converge them
    Lab(super::lab::LabCommand),
}

/// Where hosts, roles and variables come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputArgs {
    /// The inventory
    #[arg(short, long, value_name = "FILE", default_value = "inventory/hosts.yml")]
    pub(super) inventory: PathBuf,
    /// Only these hosts: names, groups, patterns such as `web:&prod:!web3`
    #[arg(short, long, value_name = "PATTERN")]
    pub(super) limit: Option<String>,
    /// A variable: NAME=VALUE, a JSON or YAML mapping, or @FILE
    #[arg(short, long = "extra-vars", value_name = "VARS", action = ArgAction::Append)]
    pub(super) extra: Vec<String>,
    /// Another folder of roles, after roles/ beside the inventory
    #[arg(long, value_name = "FOLDER", action = ArgAction::Append)]
    pub(super) roles_path: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct InventoryCommand {
    #[command(subcommand)]
    pub(super) show: InventoryShow,
}

#[derive(Debug, Subcommand)]
pub(super) enum InventoryShow {
    /// Hosts with their groups and roles; with --output json in Ansible's `--list` form
    List {
        /// The form of what is printed
        #[arg(long, value_enum, value_name = "FORM", default_value_t = ListOutput::Human)]
        output: ListOutput,
        #[command(flatten)]
        input: InputArgs,
    },
    /// Groups as a tree
    Graph {
        #[command(flatten)]
        input: InputArgs,
    },
    /// One host's variables as JSON
    Host {
        /// The host
        host: String,
        #[command(flatten)]
        input: InputArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct DocArgs {
    /// The resource
    pub(super) resource: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListOutput {
    /// For people
    Human,
    /// Ansible's form
    Json,
}

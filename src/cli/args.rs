//! What can be written on the command line. The doc comments are `--help`.

use crate::config::{AdHoc, AdHocTask};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Brings hosts to the state that their roles declare.
///
/// It shows exactly what would change, performs that, and nothing else. Without a subcommand it
/// applies: `converge -i hosts.yml`.
#[derive(Debug, Parser)]
#[command(name = "converge", version, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) log: LogArgs,
}

/// Where time goes, told on standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub(super) struct LogArgs {
    /// Log how long things took: LEVEL or MODULE=LEVEL,… (info: hosts; debug: tasks and actions;
    /// trace: commands); else CONVERGE_LOG says it
    #[arg(long, global = true, value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// The form of the log: lines for people, or a JSON object each
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

/// The inventory where none is named.
pub(super) const INVENTORY: &str = "inventory/hosts.yml";

/// Shown below `--help`.
const EXIT_CODES: &str = "Exit codes:
  0   success
  1   a task failed on some host
  2   changes are pending or were made (only with --detailed-exitcode)
  3   a host was unreachable
  4   another run holds a host's lock
  5   a play stopped because too many of its hosts failed
  64  wrong usage
  65  an error in the inventory, a role or a variable; no host was touched
  130 interrupted by Ctrl-C (143: by SIGTERM)";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring hosts to their declared state, or show with --check what that would change
    Apply(ApplyArgs),
    /// Run one task, or one command, on hosts by their pattern: no role, no playbook
    Run(AdHocArgs),
    /// Run the checks that roles keep in verify/; changes nothing
    Verify(VerifyArgs),
    /// Show what differs from the declaration, and whether the host or the declaration changed
    Drift(DriftArgs),
    /// Remove from hosts what converge keeps there: agents, state, journals
    Forget(ForgetArgs),
    /// Show every place that sets a variable for a host, and which one wins
    Explain(ExplainArgs),
    /// Show the inventory
    Inventory(InventoryCommand),
    /// Tell which roles run, and what keeps the others from it; no host is contacted
    Lint(LintArgs),
    /// Show what a resource takes, or list all resources
    Doc(DocArgs),
    /// Print the JSON schema of `--output json`
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Boot throwaway real hosts on this machine, to converge them
    Lab(super::lab::LabCommand),
    /// Be a host's end of a session (started over ssh, not by hand)
    #[command(hide = true)]
    Agent,
}

/// A playbook's file: a mistyped command is none.
fn playbook(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yml" | "yaml" | "json") => Ok(path),
        _ => Err("no command is called so, and a playbook's name ends in .yml".to_owned()),
    }
}

/// Where hosts come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InventoryArgs {
    /// An inventory file or folder; of several the later wins
    #[arg(short, long = "inventory", value_name = "PATH", default_value = INVENTORY)]
    #[arg(action = ArgAction::Append)]
    pub(super) inventory: Vec<PathBuf>,
    /// Holds a vault password, or prints it where it is executable; ID@prompt asks for it
    #[arg(long, alias = "vault-id", value_name = "[ID@]FILE", action = ArgAction::Append)]
    pub(super) vault_password_file: Vec<String>,
    /// Ask for the vault password
    #[arg(short = 'J', long)]
    pub(super) ask_vault_pass: bool,
}

/// Which of them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct LimitArgs {
    /// Only these hosts: names, groups, patterns such as `web:&prod:!web3`; `@failed` for those that the
    /// last run left undone, `@FILE` for those that stand in a file
    #[arg(short, long, value_name = "PATTERN")]
    pub(super) limit: Option<String>,
}

/// Where roles and variables come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct RolesArgs {
    /// A variable: NAME=VALUE, a JSON or YAML mapping, or @FILE
    #[arg(short, long = "extra-vars", value_name = "VARS", action = ArgAction::Append)]
    pub(super) extra: Vec<String>,
    /// Another folder of roles, after roles/ beside the inventory
    #[arg(long, value_name = "FOLDER", action = ArgAction::Append)]
    pub(super) roles_path: Vec<PathBuf>,
}

/// What a run is made from.
#[derive(Debug, Clone, Args)]
pub(super) struct InputArgs {
    /// Playbooks, in order; without one, the inventory's `roles` say what hosts get
    // No option's heading, where options come before it.
    #[arg(value_name = "PLAYBOOK", value_parser = playbook, help_heading = None::<&str>)]
    pub(super) playbooks: Vec<PathBuf>,
    /// Instead of them.
    #[arg(skip)]
    pub(super) ad_hoc: Option<AdHoc>,
    /// Only tasks with one of these tags
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', help_heading = "Input")]
    pub(super) tags: Vec<String>,
    /// No task with one of these tags
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', help_heading = "Input")]
    pub(super) skip_tags: Vec<String>,
    #[command(flatten)]
    pub(super) from: InventoryArgs,
    #[command(flatten)]
    pub(super) limit: LimitArgs,
    #[command(flatten)]
    pub(super) roles: RolesArgs,
}

impl InputArgs {
    /// Whether all that is run is one command.
    pub(super) const fn is_command(&self) -> bool {
        matches!(&self.ad_hoc, Some(AdHoc { what: AdHocTask::Command(_), .. }))
    }
}

/// The way to every host; what the inventory says of a host wins.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct AccessArgs {
    /// Become root, by sudo unless the inventory says otherwise
    #[arg(short, long = "become")]
    pub(super) become_root: bool,
    /// Ask for the password that sudo asks for
    #[arg(short = 'K', long)]
    pub(super) ask_become_pass: bool,
    /// Log in as this user
    #[arg(short, long, value_name = "USER")]
    pub(super) user: Option<String>,
    /// Log in with this key
    #[arg(long, value_name = "FILE")]
    pub(super) private_key: Option<PathBuf>,
    /// Ask for the password of the login
    #[arg(short = 'k', long)]
    pub(super) ask_pass: bool,
}

/// How a run is run, and told of.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    // No option's heading, where options come before these.
    /// Hosts at once
    #[arg(short, long, value_name = "NUMBER", default_value_t = 32, help_heading = None::<&str>)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(super) forks: usize,
    /// The form of what is printed
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    #[arg(help_heading = None::<&str>)]
    pub(super) output: Output,
    /// Tell also of tasks that change nothing, and commands in full
    #[arg(short, long, action = ArgAction::Count, help_heading = None::<&str>)]
    pub(super) verbose: u8,
    #[command(flatten)]
    pub(super) access: AccessArgs,
}

/// Whether a converge only shows, and what it asks and tells.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArgs {
    /// Dry run: show what would change, and change nothing
    #[arg(short = 'C', long)]
    pub(super) check: bool,
    /// Show each change as a diff; all of it with --diff=full
    #[arg(short = 'D', long, value_enum, value_name = "full", hide_possible_values = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "short")]
    pub(super) diff: Option<Diff>,
    /// Do not ask before changing several hosts or removing packages
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Exit with 2 where changes are pending or were made
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = AD_HOC_EXAMPLES)]
pub(super) struct AdHocArgs {
    /// The hosts: names, groups, patterns such as `web:&prod:!web3`
    #[arg(help_heading = None::<&str>)]
    pub(super) hosts: String,
    /// A task as in a role, or a list of tasks
    // One that begins with `- ` is no option.
    #[arg(help_heading = None::<&str>, required_unless_present = "words", allow_hyphen_values = true)]
    pub(super) task: Option<String>,
    /// A program and its arguments, which no template is made of; a single word is a line for a shell
    #[arg(id = "words", value_name = "COMMAND", last = true, conflicts_with = "task")]
    #[arg(help_heading = None::<&str>)]
    pub(super) command: Vec<String>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    #[command(flatten)]
    pub(super) from: InventoryArgs,
    #[command(flatten)]
    pub(super) limit: LimitArgs,
    #[command(flatten)]
    pub(super) roles: RolesArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Shown below `run --help`.
const AD_HOC_EXAMPLES: &str = "Examples:
  converge run web 'package: {name: curl}' --check
  converge run db1 'copy: {src: ./motd, dest: /etc/motd}' --diff
  converge run 'web:!web3' -- systemctl is-active nginx
  converge run all -- 'df -h / | tail -1'";

#[derive(Debug, Args)]
pub(super) struct DriftArgs {
    /// How much of each diff: ten lines, or all with --diff=full
    #[arg(short = 'D', long, value_enum, value_name = "full", hide_possible_values = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "short")]
    pub(super) diff: Option<Diff>,
    /// Exit with 2 where something differs
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The hosts: names, groups, patterns such as `web:&prod:!web3`
    pub(super) hosts: String,
    /// Only say what is there
    #[arg(short = 'C', long)]
    pub(super) check: bool,
    /// Do not ask before removing it
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) from: InventoryArgs,
    #[command(flatten)]
    pub(super) access: AccessArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The host
    pub(super) host: String,
    /// The variable; without one, all of the host's
    pub(super) variable: Option<String>,
    /// A playbook, whose plays set variables too
    #[arg(long = "playbook", value_name = "FILE", value_parser = playbook)]
    pub(super) playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) from: InventoryArgs,
    #[command(flatten)]
    pub(super) roles: RolesArgs,
}

#[derive(Debug, Args)]
pub(super) struct InventoryCommand {
    #[command(subcommand)]
    pub(super) show: InventoryShow,
}

#[derive(Debug, Subcommand)]
pub(super) enum InventoryShow {
    /// Hosts with their groups and roles; json and yaml are Ansible's `--list` and `--list --yaml`
    List {
        /// The form of what is printed
        #[arg(long, value_enum, value_name = "FORM", default_value_t = InventoryOutput::Human)]
        output: InventoryOutput,
        #[command(flatten)]
        from: InventoryArgs,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Groups as a tree
    Graph {
        #[command(flatten)]
        from: InventoryArgs,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// One host's variables as JSON
    Host {
        /// The host
        host: String,
        #[command(flatten)]
        from: InventoryArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// Playbooks: all that keeps their plays from running
    #[arg(value_name = "PLAYBOOK", value_parser = playbook, conflicts_with = "from_ansible")]
    pub(super) playbooks: Vec<PathBuf>,
    /// A folder of roles written for Ansible, or one role
    #[arg(long, value_name = "FOLDER", conflicts_with = "inventory")]
    pub(super) from_ansible: Option<PathBuf>,
    /// Another folder of roles, after roles/ beside the inventory
    #[arg(long, value_name = "FOLDER", action = ArgAction::Append)]
    pub(super) roles_path: Vec<PathBuf>,
    /// The form of what is printed
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ListOutput::Human)]
    pub(super) output: ListOutput,
    #[command(flatten)]
    pub(super) from: InventoryArgs,
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

/// How much of a diff is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Diff {
    /// The first ten lines of each
    Short,
    /// Everything
    Full,
}

/// The form of a run's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    Human,
    /// One document, converge.report/1
    Json,
    /// Each event when it happens, one JSON object a line
    Events,
    /// JUnit XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InventoryOutput {
    Human,
    Json,
    Yaml,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    // No help of their own: it would make every command's help long.
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListOutput {
    /// For people
    Human,
    /// For programs
    Json,
}

//! The command line: arguments in, an exit code out. Only here is the environment read, the
//! terminal looked at and a question asked.

mod ad_hoc;
mod answer;
mod apply;
mod args;
mod completions;
mod doc;
mod drift;
pub mod exit_code;
mod explain;
mod failed;
mod forget;
mod interrupt;
mod inventory;
mod invocation;
pub mod lab;
#[cfg(feature = "lab-fixtures")]
mod lab_servers;
mod lint;
mod log;
mod mistakes;
mod output;
mod password;
mod process;
mod prompt;
mod question;
mod run;
mod schema;
mod terminal;
mod vault;
mod verify;

use answer::{print, refuse};
use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind;
use exit_code::ExitCode;
use std::ffi::OsString;
use terminal::Terminal;

/// Runs the command that these arguments name.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody may be listening; the exit code tells.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::USAGE,
            };
        }
    };
    let terminal = Terminal::of_process();
    // What an agent says on its standard error is taken for why it ended.
    if !matches!(cli.command, Some(Command::Agent))
        && let Err(error) = log::begin(&cli.log, process::environment(log::VARIABLE))
    {
        return refuse(&error, &terminal);
    }
    match cli.command.unwrap_or(Command::Apply(cli.apply)) {
        Command::Apply(args) => apply::run(&args, &terminal),
        Command::Run(args) => ad_hoc::run(&args, &terminal),
        Command::Drift(args) => drift::run(&args, &terminal),
        Command::Verify(args) => verify::run(&args, &terminal),
        Command::Forget(args) => forget::run(&args, &terminal),
        Command::Agent => ExitCode(crate::agent::program::run()),
        Command::Explain(args) => match explain::text(&args) {
            Ok(text) => print(&text, &terminal),
            Err((errors, sources)) => mistakes::show(&errors, &sources, &terminal),
        },
        Command::Inventory(command) => match inventory::text(&command.show) {
            Ok(text) => print(&text, &terminal),
            Err((errors, sources)) => mistakes::show(&errors, &sources, &terminal),
        },
        Command::Lint(args) => lint::run(&args, &terminal),
        Command::Doc(args) => match doc::text(&args) {
            Ok(text) => print(&text, &terminal),
            Err(error) => refuse(&error, &terminal),
        },
        Command::Schema => print(&schema::text(), &terminal),
        Command::Completions(args) => print(&completions::text(&args), &terminal),
        Command::Lab(command) => match command.run() {
            Ok(report) => print(&report.text, &terminal).and(ExitCode(report.code)),
            Err(error) => {
                mistakes::say(&mistakes::of_error(&error), &terminal);
                ExitCode::FAILED
            }
        },
    }
}

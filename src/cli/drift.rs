//! `converge drift`: a dry run, told of by what changed on hosts and what in the declaration.

use super::args::{Diff, DriftArgs};
use super::exit_code::ExitCode;
use super::run::Run;
use super::terminal::Terminal;
use crate::report::{DiffShow, Mode, RunFold};

/// Looks, and changes nothing.
pub(super) fn run(args: &DriftArgs, terminal: &Terminal) -> ExitCode {
    let diff = match args.diff {
        None | Some(Diff::Short) => DiffShow::Short,
        Some(Diff::Full) => DiffShow::Full,
    };
    let style = terminal.style(diff, args.run.verbose);
    match Run::load(Mode::Drift, &args.input, &args.run, style, terminal) {
        Ok(run) => {
            let hosts = run.hosts();
            let (outcome, printed) = run.report(&hosts, &RunFold::default());
            run.code(&outcome, hosts.len(), args.detailed_exitcode).and(printed)
        }
        Err(code) => code,
    }
}

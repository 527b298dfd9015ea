//! `converge verify`: the checks that roles keep in `verify/`.

use super::args::VerifyArgs;
use super::exit_code::ExitCode;
use super::run::Run;
use super::terminal::Terminal;
use crate::report::{DiffShow, Mode, RunFold};

/// Runs them. Each check is named, because all of them passing is the news.
pub(super) fn run(args: &VerifyArgs, terminal: &Terminal) -> ExitCode {
    let style = terminal.style(DiffShow::None, args.run.verbose.max(1));
    match Run::load(Mode::Verify, &args.input, &args.run, style, terminal) {
        Ok(run) => {
            let hosts = run.hosts();
            let (outcome, printed) = run.report(&hosts, &RunFold::default());
            run.code(&outcome, hosts.len(), false).and(printed)
        }
        Err(code) => code,
    }
}

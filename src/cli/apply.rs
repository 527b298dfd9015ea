//! `converge` and `converge apply`: the dry run, or the question and the converge.

use super::args::{ApplyArgs, ChangeArgs, Diff, InputArgs, Output as Form, RunArgs};
use super::exit_code::ExitCode;
use super::output::Output;
use super::question::{self, Answer};
use super::run::{self, Run};
use super::terminal::Terminal;
use crate::controller::Outcome;
use crate::engine::bundle::Purpose;
use crate::event::HostStatus;
use crate::report::{self, DiffShow, Mode, RunFold, RunInfo, Style};
use std::io::Write;

/// Does as asked.
pub(super) fn run(args: &ApplyArgs, terminal: &Terminal) -> ExitCode {
    converge(&args.change, &args.input, &args.run, terminal)
}

/// Does it, whatever the tasks were read from.
pub(super) fn converge(
    change: &ChangeArgs,
    input: &InputArgs,
    options: &RunArgs,
    terminal: &Terminal,
) -> ExitCode {
    let mode = if change.check { Mode::Check } else { Mode::Apply };
    let style = style(change, options, terminal);
    let loaded = Run::load(mode, input, options, style, terminal);
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    // A dry run tells no more of a command than whoever wrote it knows.
    let asks = mode == Mode::Apply
        && options.output == Form::Human
        && terminal.can_ask
        && !change.yes
        && !input.is_command();
    let all = loaded.hosts();
    let decided = if asks { ask(&loaded, change) } else { Decided::Go(RunFold::default()) };
    match decided {
        Decided::Go(left_out) => {
            let (outcome, printed) = loaded.report(&all, &left_out);
            loaded.code(&outcome, all.len(), change.detailed_exitcode).and(printed)
        }
        Decided::Stop(code) => code,
    }
}

/// What comes of the question.
enum Decided {
    /// Converge, but for these hosts: their dry run failed, and what is wrong there is not over.
    Go(RunFold),
    /// End here.
    Stop(ExitCode),
}

/// Makes a dry run, shows what it says, and asks if it must be asked.
fn ask(run: &Run<'_>, change: &ChangeArgs) -> Decided {
    let all = run.hosts();
    let (plan, outcome) = match dry_run(run, &all) {
        Ok(told) => told,
        Err(code) => return Decided::Stop(code),
    };
    if outcome.any(HostStatus::Interrupted) {
        return Decided::Stop(run.code(&outcome, all.len(), false));
    }
    if all.len() == 1 && !plan.removes_packages() {
        return Decided::Go(RunFold::default());
    }
    let mut out = Output::new(std::io::stdout().lock());
    let info = RunInfo { mode: Mode::Check, ..run.info(all.clone()) };
    let _ = report::preview(&mut out, &run.style, &info, &plan);
    let pending = plan.ended(HostStatus::Changed).len();
    if pending == 0 {
        return match run.code(&outcome, all.len(), false) {
            ExitCode::SUCCESS => Decided::Go(RunFold::default()),
            code => Decided::Stop(code),
        };
    }
    let plural = if pending == 1 { "" } else { "s" };
    let words = format!("Apply to {pending} host{plural}?");
    loop {
        match question::ask(&words, &mut std::io::stdin().lock(), &mut out) {
            Answer::Yes => return Decided::Go(plan.left_out()),
            Answer::Diff => {
                let diff =
                    if run.style.diff == DiffShow::Full { DiffShow::Full } else { DiffShow::Short };
                let _ = report::plans(&mut out, &Style { diff, ..run.style }, &plan);
            }
            Answer::No => {
                let _ = writeln!(out, "Nothing was changed.");
                let code = run.code(&outcome, all.len(), change.detailed_exitcode);
                return Decided::Stop(code);
            }
        }
    }
}

fn dry_run(run: &Run<'_>, hosts: &[String]) -> Result<(RunFold, Outcome), ExitCode> {
    let id = run::run_id().map_err(|error| {
        super::mistakes::say(&error, run.terminal);
        ExitCode::FAILED
    })?;
    let mut plan = RunFold::new(hosts);
    let outcome = run.drive(&id, Purpose::Check, hosts, &mut |host, event| plan.add(host, &event));
    Ok((plan, outcome))
}

fn style(change: &ChangeArgs, options: &RunArgs, terminal: &Terminal) -> Style {
    let diff = match change.diff {
        None => DiffShow::None,
        Some(Diff::Short) => DiffShow::Short,
        Some(Diff::Full) => DiffShow::Full,
    };
    terminal.style(diff, options.verbose)
}

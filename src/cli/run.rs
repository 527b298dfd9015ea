//! What `apply` and `verify` share: loading, running, reporting, the exit code.

use super::answer::ended;
use super::args::{InputArgs, Output as Form, RunArgs};
use super::exit_code::ExitCode;
use super::failed::{self, Record};
use super::interrupt::Interrupts;
use super::output::Output;
use super::terminal::Terminal;
use super::{invocation, mistakes};
use crate::controller::{self, LoadErrors, LoadOptions, Outcome, Project, RunOptions};
use crate::engine::bundle::Purpose;
use crate::event::{Event, HostStatus};
use crate::host::Disk;
use crate::host::local::clock;
use crate::report::json::Document;
use crate::report::{
    Drift, EventLines, Github, Human, JUnit, Json, Mode, Outputs, Report, RunEnd, RunFold, RunInfo,
    Style, github,
};
use crate::text::Diagnostic;
use std::io::{BufWriter, Write};

/// A project that was loaded, and how it is run.
pub(super) struct Run<'a> {
    pub(super) project: Project,
    pub(super) mode: Mode,
    pub(super) input: &'a InputArgs,
    pub(super) options: &'a RunArgs,
    pub(super) style: Style,
    pub(super) terminal: &'a Terminal,
    interrupts: Interrupts,
    /// Where the hosts are kept that a run leaves to be run again.
    failed: Option<Record>,
}

impl<'a> Run<'a> {
    /// Loads the project.
    ///
    /// # Errors
    /// Everything wrong with it was shown; the exit code.
    pub(super) fn load(
        mode: Mode,
        input: &'a InputArgs,
        options: &'a RunArgs,
        style: Style,
        terminal: &'a Terminal,
    ) -> Result<Self, ExitCode> {
        let usage = |error: Diagnostic| {
            mistakes::say(&error, terminal);
            ExitCode::USAGE
        };
        let failed = Record::of(&input.from.inventory, &input.playbooks);
        let limit = input.limit.limit.as_deref();
        let limit = limit.map(|limit| failed::named(limit, failed.as_ref())).transpose();
        let load = LoadOptions {
            inventory: input.from.inventory.as_slice().into(),
            limit: limit.map_err(usage)?,
            roles_path: input.roles.roles_path.clone(),
            playbooks: input.playbooks.clone(),
            ask: terminal.can_ask.then_some(super::prompt::ask as controller::Ask),
            extra: input.roles.extra.clone(),
            ad_hoc: input.ad_hoc.clone(),
            tags: input.tags.clone(),
            skip_tags: input.skip_tags.clone(),
            environment: Some(super::process::environment),
            access: super::password::access(&options.access).map_err(usage)?,
            program: Some(super::process::program()),
            runs: true,
        };
        let vault = super::vault::vault(&input.from).map_err(usage)?;
        let project = Project::load(&load, &Disk, &vault)
            .map_err(|errors| refuse(&errors, mode, options.output, terminal))?;
        if project.runs_here() && !rustix::process::geteuid().is_root() {
            let error = Diagnostic::new("only root can converge this machine");
            mistakes::say(
                &error.help("become root with -b (--become), or run it with sudo"),
                terminal,
            );
            return Err(ExitCode::USAGE);
        }
        let interrupts = Interrupts::listen(terminal);
        // What one task has left undone is none of what the roles have.
        let failed = failed.filter(|_| input.ad_hoc.is_none());
        Ok(Self { project, mode, input, options, style, terminal, interrupts, failed })
    }

    /// What reports must know, for these hosts.
    pub(super) fn info(&self, hosts: Vec<String>) -> RunInfo<'_> {
        RunInfo {
            mode: self.mode,
            hosts,
            sources: &self.project.sources,
            command: invocation::of(self.input, self.options),
            operands: invocation::operands(self.input),
            limit: self.input.limit.limit.clone(),
            kept: self.failed.is_some(),
        }
    }

    /// Every host of the run, those that only do something for others last.
    pub(super) fn hosts(&self) -> Vec<String> {
        self.project.hosts().chain(self.project.helpers()).map(str::to_owned).collect()
    }

    /// Runs the hosts and hands over what happens.
    pub(super) fn drive(
        &self,
        run: &str,
        purpose: Purpose,
        hosts: &[String],
        events: &mut dyn FnMut(&str, Event),
    ) -> Outcome {
        let options = RunOptions {
            run: run.to_owned(),
            purpose,
            forks: self.options.forks,
            hosts: Some(hosts.to_vec()),
        };
        self.interrupts.during(|stop| controller::run(&self.project, &options, stop, events))
    }

    /// Runs the hosts and reports in the form that was asked for; of those left out after a dry
    /// run it reports why.
    pub(super) fn report(&self, hosts: &[String], left_out: &RunFold) -> (Outcome, ExitCode) {
        let run = match run_id() {
            Ok(run) => run,
            Err(error) => {
                mistakes::say(&error, self.terminal);
                return (Outcome::default(), ExitCode::FAILED);
            }
        };
        let purpose = match self.mode {
            Mode::Check | Mode::Drift => Purpose::Check,
            Mode::Apply => Purpose::Apply,
            Mode::Verify => Purpose::Verify,
        };
        let stdout = std::io::stdout().lock();
        // What people follow appears line by line, a document at once.
        let writer: Box<dyn Write> = match self.options.output {
            Form::Human | Form::Github | Form::Events => Box::new(stdout),
            Form::Json | Form::Junit => Box::new(BufWriter::new(stdout)),
        };
        let mut out = Output::new(writer);
        let outcome = {
            let runs = |name: &&String| left_out.host(name).is_none();
            let run_hosts: Vec<String> = hosts.iter().filter(runs).cloned().collect();
            let info = self.info(hosts.to_vec());
            let mut report: Box<dyn Report + '_> = match self.options.output {
                Form::Human if self.mode == Mode::Drift => {
                    Box::new(Drift::new(&mut out, self.style, info))
                }
                Form::Human if self.mode == Mode::Apply && self.input.is_command() => {
                    Box::new(Outputs::new(&mut out, self.style, info))
                }
                Form::Human => Box::new(Human::new(&mut out, self.style, info)),
                Form::Json => Box::new(Json::new(&mut out, info)),
                Form::Events => Box::new(EventLines::new(&mut out)),
                Form::Junit => Box::new(JUnit::new(&mut out, info)),
                Form::Github => Box::new(Github::new(&mut out, self.style, info)),
            };
            let begin = clock::since_start();
            // The output keeps its own errors: a run does not end because nobody listens.
            let mut outcome = self.drive(&run, purpose, &run_hosts, &mut |host, event| {
                let _ = report.event(host, &event);
            });
            for (host, fold) in left_out.hosts() {
                for event in fold.why_left_out() {
                    let _ = report.event(host, &event);
                    outcome.note(host, &event);
                }
            }
            self.keep(&run, &outcome);
            let ms = (clock::since_start() - begin).as_millis();
            let ms = u64::try_from(ms).unwrap_or(u64::MAX);
            let _ = report.finish(&RunEnd { run, ms });
            outcome
        };
        let code = ended(out.error(), self.terminal);
        (outcome, code)
    }

    /// Keeps which hosts `--limit @failed` is to name next time.
    fn keep(&self, run: &str, outcome: &Outcome) {
        if let Some(record) = self.failed.as_ref().filter(|_| self.mode == Mode::Apply)
            && let Err(error) = record.keep(run, outcome.undone())
        {
            mistakes::say(&error.diagnostic(), self.terminal);
        }
    }

    /// The exit code of a run over so many hosts.
    pub(super) fn code(&self, outcome: &Outcome, hosts: usize, detailed: bool) -> ExitCode {
        self.interrupts.code().unwrap_or_else(|| code(outcome, hosts, detailed))
    }
}

fn code(outcome: &Outcome, hosts: usize, detailed: bool) -> ExitCode {
    let stopped = outcome.stopped.then_some(ExitCode::BUDGET);
    let silent = (outcome.hosts.len() < hosts).then_some(ExitCode::UNREACHABLE);
    let told = outcome.hosts.iter().map(|(_, report)| match report.status {
        HostStatus::Ok => ExitCode::SUCCESS,
        HostStatus::Changed if detailed => ExitCode::CHANGES,
        HostStatus::Changed => ExitCode::SUCCESS,
        HostStatus::Failed => ExitCode::FAILED,
        HostStatus::Unreachable => ExitCode::UNREACHABLE,
        HostStatus::Locked => ExitCode::STALE,
        HostStatus::Interrupted => ExitCode::FAILED,
    });
    told.chain(silent).chain(stopped).collect()
}

/// Shows what is wrong with the project, in the form that was asked for too.
fn refuse(errors: &LoadErrors, mode: Mode, form: Form, terminal: &Terminal) -> ExitCode {
    let LoadErrors { diagnostics, sources } = errors;
    let code = mistakes::show(diagnostics, sources, terminal);
    let mut out = Output::new(std::io::stdout().lock());
    match form {
        Form::Json => {
            let _ = Document::of_errors(mode, diagnostics, sources).write(&mut out);
        }
        Form::Github => {
            for error in diagnostics {
                let _ = github::annotate(&mut out, error, sources, None);
            }
        }
        Form::Human | Form::Junit | Form::Events => {}
    }
    code.and(ended(out.error(), terminal))
}

/// A new run's name: short enough to say, random enough not to meet again on a host.
pub(super) fn run_id() -> Result<String, Diagnostic> {
    let bytes = crate::host::local::random::bytes::<4>().map_err(|error| error.diagnostic())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

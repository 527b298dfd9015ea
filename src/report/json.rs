//! The run as one document for programs, `converge.report/1`. `docs/report.schema.json` is made
//! from these types; fields may be added under this name, none removed or renamed.

mod document;

pub use document::{
    Action, Document, DocumentMode, Host, Problem, SCHEMA, Status, Task, Totals, Worded,
};

use super::fold::{HostFold, RunFold};
use super::run_info::{Mode, RunEnd, RunInfo};
use super::{Report, failure, words};
use crate::event::{self, HostStatus, TargetState};
use crate::text::{Diagnostic, Sources};
use std::io::{self, Write};

/// Collects the run and writes the document when it is over.
pub struct Json<'a> {
    out: &'a mut dyn Write,
    info: RunInfo<'a>,
    run: RunFold,
}

impl<'a> Json<'a> {
    /// Tells of a run that begins now.
    pub fn new(out: &'a mut dyn Write, info: RunInfo<'a>) -> Self {
        let run = RunFold::new(&info.hosts);
        Self { out, info, run }
    }
}

impl Report for Json<'_> {
    fn event(&mut self, host: &str, event: &event::Event) -> io::Result<()> {
        self.run.add(host, event);
        Ok(())
    }

    fn finish(&mut self, end: &RunEnd) -> io::Result<()> {
        Document::of(&self.info, &self.run, end).write(self.out)
    }
}

impl Document {
    /// The document of a run that is over.
    #[must_use]
    pub fn of(info: &RunInfo<'_>, run: &RunFold, end: &RunEnd) -> Self {
        let hosts: Vec<Host> =
            run.hosts().map(|(name, host)| Host::of(name, host, info.sources)).collect();
        let mode = match info.mode {
            Mode::Check | Mode::Drift | Mode::Verify => DocumentMode::Check,
            Mode::Apply => DocumentMode::Apply,
        };
        let totals = Totals::of(&hosts);
        let (run, ms) = (end.run.clone(), end.ms);
        Self { schema: SCHEMA, run, mode, hosts, totals, errors: Vec::new(), ms }
    }

    /// The document of a run that never began, because what was written is wrong.
    #[must_use]
    pub fn of_errors(mode: Mode, errors: &[Diagnostic], sources: &Sources) -> Self {
        let info = RunInfo {
            mode,
            hosts: Vec::new(),
            sources,
            command: String::new(),
            operands: String::new(),
            limit: None,
            kept: false,
        };
        let end = RunEnd { run: String::new(), ms: 0 };
        let errors = errors.iter().map(|error| Problem::of(error, sources)).collect();
        Self { errors, ..Self::of(&info, &RunFold::default(), &end) }
    }

    /// Writes it, indented, with a line end.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Its JSON schema.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(Self).to_value();
        schema["properties"]["schema"] = serde_json::json!({
            "description": "Always `converge.report/1`.", "type": "string", "const": SCHEMA,
        });
        schema["title"] = SCHEMA.into();
        schema
    }
}

impl Totals {
    fn of(hosts: &[Host]) -> Self {
        let number = |status| hosts.iter().filter(|host| host.status == status).count();
        let tasks = hosts.iter().flat_map(|host| &host.tasks);
        Self {
            hosts: hosts.len(),
            ok: number(Status::Ok),
            changed: number(Status::Changed),
            failed: number(Status::Failed),
            unreachable: number(Status::Unreachable),
            actions: tasks.flat_map(|task| &task.actions).filter(|action| !action.failed).count(),
        }
    }
}

impl Host {
    fn of(name: &str, host: &HostFold, sources: &Sources) -> Self {
        let status = match host.status() {
            HostStatus::Ok => Status::Ok,
            HostStatus::Changed => Status::Changed,
            HostStatus::Failed | HostStatus::Locked | HostStatus::Interrupted => Status::Failed,
            HostStatus::Unreachable => Status::Unreachable,
        };
        let well = matches!(status, Status::Ok | Status::Changed) || host.failure().is_some();
        let problems = |of: &[Diagnostic]| of.iter().map(|one| Problem::of(one, sources)).collect();
        let end = host.end.as_ref();
        Self {
            name: name.to_owned(),
            status,
            system: host.system.clone(),
            locked: host.status() == HostStatus::Locked,
            interrupted: host.status() == HostStatus::Interrupted,
            error: (!well).then(|| Problem::of(failure::error(host), sources)),
            tasks: host.tasks.iter().map(|task| Task::of(task, sources)).collect(),
            not_run: end.map_or(0, |end| end.not_run),
            waiting_handlers: end.map(|end| end.waiting_handlers.clone()).unwrap_or_default(),
            warnings: problems(&host.warnings),
            ms: end.map_or(0, |end| end.ms),
        }
    }
}

impl Task {
    fn of(report: &event::TaskReport, sources: &Sources) -> Self {
        let task = &report.task;
        let known = sources.path(task.span.source).is_some();
        let actions = |of: &[event::ActionReport]| of.iter().map(Action::of).collect();
        Self {
            id: task.id.clone(),
            role: task.role.clone(),
            name: task.name.clone(),
            resource: task.resource.clone(),
            handler: task.handler,
            on_behalf: task.on_behalf.clone(),
            at: known.then(|| sources.locate(task.span)),
            status: report.status,
            reason: report
                .reason
                .clone()
                .map(|reason| Worded { text: words::reason(&reason), data: reason }),
            change: report.change,
            actions: actions(&report.actions),
            not_needed: actions(&report.not_needed),
            output: report.output.as_deref().cloned(),
            error: report.error.as_ref().map(|error| Problem::of(error, sources)),
            ms: report.ms,
        }
    }
}

impl Action {
    fn of(action: &event::ActionReport) -> Self {
        let event::ActionReport {
            kind,
            target,
            certainty,
            depends_on,
            before,
            after,
            diff,
            notes,
            failed,
        } = action.clone();
        let worded =
            |state: TargetState| Worded { text: words::state(&state).into_owned(), data: state };
        Self {
            kind,
            target,
            certainty,
            depends_on,
            before: before.map(worded),
            after: after.map(worded),
            diff: diff.map(|diff| words::diff(&diff).into_owned()),
            notes: notes
                .into_iter()
                .map(|note| Worded { text: words::note(&note), data: note })
                .collect(),
            failed,
        }
    }
}

impl Problem {
    fn of(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let span = diagnostic.span.filter(|span| sources.path(span.source).is_some());
        let path = span.and_then(|span| sources.path(span.source));
        Self {
            message: diagnostic.message.clone(),
            file: path.map(|path| path.display().to_string()),
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            notes: diagnostic.notes.clone(),
            help: diagnostic.help.clone(),
        }
    }
}

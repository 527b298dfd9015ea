//! A process as `command` and `shell` declare it: guards, an act or an observation, the result.

use super::look::Look;
use super::on_disk::absolute;
use crate::host::{self, Action, CommandOutput, HostError, Probe, ProbeAnswer, Stat, View};
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Secret, Value};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// A process, and what guards it.
#[derive(Debug, Default)]
pub(super) struct Process<'a> {
    pub(super) argv: Vec<String>,
    pub(super) creates: Option<&'a PathBuf>,
    pub(super) removes: Option<&'a PathBuf>,
    pub(super) changes: &'a [String],
    pub(super) chdir: Option<&'a PathBuf>,
    pub(super) stdin: Option<&'a Secret<String>>,
    pub(super) stdin_add_newline: bool,
    pub(super) environment: Option<&'a IndexMap<String, Secret<String>>>,
    pub(super) timeout_ms: u64,
    /// It changes nothing: it is run to observe.
    pub(super) observe: bool,
}

/// What its guards say, and what it answered.
#[derive(Debug)]
pub(super) struct Found {
    /// Whether it has to run at all.
    wanted: Known<bool>,
    /// Its answer, where it only observes.
    answer: Option<Known<CommandOutput>>,
}

/// The words that run a program as another user, its environment kept (runuser(1)).
pub(super) fn as_user(user: Option<&String>, argv: Vec<String>) -> Vec<String> {
    let Some(user) = user.filter(|_| !argv.is_empty()) else { return argv };
    ["runuser", "-u", user, "--"].map(str::to_owned).into_iter().chain(argv).collect()
}

impl Process<'_> {
    pub(super) fn check(&self) -> Result<(), Diagnostic> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(Diagnostic::new("there is no command to run"));
        }
        for (parameter, path) in
            [("creates", self.creates), ("removes", self.removes), ("chdir", self.chdir)]
        {
            let Some(path) = path else { continue };
            absolute(parameter, path)?;
            if path.to_string_lossy().contains(['*', '?', '[']) {
                return Err(Diagnostic::new(format!("`{parameter}` is one path, not a pattern")));
            }
        }
        for name in self.changes {
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(Diagnostic::new(format!("`changes` cannot name `{name}`"))
                    .help("absolute paths, unit names, or `network`"));
            }
        }
        Ok(())
    }

    fn command(&self) -> host::Command {
        let newline = |text: &Secret<String>| {
            let text = text.expose();
            let ends = self.stdin_add_newline && !text.ends_with('\n');
            Secret::new(if ends { format!("{text}\n") } else { text.clone() })
        };
        host::Command {
            argv: self.argv.clone(),
            stdin: self.stdin.map(newline),
            environment: self
                .environment
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            chdir: self.chdir.cloned(),
            timeout_ms: self.timeout_ms,
        }
    }

    pub(super) fn look(&self, view: &dyn View) -> Result<Found, HostError> {
        let is_there = |path: &Path| -> Result<Known<bool>, HostError> {
            Ok(view.stat(path)?.map(|stat| stat != Stat::Absent))
        };
        let mut wanted = Known::Is(true);
        for (path, runs_if) in [(self.creates, false), (self.removes, true)] {
            let Some(path) = path else { continue };
            wanted = match (is_there(path)?, wanted) {
                (_, Known::Is(false)) => Known::Is(false),
                (Known::Is(there), wanted) if there == runs_if => wanted,
                (Known::Is(_), _) => Known::Is(false),
                (Known::Unknown(origin), _) => Known::Unknown(origin),
            };
        }
        let answer = match (&wanted, self.observe) {
            (_, false) | (Known::Is(false), _) => None,
            (Known::Unknown(origin), true) => Some(Known::Unknown(origin.clone())),
            (Known::Is(true), true) => {
                Some(view.probe(&Probe::Command(self.command()))?.map(|answer| match answer {
                    ProbeAnswer::Command(output) => output,
                    _ => CommandOutput::default(),
                }))
            }
        };
        Ok(Found { wanted, answer })
    }

    pub(super) fn plan(&self, found: &Found) -> Look {
        match (&found.answer, &found.wanted) {
            (_, Known::Is(false)) => not_needed(),
            (Some(Known::Is(output)), _) => self.observed(output),
            (Some(Known::Unknown(origin)), _) => unknown_result(origin).assume(origin.clone()),
            (None, Known::Is(true)) => Look::as_declared().exact(self.act()),
            (None, Known::Unknown(origin)) => {
                Look::as_declared().unless(self.act(), origin.clone())
            }
        }
    }

    /// The act, with everything that it makes unknown: its guards' paths too.
    fn act(&self) -> Action {
        let guards = [self.creates, self.removes].into_iter().flatten();
        let mut changes: Vec<String> = guards.map(|path| path.display().to_string()).collect();
        changes.extend(self.changes.iter().cloned());
        changes.dedup();
        Action::Run { command: self.command(), changes }
    }

    fn observed(&self, output: &CommandOutput) -> Look {
        let look = result(output);
        let program = self.argv.join(" ");
        if output.timed_out {
            return look.fail(Diagnostic::new(format!("`{program}` did not end in time")));
        }
        if output.rc == 0 {
            return look;
        }
        let mut diagnostic = Diagnostic::new(format!("`{program}` ended with {}", output.rc));
        if let Some(line) = output.stderr.lines().rev().find(|line| !line.trim().is_empty()) {
            diagnostic = diagnostic.note(format!("stderr: {line}"));
        }
        look.fail(diagnostic)
    }
}

fn result(output: &CommandOutput) -> Look {
    let lines = |text: &str| Value::List(text.lines().map(Value::from).collect());
    Look::as_declared()
        .with("rc", output.rc)
        .with("stdout", output.stdout.trim_end_matches('\n'))
        .with("stderr", output.stderr.trim_end_matches('\n'))
        .with("stdout_lines", lines(&output.stdout))
        .with("stderr_lines", lines(&output.stderr))
}

/// The result of a command that its guard kept from running, as Ansible gives it.
fn not_needed() -> Look {
    result(&CommandOutput::default())
}

fn unknown_result(origin: &Origin) -> Look {
    ["rc", "stdout", "stderr", "stdout_lines", "stderr_lines"]
        .iter()
        .fold(Look::as_declared(), |look, key| look.with(key, Value::Unknown(origin.clone())))
}

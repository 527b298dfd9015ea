//! A process as `command` and `shell` declare it: guards, an act or an observation, the result.

use super::login::Login;
use super::nature::Nature;
use super::on_disk::absolute;
use super::parameter::{Seconds, yes};
use super::planned::Planned;
use crate::host::{self, Action, CommandOutput, HostError, Probe, ProbeAnswer, Stat, View};
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Secret, Value};
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What `command` and `shell` take besides the command itself.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Process {
    /// A path that the command makes: it is not run where that is there.
    creates: Option<PathBuf>,
    /// A path that the command removes: it is not run where that is not there.
    removes: Option<PathBuf>,
    /// What else it changes: absolute paths, unit names, `network`. That it leaves the rest
    /// alone is assumed in a dry run.
    #[serde(default)]
    changes: Vec<String>,
    /// Where to run; `/` if not given.
    chdir: Option<PathBuf>,
    /// Its standard input.
    #[schemars(with = "Option<String>")]
    stdin: Option<Secret<String>>,
    /// End standard input with a line break.
    #[serde(default = "yes")]
    stdin_add_newline: bool,
    /// Seconds after which it is ended, with every process that it started.
    #[serde(default = "an_hour")]
    timeout: Seconds,
    /// The task's `environment`; the engine gives it.
    #[serde(default)]
    #[schemars(with = "Option<IndexMap<String, String>>", extend("reserved" = true))]
    environment: Option<IndexMap<String, Secret<String>>>,
    /// The task's `become_user`; the engine gives it.
    #[serde(default)]
    #[schemars(extend("reserved" = true))]
    become_user: Option<String>,
    /// The task has `changed_when: false` or `check_mode: false`; the engine gives it.
    #[serde(default)]
    #[schemars(extend("reserved" = true))]
    observe: bool,
}

const fn an_hour() -> Seconds {
    Seconds::of(3600)
}

/// What its guards say, and what it answered.
#[derive(Debug)]
pub(super) struct Found {
    /// Its words, what a login means by them filled in.
    argv: Vec<String>,
    /// Whether it has to run at all.
    wanted: Known<bool>,
    /// Its answer, where it only observes.
    answer: Option<Known<CommandOutput>>,
}

impl Process {
    /// An act, unless the task says that it only looks.
    pub(super) fn nature(given: &Value) -> Nature {
        if given.get("observe").is_some() { Nature::Gate } else { Nature::Act }
    }

    /// # Errors
    /// If there is no command, or a parameter names no path or unit.
    pub(super) fn check(&self, argv: &[String]) -> Result<(), Diagnostic> {
        if argv.first().is_none_or(String::is_empty) {
            return Err(Diagnostic::new("there is no command to run"));
        }
        for (parameter, path) in
            [("creates", &self.creates), ("removes", &self.removes), ("chdir", &self.chdir)]
        {
            let Some(path) = path else { continue };
            absolute(parameter, path)?;
            if path.to_string_lossy().contains(['*', '?', '[']) {
                return Err(Diagnostic::new(format!("`{parameter}` is one path, not a pattern")));
            }
        }
        for name in &self.changes {
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(Diagnostic::new(format!("`changes` cannot name `{name}`"))
                    .help("absolute paths, unit names, or `network`"));
            }
        }
        Ok(())
    }

    /// The words that are run: as another user, its environment is kept (runuser(1)).
    fn words(&self, argv: &[String]) -> Vec<String> {
        let user = self.become_user.as_ref().filter(|_| !argv.is_empty());
        let prefix = user.map(|user| ["runuser", "-u", user, "--"].map(str::to_owned));
        prefix.into_iter().flatten().chain(argv.iter().cloned()).collect()
    }

    fn command(&self, argv: &[String]) -> host::Command {
        let newline = |text: &Secret<String>| {
            let text = text.expose();
            let ends = self.stdin_add_newline && !text.ends_with('\n');
            Secret::new(if ends { format!("{text}\n") } else { text.clone() })
        };
        host::Command {
            argv: self.words(argv),
            stdin: self.stdin.as_ref().map(newline),
            login: Some(self.become_user.clone().unwrap_or_else(|| "root".to_owned())),
            environment: self
                .environment
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            chdir: self.chdir.clone(),
            timeout_ms: self.timeout.ms,
        }
    }

    /// `expand`: no shell will read the words, so `~` and `$HOME` are filled in here.
    pub(super) fn look(
        &self,
        view: &dyn View,
        argv: &[String],
        expand: bool,
    ) -> Result<Found, HostError> {
        let argv = if expand && argv.iter().any(|word| word.contains(['~', '$'])) {
            let login = Login::look(view, self.become_user.as_ref())?;
            argv.iter().map(|word| login.expanded(view, word)).collect::<Result<_, _>>()?
        } else {
            argv.to_vec()
        };
        let is_there = |path: &Path| -> Result<Known<bool>, HostError> {
            Ok(view.stat(path)?.map(|stat| stat != Stat::Absent))
        };
        let mut wanted = Known::Is(true);
        for (path, runs_if) in [(&self.creates, false), (&self.removes, true)] {
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
                Some(view.probe(&Probe::Command(self.command(&argv)))?.map(|answer| match answer {
                    ProbeAnswer::Command(output) => output,
                    _ => CommandOutput::default(),
                }))
            }
        };
        Ok(Found { argv, wanted, answer })
    }

    pub(super) fn plan(&self, found: &Found) -> Planned {
        match (&found.answer, &found.wanted) {
            (_, Known::Is(false)) => not_needed(),
            (Some(Known::Is(output)), _) => self.observed(output, &found.argv),
            (Some(Known::Unknown(origin)), _) => unknown_result(origin).assume(origin.clone()),
            (None, Known::Is(true)) => Planned::as_declared().exact(self.act(found)),
            (None, Known::Unknown(origin)) => {
                Planned::as_declared().unless(self.act(found), origin.clone())
            }
        }
    }

    /// The act, with everything that it makes unknown: its guards' paths too.
    fn act(&self, found: &Found) -> Action {
        let guards = [&self.creates, &self.removes].into_iter().flatten();
        let mut changes: Vec<String> = guards.map(|path| path.display().to_string()).collect();
        changes.extend(self.changes.iter().cloned());
        changes.dedup();
        Action::Run { command: self.command(&found.argv), changes }
    }

    fn observed(&self, output: &CommandOutput, argv: &[String]) -> Planned {
        let planned = result(output);
        let program = self.words(argv).join(" ");
        if output.timed_out {
            return planned.fail(Diagnostic::new(format!("`{program}` did not end in time")));
        }
        if output.rc == 0 {
            return planned;
        }
        let mut diagnostic = Diagnostic::new(format!("`{program}` ended with {}", output.rc));
        if let Some(line) = output.stderr.lines().rev().find(|line| !line.trim().is_empty()) {
            diagnostic = diagnostic.note(format!("stderr: {line}"));
        }
        planned.fail(diagnostic)
    }
}

fn result(output: &CommandOutput) -> Planned {
    Planned { result: output.result(), ..Planned::as_declared() }
}

/// The result of a command that its guard kept from running, as Ansible gives it.
fn not_needed() -> Planned {
    result(&CommandOutput::default())
}

fn unknown_result(origin: &Origin) -> Planned {
    CommandOutput::MEMBERS.iter().fold(Planned::as_declared(), |planned, key| {
        planned.with(key, Value::Unknown(origin.clone()))
    })
}

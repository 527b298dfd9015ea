//! Programs of a host in memory: what they answer, and what they change.

use super::InMemory;
use super::world::{Condition, Effect, Script, World};
use crate::host::{Command, CommandOutput, HostError, Performed, Validate};
use std::path::Path;

impl InMemory {
    /// What a command that only observes answers.
    pub(super) fn output_of(&self, argv: &[String]) -> CommandOutput {
        match self.world.script(argv, None) {
            Found::Script(script) => self.world.output(script),
            Found::OtherArguments => CommandOutput {
                rc: 1,
                stderr: format!("{}: these arguments are not scripted", argv.join(" ")),
                ..CommandOutput::default()
            },
            Found::NoProgram => CommandOutput {
                rc: 127,
                stderr: format!("{}: not found", argv.first().map_or("", String::as_str)),
                ..CommandOutput::default()
            },
        }
    }

    pub(super) fn run(&mut self, command: &Command) -> Result<Performed, HostError> {
        if let Found::NoProgram = self.world.script(&command.argv, None) {
            let program = command.argv.first().cloned().unwrap_or_default();
            return Err(HostError::failed(format!("cannot run {program}: not found")));
        }
        let output = self.output_of(&command.argv);
        if output.rc == 0
            && let Found::Script(script) = self.world.script(&command.argv, None)
        {
            for effect in script.effects.clone() {
                self.world.take_effect(&effect);
            }
        }
        let mut performed = Performed { result: output.result(), ..Performed::default() };
        if output.rc != 0 {
            performed.failed = Some(format!("exit status {}", output.rc));
        }
        Ok(performed)
    }

    /// Asks a program whether it accepts a file before it takes its place.
    pub(super) fn validate(
        &self,
        validate: &Validate,
        path: &Path,
        bytes: &[u8],
    ) -> Result<(), HostError> {
        let output = match self.world.script(&validate.argv, Some(bytes)) {
            Found::Script(script) => self.world.output(script),
            Found::OtherArguments => CommandOutput::default(),
            Found::NoProgram => {
                return Err(HostError::failed(format!(
                    "cannot validate {}: {} not found",
                    path.display(),
                    validate.argv.join(" ")
                )));
            }
        };
        if output.rc == 0 {
            return Ok(());
        }
        Err(HostError::Failed {
            message: format!("{} does not pass `{}`", path.display(), validate.argv.join(" ")),
            notes: vec![format!("exit status {}: {}", output.rc, output.stderr)],
            help: None,
        })
    }
}

enum Found<'a> {
    Script(&'a Script),
    OtherArguments,
    NoProgram,
}

impl World {
    fn script(&self, argv: &[String], new_file: Option<&[u8]>) -> Found<'_> {
        let there = |script: &&Script| {
            script.argv.first() == argv.first()
                && script.needs.as_ref().is_none_or(|path| self.content(path).is_some())
        };
        let same = |script: &Script| {
            script.argv.len() == argv.len()
                && script.argv.iter().zip(argv).all(|(mine, asked)| mine == asked || mine == "*")
        };
        let mut known = false;
        for script in self.commands.iter().filter(there) {
            known = true;
            let fits = script.when.as_ref().is_none_or(|condition| self.holds(condition, new_file));
            if same(script) && fits {
                return Found::Script(script);
            }
        }
        if known { Found::OtherArguments } else { Found::NoProgram }
    }

    fn output(&self, script: &Script) -> CommandOutput {
        let file = script.stdout_of.as_ref();
        let stdout = match file.map(|path| self.content(path)) {
            None => script.stdout.clone(),
            Some(Some(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            Some(None) => {
                return CommandOutput {
                    rc: 1,
                    stderr: "no such file".to_owned(),
                    ..CommandOutput::default()
                };
            }
        };
        CommandOutput { rc: script.rc, stdout, stderr: script.stderr.clone(), timed_out: false }
    }

    fn holds(&self, condition: &Condition, new_file: Option<&[u8]>) -> bool {
        let contains = |path: &std::path::PathBuf| {
            let content = if path == Path::new("%s") { new_file } else { self.content(path) };
            content.is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(&condition.text))
        };
        condition.file.as_ref().is_none_or(contains)
            && condition
                .absent
                .as_ref()
                .is_none_or(|path| self.stat(path) == crate::host::Stat::Absent)
            && condition.active.as_ref().is_none_or(|unit| self.is_active(unit))
    }

    pub(super) fn take_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Write { path, content } => self.write(path, content.as_bytes()),
            Effect::Copy { from, to } => {
                if let Some(bytes) = self.content(from).map(<[u8]>::to_vec) {
                    self.write(to, &bytes);
                }
            }
            Effect::Remove(path) => self.remove(path),
            Effect::Unit { name, active, enabled } => {
                let unit = self.units.entry(crate::host::unit_name(name)).or_default();
                if let Some(active) = active {
                    unit.active = *active;
                }
                if let Some(enabled) = enabled {
                    unit.enabled.clone_from(enabled);
                }
            }
            Effect::Fact { name, value } => {
                self.facts.insert(name.clone(), value.clone().into());
            }
        }
    }
}

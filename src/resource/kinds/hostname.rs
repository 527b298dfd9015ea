//! `hostname`: what the host is called.

use crate::host::{Action, Attributes, Command, HostError, Stat, View};
use crate::resource::on_disk::has_program;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;
use std::path::Path;

/// What the host is called: in /etc/hostname, and in the running kernel.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hostname {
    /// The name, short or with its domain.
    name: String,
}

const FILE: &str = "/etc/hostname";
const RUNNING: &str = "/proc/sys/kernel/hostname";

/// The file, the running kernel's name, and whether hostname(1) is there.
#[derive(Debug)]
pub(super) struct Found {
    file: FileState,
    running: Known<String>,
    program: Known<bool>,
}

impl Resource for Hostname {
    const NAME: &'static str = "hostname";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const WRITES_TO: &'static [&'static str] = &["/etc/hostname", "/proc/sys/kernel/hostname"];
    const ON_COMMAND_LINE: &'static [&'static str] = &["name"];
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: its name in the inventory
  hostname:
    name: "{{ inventory_hostname }}"
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        let good = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if self.name.len() <= 64 && self.name.split('.').all(good) {
            return Ok(());
        }
        Err(Diagnostic::new(format!("`{}` is not a host's name", self.name))
            .help("labels of letters, digits and `-`, 64 characters at most (hostname(7))"))
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let file = FileState::look(view, Path::new(FILE), &Attributes::default(), None)?;
        let running = match view.stat(Path::new(RUNNING))? {
            Known::Is(Stat::File(_)) => view
                .read(Path::new(RUNNING))?
                .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()),
            Known::Is(_) => Known::Is(self.name.clone()),
            Known::Unknown(origin) => Known::Unknown(origin),
        };
        Ok(Found { file, running, program: has_program(view, "hostname")? })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = found.file.plan_edit(WholeFile::default(), |old| {
            let same = old.is_some_and(|text| text.trim() == self.name);
            Ok((!same).then(|| format!("{}\n", self.name)))
        })?;
        let unless = match &found.running {
            Known::Is(name) if *name == self.name => return Ok(planned),
            Known::Is(_) => None,
            Known::Unknown(origin) => Some(origin.clone()),
        };
        let program: &[&str] = match found.program {
            Known::Is(true) => &["hostname"],
            _ => &["hostnamectl", "--transient", "set-hostname"],
        };
        let words = program.iter().map(|&word| word.to_owned());
        let command = Command {
            argv: words.chain([self.name.clone()]).collect(),
            timeout_ms: 30_000,
            ..Command::default()
        };
        Ok(planned.act_seen(Action::Run { command, changes: vec![RUNNING.to_owned()] }, unless))
    }
}

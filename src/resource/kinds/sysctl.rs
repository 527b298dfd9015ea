//! `sysctl`: a parameter of the kernel, now and after a boot.

use super::group::State;
use crate::host::{Action, Attributes, Command, HostError, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{Scalar, yes};
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Look, Nature, Resource};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A parameter of the kernel: in a file that is read at boot, and in the running kernel, where it
/// is set if /proc/sys says otherwise.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sysctl {
    /// Its name, as sysctl(8) writes it.
    #[serde(alias = "key")]
    #[schemars(extend("aliases" = ["key"]))]
    name: String,
    /// Its value.
    #[serde(alias = "val")]
    #[schemars(extend("aliases" = ["val"]))]
    value: Option<Scalar>,
    /// Whether the file sets it. The running kernel keeps a value that is no longer set.
    #[serde(default)]
    state: State,
    /// The file.
    #[serde(default = "own_file")]
    sysctl_file: PathBuf,
    /// Set it in the running kernel too.
    #[serde(default = "yes", alias = "sysctl_set")]
    #[schemars(extend("aliases" = ["sysctl_set"]))]
    reload: bool,
}

fn own_file() -> PathBuf {
    Path::new("/etc/sysctl.d/90-converge.conf").to_path_buf()
}

/// The file, its folder, and the running kernel's value.
#[derive(Debug)]
pub(super) struct Found {
    file: FileState,
    running: Option<Known<Vec<u8>>>,
    known_to_kernel: Known<bool>,
}

impl Resource for Sysctl {
    const NAME: &'static str = "sysctl";
    const ALIASES: &'static [&'static str] = &["ansible.posix.sysctl"];
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: this host routes
  sysctl:
    name: net.ipv4.ip_forward
    value: 1
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("sysctl_file", &self.sysctl_file)?;
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@".contains(&byte);
        let parts = || self.name.split(['.', '/']);
        if !self.name.bytes().all(good) || parts().any(str::is_empty) {
            return Err(Diagnostic::new(format!("`{}` is no parameter of the kernel", self.name)));
        }
        if self.value.is_none() && self.state == State::Present {
            return Err(Diagnostic::new("`sysctl` needs `value`"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let file = FileState::look(view, &self.sysctl_file, &Attributes::default(), None)?;
        let mut running = None;
        let mut known_to_kernel = Known::Is(true);
        if self.reload && self.state == State::Present {
            let path = self.in_proc();
            let stat = view.stat(&path)?;
            if matches!(stat, Known::Is(Stat::File(_))) {
                running = Some(view.read(&path)?);
            } else if let Known::Unknown(origin) = &stat {
                running = Some(Known::Unknown(origin.clone()));
            }
            known_to_kernel = stat.map(|stat| stat != Stat::Absent);
        }
        Ok(Found { file, running, known_to_kernel })
    }

    fn plan(&self, found: &Found) -> Result<Look, Diagnostic> {
        if found.known_to_kernel == Known::Is(false) {
            return Err(Diagnostic::new(format!("the kernel has no parameter `{}`", self.name))
                .help("`reload: false` only writes the file, for a module that is loaded later"));
        }
        let look = found.file.plan_edit(WholeFile::default(), |old| {
            let text = old.unwrap_or_default();
            Ok((old.is_some() || self.state == State::Present).then(|| self.edited(text)))
        })?;
        let unless = match &found.running {
            None => return Ok(look),
            Some(Known::Is(bytes)) if self.is_so(&String::from_utf8_lossy(bytes)) => {
                return Ok(look);
            }
            Some(Known::Is(_)) => None,
            Some(Known::Unknown(origin)) => Some(origin.clone()),
        };
        let command = Command {
            argv: vec!["sysctl".into(), "-w".into(), format!("{}={}", self.name, self.text())],
            timeout_ms: 30_000,
            ..Command::default()
        };
        let changes = vec![self.in_proc().display().to_string()];
        Ok(look.step(Action::Run { command, changes }, unless))
    }
}

impl Sysctl {
    fn text(&self) -> String {
        match &self.value {
            Some(Scalar::Bool(value)) => u8::from(*value).to_string(),
            Some(value) => value.text(),
            None => String::new(),
        }
    }

    /// Where the kernel shows it: dots and slashes change places (sysctl(8)).
    fn in_proc(&self) -> PathBuf {
        let slashes_first = self
            .name
            .find('/')
            .is_some_and(|slash| self.name.find('.').is_none_or(|dot| slash < dot));
        let path = if slashes_first {
            self.name.clone()
        } else {
            self.name
                .chars()
                .map(|char| match char {
                    '.' => '/',
                    '/' => '.',
                    other => other,
                })
                .collect()
        };
        Path::new("/proc/sys").join(path)
    }

    fn is_so(&self, running: &str) -> bool {
        running.split_whitespace().eq(self.text().split_whitespace())
    }

    fn edited(&self, text: &str) -> String {
        let mut edited = String::new();
        let mut written = false;
        for line in text.split_inclusive('\n') {
            let bare = line.trim().trim_start_matches('-');
            let is_ours = !bare.starts_with(['#', ';'])
                && bare.split_once('=').is_some_and(|(name, _)| name.trim() == self.name);
            if !is_ours {
                edited.push_str(line);
            } else if self.state == State::Present && !written {
                written = true;
                let value = bare.split_once('=').map_or("", |(_, value)| value);
                let same = self.is_so(value);
                edited.push_str(if same { line } else { "" });
                if !same {
                    edited.push_str(&self.line());
                }
            }
        }
        if self.state == State::Present && !written {
            if !edited.is_empty() && !edited.ends_with('\n') {
                edited.push('\n');
            }
            edited.push_str(&self.line());
        }
        edited
    }

    fn line(&self) -> String {
        format!("{} = {}\n", self.name, self.text())
    }
}

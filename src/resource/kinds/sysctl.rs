//! `sysctl`: a parameter of the kernel, now and after a boot.

use super::group::State;
use crate::host::{Action, Attributes, Command, HostError, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{Scalar, yes};
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource, line_break, sysctl_files, sysctl_ties};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A parameter of the kernel: in a file that is read at boot, and in the running kernel, where it
/// is set if /proc/sys says otherwise.
///
/// Where a file that is read after the declared one sets it otherwise, the task fails; without
/// `sysctl_file`, /etc/sysctl.conf is edited instead where it has the last word.
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
    /// The file; without it /etc/sysctl.d/90-converge.conf.
    sysctl_file: Option<PathBuf>,
    /// Set it in the running kernel too.
    #[serde(default = "yes", alias = "sysctl_set")]
    #[schemars(extend("aliases" = ["sysctl_set"]))]
    reload: bool,
}

const OWN_FILE: &str = "/etc/sysctl.d/90-converge.conf";

/// The file, and the running kernel's value.
#[derive(Debug)]
pub(super) struct Found {
    /// Where the value is to stand.
    file: FileState,
    /// Our own file, where another is edited that would overrule it.
    own: Option<FileState>,
    /// A file that overrules it at boot, and its value.
    overruled: Option<(PathBuf, String)>,
    running: Option<Known<Vec<u8>>>,
    known_to_kernel: Known<bool>,
    /// Other parameters that the kernel sets with it.
    coupled: Vec<PathBuf>,
}

impl Resource for Sysctl {
    const NAME: &'static str = "sysctl";
    const ALIASES: &'static [&'static str] = &["ansible.posix.sysctl"];
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const WRITES_TO: &'static [&'static str] = &["/etc/sysctl.conf", "/etc/sysctl.d", "/proc/sys"];
    const ON_COMMAND_LINE: &'static [&'static str] = &["name", "value"];
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: this host routes
  sysctl:
    name: net.ipv4.ip_forward
    value: 1
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        self.sysctl_file.as_ref().map_or(Ok(()), |file| absolute("sysctl_file", file))?;
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
        let look = |path: &Path| FileState::look(view, path, &Attributes::default(), None);
        let path = self.sysctl_file.as_deref().unwrap_or(Path::new(OWN_FILE));
        let last_word = sysctl_files::last_word(view, path, &self.name)?;
        let (file, own, overruled) = match (&self.sysctl_file, last_word) {
            (None, Some((last, _))) if last == Path::new(sysctl_files::OLD) => {
                (look(&last)?, Some(look(path)?), None)
            }
            (_, overruled) => (look(path)?, None, overruled),
        };
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
        let coupled = match &running {
            Some(_) => sysctl_ties::coupled(view, &sysctl_files::place(&self.name))?,
            None => Vec::new(),
        };
        Ok(Found { file, own, overruled, running, known_to_kernel, coupled })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        if found.known_to_kernel == Known::Is(false) {
            return Err(Diagnostic::new(format!("the kernel has no parameter `{}`", self.name))
                .help("`reload: false` only writes the file, for a module that is loaded later"));
        }
        if self.state == State::Present
            && let Some((file, value)) = &found.overruled
            && !self.is_so(value)
        {
            let (name, file) = (&self.name, file.display());
            return Err(Diagnostic::new(format!("{file} sets `{name}` to another value at boot"))
                .help(format!(
                    "it is read later: name a file after it in `sysctl_file`, or {file} itself"
                )));
        }
        let edit = |file: &FileState, state: State| {
            file.plan_edit(WholeFile::default(), |old| {
                let text = old.unwrap_or_default();
                Ok((old.is_some() || state == State::Present).then(|| self.edited(text, state)))
            })
        };
        let mut planned = edit(&found.file, self.state)?;
        if let Some(own) = &found.own {
            let other = edit(own, State::Absent)?;
            planned.steps.extend(other.steps);
            planned.open.extend(other.open);
        }
        let unless = match &found.running {
            None => return Ok(planned),
            Some(Known::Is(bytes)) if self.is_so(&String::from_utf8_lossy(bytes)) => {
                return Ok(planned);
            }
            Some(Known::Is(_)) => None,
            Some(Known::Unknown(origin)) => Some(origin.clone()),
        };
        let command = Command {
            argv: vec!["sysctl".into(), "-w".into(), format!("{}={}", self.name, self.text())],
            timeout_ms: 30_000,
            ..Command::default()
        };
        let in_proc = self.in_proc();
        let changes = std::iter::once(&in_proc).chain(&found.coupled);
        let changes = changes.map(|path| path.display().to_string()).collect();
        Ok(planned.act_seen(Action::Run { command, changes }, unless))
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

    /// Where the kernel shows it.
    fn in_proc(&self) -> PathBuf {
        Path::new(sysctl_ties::ROOT).join(sysctl_files::place(&self.name))
    }

    fn is_so(&self, running: &str) -> bool {
        running.split_whitespace().eq(self.text().split_whitespace())
    }

    fn edited(&self, text: &str, state: State) -> String {
        let place = sysctl_files::place(&self.name);
        let mut edited = String::new();
        let mut written = state == State::Absent;
        for line in text.split_inclusive('\n') {
            match sysctl_files::setting(line) {
                Some((name, value)) if sysctl_files::place(name) == place => {
                    if !std::mem::replace(&mut written, true) {
                        if self.is_so(value) {
                            edited.push_str(line);
                        } else {
                            line_break::push(&mut edited, &self.line(), line_break::of(text));
                        }
                    }
                }
                _ => edited.push_str(line),
            }
        }
        if !written {
            line_break::push(&mut edited, &self.line(), line_break::of(text));
        }
        edited
    }

    fn line(&self) -> String {
        format!("{} = {}\n", self.name, self.text())
    }
}

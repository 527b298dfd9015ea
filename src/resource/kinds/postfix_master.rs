//! `postfix_master`: one service in a master.cf that others own too.

use super::group::State;
use crate::host::{Attributes, HostError, View};
use crate::resource::logical_lines::{Fate, LogicalLines};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Scalar;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One service in master.cf, the whole of it (master(5)). Other services are left alone.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostfixMaster {
    /// The service's name: `submission`, `127.0.0.1:10027`, …
    #[serde(alias = "service")]
    #[schemars(extend("aliases" = ["service"]))]
    name: String,
    /// How it is reached.
    r#type: Type,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    /// Access only for Postfix; `-` is `y`.
    #[serde(default = "dash")]
    private: String,
    /// Without root's rights; `-` is `y`.
    #[serde(default = "dash")]
    unprivileged: String,
    /// In a chroot; `-` is `n` from compatibility level 1 on.
    #[serde(default = "no")]
    chroot: String,
    /// Seconds after which it is woken; `-` is never.
    #[serde(default = "dash")]
    wakeup: String,
    /// How many processes at most; `-` is `default_process_limit`.
    #[serde(default = "dash")]
    maxproc: String,
    /// The program and its arguments, without `-o`.
    command: Option<String>,
    /// Parameters for this service (`-o NAME=VALUE`).
    #[serde(default)]
    options: IndexMap<String, Scalar>,
    /// The file.
    #[serde(default = "master_cf")]
    path: PathBuf,
    /// Keep the old file beside the new as `NAME.TIMESTAMP~`.
    #[serde(default)]
    backup: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Type {
    /// A TCP socket.
    Inet,
    /// A socket in the file system.
    Unix,
    /// As `unix`.
    UnixDgram,
    /// A named pipe.
    Fifo,
    /// A socket that is handed to another process.
    Pass,
}

fn dash() -> String {
    "-".to_owned()
}

fn no() -> String {
    "n".to_owned()
}

fn master_cf() -> PathBuf {
    Path::new("/etc/postfix/master.cf").to_path_buf()
}

impl Resource for PostfixMaster {
    const NAME: &'static str = "postfix_master";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: a listener past the filters
  postfix_master:
    name: 127.0.0.1:10027
    type: inet
    private: n
    command: smtpd
    options:
      syslog_name: postfix/injector
      smtpd_tls_security_level: none
  notify: reload postfix
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        if self.command.is_none() && self.state == State::Present {
            return Err(Diagnostic::new("`postfix_master` needs `command`"));
        }
        let fields = [&self.name, &self.private, &self.unprivileged, &self.chroot, &self.wakeup];
        for field in fields.into_iter().chain([&self.maxproc]) {
            if field.is_empty() || field.contains(char::is_whitespace) || field.starts_with('#') {
                return Err(Diagnostic::new(format!("`{field}` is not one word")));
            }
        }
        if let Some(command) = &self.command
            && (command.trim().is_empty() || command.contains('\n'))
        {
            return Err(Diagnostic::new("`command` is not one line"));
        }
        for (name, value) in &self.options {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
            if name.is_empty() || !name.bytes().all(good) {
                return Err(Diagnostic::new(format!("`{name}` is not a parameter's name")));
            }
            if !has_paired_braces(&value.text()) {
                return Err(Diagnostic::new(format!("the braces in `{name}` are not in pairs"))
                    .help("Postfix reads options up to the closing brace"));
            }
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        FileState::look(view, &self.path, &Attributes::default(), None)
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let file = WholeFile { backup: self.backup, ..WholeFile::default() };
        state.plan_edit(file, |old| match (old, self.state) {
            (Some(text), _) => Ok(Some(self.edited(text))),
            (None, State::Absent) => Ok(None),
            (None, State::Present) => {
                Err(Diagnostic::new(format!("there is no file {}", self.path.display()))
                    .help("install Postfix before this task"))
            }
        })
    }
}

impl PostfixMaster {
    const fn type_name(&self) -> &'static str {
        match self.r#type {
            Type::Inet => "inet",
            Type::Unix => "unix",
            Type::UnixDgram => "unix-dgram",
            Type::Fifo => "fifo",
            Type::Pass => "pass",
        }
    }

    fn entry(&self) -> String {
        let command = self.command.as_deref().unwrap_or_default().trim();
        let mut entry = format!(
            "{} {} {} {} {} {} {} {command}\n",
            self.name,
            self.type_name(),
            self.private,
            self.unprivileged,
            self.chroot,
            self.wakeup,
            self.maxproc
        );
        for (name, value) in &self.options {
            let value = value.text();
            // The form with braces keeps white space (Postfix 3.0 and newer).
            let option = if value.contains(char::is_whitespace) {
                format!("  -o {{ {name} = {value} }}\n")
            } else {
                format!("  -o {name}={value}\n")
            };
            entry.push_str(&option);
        }
        entry
    }

    fn edited(&self, text: &str) -> String {
        let wanted = self.entry();
        let file = LogicalLines::of(text);
        let mut written = self.state == State::Absent;
        let fate = |entry: &String| {
            let mut words = entry.split_whitespace();
            let ours = words.next() == Some(&self.name) && words.next() == Some(self.type_name());
            if !ours {
                Fate::Stays
            } else if std::mem::replace(&mut written, true) {
                Fate::Goes
            } else if entry.split_whitespace().eq(wanted.split_whitespace()) {
                Fate::Stays
            } else {
                Fate::Becomes(wanted.clone())
            }
        };
        let fates: Vec<Fate> = file.entries().iter().map(fate).collect();
        file.edited(&fates, if written { "" } else { &wanted })
    }
}

fn has_paired_braces(text: &str) -> bool {
    let mut open = 0_usize;
    for char in text.chars() {
        match char {
            '{' => open += 1,
            '}' if open == 0 => return false,
            '}' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

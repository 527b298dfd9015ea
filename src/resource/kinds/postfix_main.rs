//! `postfix_main`: parameters in a main.cf that others own too.

use crate::host::{Attributes, HostError, View};
use crate::resource::file_parameters::Replacing;
use crate::resource::logical_lines::{Fate, LogicalLines};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{List, Scalar};
use crate::resource::whole_file::FileState;
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Parameters in a main.cf that others own too. A role that owns Postfix writes main.cf whole.
///
/// Only lines of the parameters that are named are touched. A value that differs in white space
/// only is left alone.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PostfixMain {
    /// Parameters and their values. `true` and `false` are written `yes` and `no`.
    #[serde(default, alias = "settings")]
    #[schemars(extend("aliases" = ["settings"]))]
    parameters: IndexMap<String, Scalar>,
    /// Parameters that shall not stand there, so that Postfix's default holds.
    #[serde(default)]
    remove: List,
    /// The file.
    #[serde(default = "main_cf")]
    path: PathBuf,
    #[serde(flatten)]
    replacing: Replacing,
}

fn main_cf() -> PathBuf {
    Path::new("/etc/postfix/main.cf").to_path_buf()
}

impl Resource for PostfixMain {
    const NAME: &'static str = "postfix_main";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: mail leaves through the relay
  postfix_main:
    parameters:
      relayhost: "[mail.example.org]:587"
      smtp_tls_security_level: secure
    remove: [smtp_use_tls]
  notify: reload postfix
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        self.replacing.validation()?;
        for name in self.parameters.keys().chain(&self.remove.0) {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
            if name.is_empty() || !name.bytes().all(good) {
                return Err(Diagnostic::new(format!("`{name}` is not a parameter's name")));
            }
        }
        if let Some(name) = self.remove.0.iter().find(|name| self.parameters.contains_key(*name)) {
            return Err(Diagnostic::new(format!("`{name}` is both set and removed")));
        }
        if self.parameters.is_empty() && self.remove.0.is_empty() {
            return Err(Diagnostic::new("`postfix_main` needs `parameters` or `remove`"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.replacing.look(view, &self.path, &Attributes::default())
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let file = self.replacing.file(&Attributes::default())?;
        state.plan_edit(file, |old| match old {
            Some(text) => Ok(Some(self.edited(text))),
            None => Err(Diagnostic::new(format!("there is no file {}", self.path.display()))
                .help("install Postfix before this task, or write main.cf whole with `template`")),
        })
    }
}

impl PostfixMain {
    fn edited(&self, text: &str) -> String {
        let file = LogicalLines::of(text);
        let names: Vec<Option<&str>> = file
            .entries()
            .iter()
            .map(|entry| name_and_value(entry).map(|(name, _)| name))
            .collect();
        let fate = |at: usize, entry: &str| {
            let Some((name, value)) = name_and_value(entry) else { return Fate::Stays };
            if self.remove.0.iter().any(|one| one == name) {
                return Fate::Goes;
            }
            let Some(wanted) = self.parameters.get(name).map(Scalar::text) else {
                return Fate::Stays;
            };
            // Of several lines for one parameter the last holds (postconf(5)).
            if names[at + 1..].contains(&Some(name)) {
                Fate::Goes
            } else if value.split_whitespace().eq(wanted.split_whitespace()) {
                Fate::Stays
            } else {
                Fate::Becomes(line(name, &wanted))
            }
        };
        let fates: Vec<Fate> =
            file.entries().iter().enumerate().map(|(at, entry)| fate(at, entry)).collect();
        let missing = self.parameters.iter().filter(|(name, _)| !names.contains(&Some(name)));
        let added: String = missing.map(|(name, value)| line(name, &value.text())).collect();
        file.edited(&fates, &added)
    }
}

fn name_and_value(entry: &str) -> Option<(&str, &str)> {
    entry.split_once('=').map(|(name, value)| (name.trim(), value))
}

fn line(name: &str, value: &str) -> String {
    if value.is_empty() { format!("{name} =\n") } else { format!("{name} = {value}\n") }
}

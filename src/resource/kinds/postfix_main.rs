//! `postfix_main`: parameters in a main.cf that others own too.

use crate::host::{Attributes, HostError, View};
use crate::resource::file_parameters::Replacing;
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{List, Scalar};
use crate::resource::whole_file::FileState;
use crate::resource::{Look, Nature, Resource};
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

    fn plan(&self, state: &FileState) -> Result<Look, Diagnostic> {
        let file = self.replacing.file(&Attributes::default())?;
        state.plan_edit(file, |old| match old {
            Some(text) => Ok(Some(self.edited(text))),
            None => Err(Diagnostic::new(format!("there is no file {}", self.path.display()))
                .help("install Postfix before this task, or write main.cf whole with `template`")),
        })
    }
}

/// A parameter's lines with what belongs to them, or lines between parameters.
struct Part<'a> {
    name: Option<&'a str>,
    text: String,
}

impl PostfixMain {
    fn edited(&self, text: &str) -> String {
        let mut parts = parts(text);
        parts.retain(|part| {
            !part.name.is_some_and(|name| self.remove.0.iter().any(|one| one == name))
        });
        let mut added = String::new();
        for (name, value) in &self.parameters {
            let value = value.text();
            // Of several lines for one parameter the last holds (postconf(5)).
            let Some(last) = parts.iter().rposition(|part| part.name == Some(name)) else {
                added.push_str(&line(name, &value));
                continue;
            };
            if words(value_of(&parts[last].text)) != words(&value) {
                parts[last].text = line(name, &value);
            }
            let mut at = 0;
            parts.retain(|part| {
                at += 1;
                part.name != Some(name) || at - 1 == last
            });
        }
        let mut edited: String = parts.iter().map(|part| part.text.as_str()).collect();
        if !added.is_empty() && !edited.is_empty() && !edited.ends_with('\n') {
            edited.push('\n');
        }
        edited + &added
    }
}

fn line(name: &str, value: &str) -> String {
    if value.is_empty() { format!("{name} =\n") } else { format!("{name} = {value}\n") }
}

fn value_of(text: &str) -> &str {
    text.split_once('=').map_or("", |(_, value)| value)
}

/// The words of a value, comments between its lines left out.
fn words(value: &str) -> Vec<&str> {
    value
        .lines()
        .enumerate()
        .filter(|(at, line)| *at == 0 || !line.trim_start().starts_with('#'))
        .flat_map(|(_, line)| line.split_whitespace())
        .collect()
}

/// The text in parts: a parameter's own line and those that continue it (postconf(5): lines that
/// begin with white space; comments and empty lines between them belong to it).
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut held = String::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let continues = line.starts_with([' ', '\t']) && !bare.is_empty() && !bare.starts_with('#');
        if bare.is_empty() || bare.starts_with('#') {
            held.push_str(line);
        } else if continues && let Some(last) = parts.last_mut() {
            last.text.push_str(&std::mem::take(&mut held));
            last.text.push_str(line);
        } else {
            parts.push(Part { name: None, text: std::mem::take(&mut held) });
            let name = line.split_once('=').map(|(name, _)| name.trim());
            parts.push(Part { name, text: line.to_owned() });
        }
    }
    parts.push(Part { name: None, text: held });
    parts
}

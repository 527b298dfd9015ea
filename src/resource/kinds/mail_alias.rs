//! `mail_alias`: who gets the mail of a local name.

use super::group::State;
use crate::host::{Action, Attributes, Command, CommandOutput, HostError, View};
use crate::resource::on_disk::{absolute, has_program};
use crate::resource::parameter::{List, yes};
use crate::resource::postfix::ask;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Look, Nature, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One entry of the aliases file: who gets the mail of a local name (aliases(5)).
///
/// `newaliases` is run where the entry changed, and where the alias database does not say what
/// the file says. With an empty `mydestination` Postfix asks no aliases: use
/// `virtual_alias_maps` there.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailAlias {
    /// The local name.
    #[serde(alias = "alias")]
    #[schemars(extend("aliases" = ["alias"]))]
    name: String,
    /// Addresses, local names, `|command`, `/file`.
    #[serde(default, alias = "recipient", alias = "to")]
    #[schemars(extend("aliases" = ["recipient", "to"]))]
    recipients: List,
    /// Whether there shall be such an entry.
    #[serde(default)]
    state: State,
    /// The aliases file; without it the distribution's own.
    path: Option<PathBuf>,
    /// Run `newaliases`, where there is one.
    #[serde(default = "yes")]
    rebuild: bool,
}

/// The file, and what was built from it.
#[derive(Debug)]
pub(super) struct Found {
    file: FileState,
    newaliases: Known<bool>,
    /// What the database answers for this name; `None` where no `postalias` can be asked.
    built: Option<Known<CommandOutput>>,
}

impl Resource for MailAlias {
    const NAME: &'static str = "mail_alias";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: somebody reads root's mail
  mail_alias:
    name: root
    recipients: admin@example.org
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.name.is_empty()
            || self.name.contains(|char: char| ":#\"".contains(char) || char.is_whitespace())
        {
            return Err(Diagnostic::new(format!("`name: {}` is not a local name", self.name)));
        }
        if self.state == State::Present && self.recipients.0.is_empty() {
            return Err(Diagnostic::new("`mail_alias` needs `recipients`"));
        }
        if self.recipients.0.iter().any(|recipient| recipient.contains('\n')) {
            return Err(Diagnostic::new("a recipient is one line"));
        }
        self.path.as_ref().map_or(Ok(()), |path| absolute("path", path))
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let path = match &self.path {
            Some(path) => path.clone(),
            None => own_path(view)?,
        };
        let file = FileState::look(view, &path, &Attributes::default(), None)?;
        let mut newaliases = Known::Is(false);
        let mut built = None;
        if self.rebuild {
            newaliases = has_program(view, "newaliases")?;
            if newaliases != Known::Is(false) {
                let table = path.display().to_string();
                built = match has_program(view, "postalias")? {
                    Known::Is(true) => Some(ask(view, &["postalias", "-q", &self.name, &table])?),
                    Known::Is(false) => None,
                    Known::Unknown(origin) => Some(Known::Unknown(origin)),
                };
            }
        }
        Ok(Found { file, newaliases, built })
    }

    fn plan(&self, found: &Found) -> Result<Look, Diagnostic> {
        let look = found.file.plan_edit(WholeFile::default(), |old| {
            let old = old.unwrap_or_default();
            let new = self.edited(old);
            Ok((new != old).then_some(new))
        })?;
        let written = !look.steps.is_empty();
        let doubt = look.open.first().map(|open| open.origin.clone());
        let newaliases = match &found.newaliases {
            Known::Is(false) => return Ok(look),
            Known::Is(true) => None,
            Known::Unknown(origin) => Some(origin.clone()),
        };
        let unless: Option<Origin> = match (written, doubt, &found.built) {
            (true, _, _) => newaliases,
            (false, Some(origin), _) => Some(origin),
            (false, None, Some(Known::Unknown(origin))) => Some(origin.clone()),
            (false, None, Some(Known::Is(output))) if !self.is_built(output) => newaliases,
            (false, None, _) => return Ok(look),
        };
        let command = Command {
            argv: vec!["newaliases".to_owned()],
            timeout_ms: 60_000,
            ..Command::default()
        };
        let path = found.file.on_disk.path.display();
        let changes = vec![format!("{path}.db"), format!("{path}.lmdb")];
        Ok(look.step(Action::Run { command, changes }, unless))
    }
}

/// Where the distribution's Postfix looks.
fn own_path(view: &dyn View) -> Result<PathBuf, HostError> {
    let facts = view.facts()?;
    let family = facts.get("ansible_os_family").and_then(Value::as_str).unwrap_or_default();
    let path = match family {
        "Archlinux" | "Alpine" => "/etc/postfix/aliases",
        _ => "/etc/aliases",
    };
    Ok(Path::new(path).to_path_buf())
}

impl MailAlias {
    /// The database answers with these recipients, or with none where there shall be none.
    fn is_built(&self, output: &CommandOutput) -> bool {
        match self.state {
            State::Present => output.rc == 0 && recipients(&output.stdout) == self.recipients.0,
            State::Absent => output.rc != 0,
        }
    }

    /// The file with the entry as declared, everything else untouched.
    fn edited(&self, text: &str) -> String {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut edited = String::new();
        let mut written = false;
        let mut at = 0;
        while at < lines.len() {
            let mut end = at + 1;
            if !lines[at].starts_with('#') {
                while end < lines.len() && lines[end].starts_with([' ', '\t']) {
                    end += 1;
                }
            }
            let entry = lines[at..end].concat();
            at = end;
            let is_ours = entry.split_once(':').is_some_and(|(name, _)| {
                !entry.starts_with('#')
                    && name.trim().trim_matches('"').eq_ignore_ascii_case(&self.name)
            });
            if !is_ours {
                edited.push_str(&entry);
            } else if self.state == State::Present && !written {
                written = true;
                let same = entry.split_once(':').map(|(_, rest)| recipients(rest))
                    == Some(self.recipients.0.clone());
                edited.push_str(if same { &entry } else { "" });
                edited.push_str(&if same { String::new() } else { self.line() });
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
        format!("{}: {}\n", self.name, self.recipients.0.join(", "))
    }
}

/// The recipients of an entry, split at commas outside quotes.
fn recipients(text: &str) -> Vec<String> {
    let joined = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut all = vec![String::new()];
    let mut quoted = false;
    for char in joined.chars() {
        match char {
            ',' if !quoted => all.push(String::new()),
            other => {
                quoted ^= other == '"';
                if let Some(last) = all.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    all.into_iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

//! `mail_alias`: who gets the mail of a local name.

use super::group::State;
use crate::host::{Action, Attributes, Command, CommandOutput, HostError, View};
use crate::resource::logical_lines::{Fate, LogicalLines};
use crate::resource::on_disk::{absolute, has_program};
use crate::resource::parameter::{List, yes};
use crate::resource::postfix::ask;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource};
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
    const WRITES_TO: &'static [&'static str] = &["/etc"];
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: somebody reads root's mail
  mail_alias:
    name: root
    recipients: admin@example.org
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        // What would need quotes, and what postalias takes for another domain's.
        let special = |char: char| r#":#"\@%,;()<>[]"#.contains(char) || char.is_whitespace();
        if self.name.is_empty() || self.name.contains(special) {
            return Err(Diagnostic::new(format!("`name: {}` is not a local name", self.name)));
        }
        if self.state == State::Present && self.recipients.0.is_empty() {
            return Err(Diagnostic::new("`mail_alias` needs `recipients`"));
        }
        if self.recipients.0.iter().any(|recipient| recipient.contains('\n')) {
            return Err(Diagnostic::new("a recipient is one line"));
        }
        for one in &self.recipients.0 {
            let parts = recipients(one);
            if one.replace("\\\"", "").matches('"').count() % 2 == 1 {
                return Err(Diagnostic::new("a quote in `recipients` is not closed"));
            }
            if parts.len() > 1 && one.trim_start().starts_with(['|', '/', ':']) {
                return Err(Diagnostic::new("a recipient with a comma in it needs double quotes"));
            }
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

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = found.file.plan_edit(WholeFile::default(), |old| {
            let old = old.unwrap_or_default();
            let new = self.edited(old);
            Ok((new != old).then_some(new))
        })?;
        let written = !planned.steps.is_empty();
        let doubt = planned.open.first().map(|open| open.origin.clone());
        let newaliases = match &found.newaliases {
            Known::Is(false) => return Ok(planned),
            Known::Is(true) => None,
            Known::Unknown(origin) => Some(origin.clone()),
        };
        let unless: Option<Origin> = match (written, doubt, &found.built) {
            (true, _, _) => newaliases,
            (false, Some(origin), _) => Some(origin),
            (false, None, Some(Known::Unknown(origin))) => Some(origin.clone()),
            (false, None, Some(Known::Is(output))) if !self.is_built(output) => newaliases,
            (false, None, _) => return Ok(planned),
        };
        let command = Command {
            argv: vec!["newaliases".to_owned()],
            timeout_ms: 60_000,
            ..Command::default()
        };
        let path = found.file.on_disk.path.display();
        let changes = vec![format!("{path}.db"), format!("{path}.lmdb")];
        Ok(planned.act_seen(Action::Run { command, changes }, unless))
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
    /// The recipients as they are written: what needs quotes has them.
    fn written(&self) -> Vec<String> {
        let needs_quotes = |one: &str| {
            let special = one.starts_with(['|', '/']) || one.starts_with(":include:");
            special && one.contains(char::is_whitespace)
        };
        recipients(&self.recipients.0.join(","))
            .into_iter()
            .map(|one| if needs_quotes(&one) { quoted(&one) } else { one })
            .collect()
    }

    fn means(&self, text: &str) -> bool {
        plain(&recipients(text)) == plain(&self.written())
    }

    /// The database answers with these recipients, or with none where there shall be none.
    fn is_built(&self, output: &CommandOutput) -> bool {
        match self.state {
            State::Present => output.rc == 0 && self.means(&output.stdout),
            State::Absent => output.rc != 0,
        }
    }

    /// The file with the entry as declared, everything else untouched. Of several entries of one
    /// name the first holds.
    fn edited(&self, text: &str) -> String {
        let line = format!("{}: {}\n", self.name, self.written().join(", "));
        let file = LogicalLines::of(text);
        let mut written = self.state == State::Absent;
        let fate = |entry: &String| match name_and_rest(entry) {
            Some((name, rest)) if unquoted(name.trim()).eq_ignore_ascii_case(&self.name) => {
                if std::mem::replace(&mut written, true) {
                    Fate::Goes
                } else if self.means(rest) {
                    Fate::Stays
                } else {
                    Fate::Becomes(line.clone())
                }
            }
            _ => Fate::Stays,
        };
        let fates: Vec<Fate> = file.entries().iter().map(fate).collect();
        file.edited(&fates, if written { "" } else { &line })
    }
}

/// An entry's name and its recipients: what is before and after the colon outside quotes.
fn name_and_rest(entry: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let colon = entry.find(|char| {
        quoted ^= char == '"';
        char == ':' && !quoted
    })?;
    Some((&entry[..colon], &entry[colon + 1..]))
}

/// The recipients of an entry: split at commas that stand in neither quotes nor comments.
fn recipients(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0_usize);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let Some(last) = all.last_mut() else { break };
        match char {
            '\\' => {
                last.push(char);
                last.extend(chars.next());
                continue;
            }
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        last.push(char);
    }
    let words = |one: &String| one.split_whitespace().collect::<Vec<_>>().join(" ");
    all.iter().map(words).filter(|one| !one.is_empty()).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What is meant, whichever way it is quoted (RFC 5322, 3.2.4).
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => {}
            '\\' => plain.extend(chars.next()),
            other => plain.push(other),
        }
    }
    plain
}

fn plain(recipients: &[String]) -> Vec<String> {
    recipients.iter().map(|one| unquoted(one)).collect()
}

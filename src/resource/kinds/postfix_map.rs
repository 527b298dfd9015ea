//! `postfix_map`: a lookup table of Postfix, its source and what is built from it.

use super::group::State;
use crate::host::{Action, Attributes, Command, HostError, Stat, View};
use crate::resource::on_disk::{OnDisk, absolute, has_program};
use crate::resource::parameter::Bytes;
use crate::resource::postfix::{ambiguous, ask, entries};
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Origin};
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::PathBuf;

/// A lookup table of Postfix: its source, and the database that `postmap` builds from it.
///
/// The database is built again where it does not hold what the source says, which is found out by
/// reading it (`postmap -s`), so a run that was killed in between is made good. A built database
/// keeps the mode of its source from the first time: a table with passwords is 0600 from the start.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PostfixMap {
    /// The source file, without the database's suffix.
    #[serde(alias = "dest", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "name"]))]
    path: PathBuf,
    /// Keys and their values.
    entries: Option<IndexMap<String, String>>,
    /// The whole source as text. Give this or `entries`.
    content: Option<Bytes>,
    /// The kind of database (`hash`, `lmdb`, `texthash`, …); without it Postfix's own default.
    r#type: Option<String>,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    #[serde(flatten)]
    attributes: Attributes,
}

/// The suffixes of what `postmap` builds (DATABASE_README).
const BUILT: &[&str] = &["db", "lmdb", "cdb", "dir", "pag"];

/// Kinds that Postfix reads as they are written.
const UNBUILT: &[&str] =
    &["texthash", "regexp", "pcre", "cidr", "inline", "static", "unionmap", "pipemap", "randmap"];

/// The source, and what is built.
#[derive(Debug)]
pub(super) struct Found {
    source: FileState,
    /// What was built, where it is to go.
    built: Vec<OnDisk>,
    postmap: Known<bool>,
    /// What the database holds; `None` if there is none that can be read.
    holds: Known<Option<Vec<(String, String)>>>,
}

impl Resource for PostfixMap {
    const NAME: &'static str = "postfix_map";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: login for the next hop
  postfix_map:
    path: /etc/postfix/sasl_passwd
    entries:
      "[mail.example.org]:587": web01@example.org:{{ relay_password }}
    mode: "0600"
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        if let Some(suffix) = self.path.extension().and_then(|suffix| suffix.to_str())
            && BUILT.contains(&suffix)
        {
            return Err(Diagnostic::new(format!(
                "{} is the database; `path` is what it is built from",
                self.path.display()
            )));
        }
        if let Some(kind) = &self.r#type
            && (kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            return Err(Diagnostic::new(format!("`type: {kind}` is no kind of table"))
                .help("postconf -m lists them"));
        }
        if self.state == State::Present && self.entries.is_some() == self.content.is_some() {
            return Err(Diagnostic::new(
                "`postfix_map` needs `entries` or `content`, and not both",
            ));
        }
        for (key, value) in self.entries.iter().flatten() {
            let is_word = !key.contains(|char: char| char.is_whitespace() || char == '"');
            if key.is_empty() || key.starts_with('#') || !is_word {
                return Err(Diagnostic::new(format!("`{key}` cannot be a key: it is one word")));
            }
            if value.trim().is_empty() || value.contains('\n') {
                return Err(Diagnostic::new(format!("the value of `{key}` is not one line")));
            }
        }
        let source = self.source();
        if self.is_built()
            && let Some(at) = ambiguous(&String::from_utf8_lossy(&source))
        {
            return Err(Diagnostic::new(format!(
                "entry {at} of the table has the key of an earlier one, and another value"
            ))
            .help("postmap takes the first; keys that differ only in case are one"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let source = FileState::look(view, &self.path, &self.attributes, None)?;
        let mut built = Vec::new();
        let mut postmap = Known::Is(true);
        let mut holds = Known::Is(None);
        if self.state == State::Absent {
            for suffix in BUILT {
                let path = PathBuf::from(format!("{}.{suffix}", self.path.display()));
                built.push(OnDisk::look(view, &path, &Attributes::default())?);
            }
        } else if self.is_built() {
            postmap = has_program(view, "postmap")?;
            if let Known::Unknown(origin) = &postmap {
                holds = Known::Unknown(origin.clone());
            } else if postmap == Known::Is(true) {
                holds = ask(view, &["postmap", "-s", &self.table()])?
                    .map(|output| (output.rc == 0).then(|| entries(&output.stdout)));
            }
        }
        Ok(Found { source, built, postmap, holds })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        if self.state == State::Absent {
            return Ok(std::iter::once(&found.source.on_disk)
                .chain(&found.built)
                .filter(|there| there.stat != Known::Is(Stat::Absent))
                .fold(Planned::as_declared(), |planned, there| {
                    let action =
                        Action::Remove { path: there.path.clone(), before: there.before() };
                    planned.step(action, there.doubt())
                }));
        }
        let content = self.source();
        let file = WholeFile {
            content: content.clone(),
            attributes: self.attributes.clone(),
            force: true,
            ..WholeFile::default()
        };
        let planned = found.source.plan(&file)?;
        if !self.is_built() {
            return Ok(planned);
        }
        if found.postmap == Known::Is(false) {
            return Err(Diagnostic::new("there is no postmap to build the table with")
                .help("install Postfix before this task, or use `type: texthash`"));
        }
        let rewritten = planned.steps.iter().find_map(|step| match &step.action {
            Action::WriteFile { .. } => Some(step.unless.clone()),
            _ => None,
        });
        let wanted = entries(&String::from_utf8_lossy(&content));
        // A database that is older than its source makes Postfix warn, whatever it holds.
        let unless: Option<Origin> = match (rewritten, &found.holds) {
            (Some(None), _) => None,
            (Some(doubt), Known::Is(Some(held))) if *held == wanted => doubt,
            (None, Known::Is(Some(held))) if *held == wanted => return Ok(planned),
            (_, Known::Is(_)) => None,
            (_, Known::Unknown(origin)) => Some(origin.clone()),
        };
        Ok(planned.act_seen(self.build(), unless))
    }
}

impl PostfixMap {
    fn is_built(&self) -> bool {
        !self.r#type.as_ref().is_some_and(|kind| UNBUILT.contains(&kind.as_str()))
    }

    /// The table as `postmap` names it; without a type it takes Postfix's default.
    fn table(&self) -> String {
        match &self.r#type {
            Some(kind) => format!("{kind}:{}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }

    fn source(&self) -> Vec<u8> {
        if let Some(content) = &self.content {
            return content.0.clone();
        }
        let lines = self.entries.iter().flatten();
        lines.map(|(key, value)| format!("{key} {}\n", value.trim())).collect::<String>().into()
    }

    fn build(&self) -> Action {
        let built = |suffix: &str| format!("{}.{suffix}", self.path.display());
        let changes = match self.r#type.as_deref() {
            Some("lmdb") => vec![built("lmdb")],
            Some("hash" | "btree") => vec![built("db")],
            Some("cdb") => vec![built("cdb")],
            Some("dbm" | "sdbm") => vec![built("dir"), built("pag")],
            _ => vec![built("db"), built("lmdb")],
        };
        Action::Run {
            command: Command {
                argv: vec!["postmap".to_owned(), self.table()],
                timeout_ms: 60_000,
                ..Command::default()
            },
            changes,
        }
    }
}

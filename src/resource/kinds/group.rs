//! `group`: a group of the host's own.

use crate::host::{self, Action, HostError, View};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;

/// A group in /etc/group.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    /// Its name.
    name: String,
    /// Its number; without it the host chooses one.
    gid: Option<u32>,
    /// Whether there shall be one.
    #[serde(default)]
    state: State,
    /// A number from the range of system groups, where the host chooses it.
    #[serde(default)]
    system: bool,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// There.
    #[default]
    Present,
    /// Not there.
    Absent,
}

/// The group's entry, and whether there is one, whatever its number.
#[derive(Debug)]
pub(super) struct Found {
    entry: Known<Option<host::Group>>,
    is_there: bool,
}

impl Resource for Group {
    const NAME: &'static str = "group";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const ON_COMMAND_LINE: &'static [&'static str] = &["name"];
    const RESULT: &'static [&'static str] = &["name"];
    const EXAMPLE: &'static str = r#"- name: who may read the mail log
  group:
    name: maillog
    system: true
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        account_name("name", &self.name)
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let entry = view.group(&self.name)?;
        Ok(Found { entry, is_there: view.is_surely_group(&self.name)? })
    }

    fn plan(&self, Found { entry: found, is_there }: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared().with("name", self.name.as_str());
        let present = self.state == State::Present;
        let so = match found {
            Known::Is(None) => !present,
            Known::Is(Some(group)) => present && self.gid.is_none_or(|gid| gid == group.gid),
            Known::Unknown(_) => present && self.gid.is_none() && *is_there,
        };
        if so {
            return Ok(planned);
        }
        let action = Action::Group {
            name: self.name.clone(),
            present,
            gid: self.gid.filter(|_| present),
            system: self.system,
            before: found.clone(),
        };
        Ok(planned.step(action, doubt(found)))
    }
}

/// Why it is not known.
pub(super) fn doubt<T>(found: &Known<T>) -> Option<crate::value::Origin> {
    match found {
        Known::Is(_) => None,
        Known::Unknown(origin) => Some(origin.clone()),
    }
}

/// A name that `useradd(8)` and `groupadd(8)` take everywhere.
pub(super) fn account_name(parameter: &str, name: &str) -> Result<(), Diagnostic> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte);
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts && name.len() <= 32 && name.bytes().all(good) {
        return Ok(());
    }
    Err(Diagnostic::new(format!("`{parameter}: {name}` is not an account's name"))
        .help("letters, digits, `_`, `-` and `.`, a letter or `_` first, at most 32"))
}

//! `package`: packages installed, removed or at their newest version, in one transaction.

use crate::host::{self, Action, HostError, PackageRequest, PackageWish, Transaction, View};
use crate::resource::parameter::List;
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Origin};
use serde::Deserialize;

/// Packages installed, removed, or at their newest version: apt and pacman alike.
///
/// One task is one transaction. The plan shows all of it, dependencies and removals included, as
/// the package manager's own simulation answers. Removed packages keep their configuration.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    /// Names; `NAME=VERSION` asks for exactly that version, `NAME=3.7.*` for one like that.
    #[serde(alias = "pkg", alias = "package")]
    #[schemars(extend("aliases" = ["pkg", "package"]))]
    name: List,
    /// What shall be.
    #[serde(default)]
    state: State,
    /// Units of these packages that must not be started or enabled by the installation: they are
    /// masked for its length, and end disabled and stopped unless they ran before.
    #[serde(default)]
    hold: List,
    /// Fetch the package index anew before something is installed.
    #[serde(default)]
    update_cache: bool,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Installed, in whatever version.
    #[default]
    #[serde(alias = "installed")]
    #[schemars(extend("aliases" = ["installed"]))]
    Present,
    /// Not installed.
    #[serde(alias = "removed")]
    #[schemars(extend("aliases" = ["removed"]))]
    Absent,
    /// Installed in the newest version that the repositories have.
    Latest,
}

/// What the package manager says.
#[derive(Debug)]
pub(super) struct Found {
    interrupted: Known<Option<String>>,
    /// What is not so, or may not be.
    request: PackageRequest,
    /// Why some of it may already be so.
    doubt: Option<Origin>,
    /// What the manager would do; `None` if nothing has to be asked.
    answer: Option<Known<Transaction>>,
}

impl Resource for Package {
    const NAME: &'static str = "package";
    const ALIASES: &'static [&'static str] = &["apt", "pacman", "community.general.pacman"];
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const ON_COMMAND_LINE: &'static [&'static str] = &["name"];
    const RESULT: &'static [&'static str] = &[];
    const BRINGS_ANYTHING: bool = true;
    const EXAMPLE: &'static str = r#"- name: Postfix, started only once it is configured
  package:
    name: postfix
    hold: [postfix.service]
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.name.0.is_empty() {
            return Err(Diagnostic::new("`name` names no package").help(
                "the index is fetched when something is to be installed: `update_cache: true` \
                 beside a `name`",
            ));
        }
        for name in &self.name.0 {
            let plain = wish(name).name;
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._:@".contains(&byte);
            if plain.is_empty() || plain.starts_with('-') || !plain.bytes().all(good) {
                return Err(Diagnostic::new(format!("`{name}` is not a package's name"))
                    .help("`NAME` or `NAME=VERSION`"));
            }
            if name.contains('=') && self.state != State::Present {
                return Err(Diagnostic::new(format!(
                    "`{name}` names a version, which goes with `state: present` only"
                )));
            }
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let interrupted = view.interrupted_packages()?;
        let mut request =
            PackageRequest { refresh: self.update_cache, ..PackageRequest::default() };
        let mut doubt = None;
        for name in &self.name.0 {
            let wish = wish(name);
            let installed = match view.package(&wish.name)? {
                Known::Is(host::Package { installed }) => Some(installed),
                Known::Unknown(origin) => {
                    doubt = doubt.or(Some(origin));
                    None
                }
            };
            match self.state {
                State::Present => match &installed {
                    Some(Some(version)) if wish.accepts(version) => {}
                    _ => request.install.push(wish),
                },
                State::Absent if installed == Some(None) => {}
                State::Absent => request.remove.push(wish.name),
                State::Latest => request.upgrade.push(wish.name),
            }
        }
        let nothing =
            request.install.is_empty() && request.remove.is_empty() && request.upgrade.is_empty();
        let whole = interrupted == Known::Is(None);
        let ask = || view.simulate(&[], &request);
        let answer = match (!nothing).then(ask) {
            // A broken database may answer nothing before its repair.
            Some(Err(_)) if !whole => Some(Known::Unknown(the_repair())),
            answer => answer.transpose()?,
        };
        Ok(Found { interrupted, request, doubt, answer })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared();
        let names = || self.name.0.iter().map(|name| wish(name).name).collect::<Vec<_>>().join(" ");
        // What the repair finishes is known after it: only then the transaction is certain.
        let (planned, repaired) = match &found.interrupted {
            Known::Is(Some(state)) => {
                let repair = Action::RepairPackages { found: state.clone() };
                (planned.exact(repair), Some(the_repair()))
            }
            Known::Is(None) => (planned, None),
            Known::Unknown(origin) => {
                let planned = planned.open("repair_packages", "package database", origin.clone());
                (planned, Some(origin.clone()))
            }
        };
        match &found.answer {
            None => Ok(planned),
            Some(Known::Unknown(origin)) => Ok(planned.open("packages", names(), origin.clone())),
            Some(Known::Is(transaction)) if transaction.changes.is_empty() => Ok(planned),
            Some(Known::Is(transaction)) => {
                let action = Action::Packages(Transaction {
                    request: found.request.clone(),
                    hold: self.hold.0.clone(),
                    ..transaction.clone()
                });
                Ok(planned.step(action, repaired.or_else(|| found.doubt.clone())))
            }
        }
    }
}

fn the_repair() -> Origin {
    Origin::new("the repair of the package database")
}

fn wish(name: &str) -> PackageWish {
    match name.split_once('=') {
        Some((name, version)) => {
            PackageWish { name: name.to_owned(), version: Some(version.to_owned()) }
        }
        None => PackageWish { name: name.to_owned(), version: None },
    }
}

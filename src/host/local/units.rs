//! The states of the service manager's units: all that will be asked for, in one call of
//! `systemctl show`, kept until something acts.

use super::super::{HostError, Unit, unit_name};
use super::{held, process};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Is there exactly where systemd is the running service manager (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";
const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Type,Result,UnitFileState,\
                          InvocationID,FragmentPath,NeedDaemonReload,CanReload,RemainAfterExit,\
                          Wants,ConsistsOf";
/// Seconds for a question to systemd.
const SECONDS: u64 = 30;

/// What is known of units by now, and of which units more will be asked.
#[derive(Debug, Default)]
pub(super) struct Units {
    expected: RefCell<BTreeSet<String>>,
    known: RefCell<HashMap<String, Shown>>,
}

/// One unit as `systemctl show` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shown {
    /// The unit's own name; another than the asked one, if that is an alias.
    pub(super) id: String,
    pub(super) load: String,
    pub(super) active: String,
    pub(super) sub: String,
    pub(super) kind: String,
    pub(super) result: String,
    pub(super) unit_file: String,
    pub(super) invocation: String,
    pub(super) need_reload: bool,
    pub(super) can_reload: bool,
    pub(super) remains: bool,
    /// Units that it wants and that are stopped with it: what a wrapper without a process of its
    /// own stands for (Debian's `postfix.service` for `postfix@-.service`).
    pub(super) members: Vec<String>,
}

impl Shown {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading" | "refreshing")
    }

    /// It does its work and is not active afterwards.
    pub(super) fn ends(&self) -> bool {
        self.kind == "oneshot" && !self.remains
    }

    fn state(&self) -> Unit {
        Unit {
            exists: !matches!(self.load.as_str(), "" | "not-found"),
            enabled: self.unit_file.clone(),
            active: self.is_active(),
            masked: self.load == "masked",
        }
    }
}

impl Units {
    /// Remembers names, so that the next question asks for them as well.
    pub(super) fn expect(&self, names: &[String]) {
        let names = names.iter().map(|name| unit_name(name));
        self.expected.borrow_mut().extend(names);
    }

    /// A unit's state; a unit that a killed transaction left masked is told as it will be when the
    /// next run that performs has taken the mask away.
    ///
    /// # Errors
    /// If systemd does not run here, or does not answer.
    pub(super) fn state(&self, name: &str) -> Result<Unit, HostError> {
        let name = unit_name(name);
        let mut unit = self.shown(&name)?.state();
        if unit.masked
            && let Some(was_enabled) = held::left_over().get(&name)
        {
            unit.masked = false;
            unit.enabled = if *was_enabled { "enabled" } else { "disabled" }.to_owned();
        }
        Ok(unit)
    }

    /// All that is known of a unit.
    pub(super) fn shown(&self, name: &str) -> Result<Shown, HostError> {
        let name = unit_name(name);
        if let Some(shown) = self.known.borrow().get(&name) {
            return Ok(shown.clone());
        }
        let names: Vec<String> = {
            let mut expected = self.expected.borrow_mut();
            expected.insert(name.clone());
            expected.iter().cloned().collect()
        };
        let asked = match show(&names) {
            // The question for all fails if one of the others cannot be answered.
            Err(_) if names.len() > 1 => {
                show(std::slice::from_ref(&name)).map(|shown| (vec![name.clone()], shown))
            }
            shown => shown.map(|shown| (names, shown)),
        };
        let (names, shown) = asked?;
        let mut known = self.known.borrow_mut();
        known.extend(names.into_iter().zip(shown));
        Ok(known.get(&name).cloned().unwrap_or_default())
    }

    /// Something acted: nothing is known any more.
    pub(super) fn forget(&self) {
        self.known.borrow_mut().clear();
    }
}

/// Asks systemd for these units, in this order.
pub(super) fn show(names: &[String]) -> Result<Vec<Shown>, HostError> {
    if !Path::new(BOOTED).is_dir() {
        return Err(HostError::Failed {
            message: "systemd is not this host's running service manager".to_owned(),
            notes: vec![format!("{BOOTED} is not there")],
            help: None,
        });
    }
    if let Some(name) = names.iter().find(|name| name.starts_with('-') || !is_unit_name(name)) {
        return Err(HostError::failed(format!("`{}` is no unit name", name.escape_debug())));
    }
    let mut argv = vec!["systemctl", "show", "--no-pager", "--property", PROPERTIES, "--"];
    argv.extend(names.iter().map(String::as_str));
    let shown = parse(&process::must(&process::tool(&argv, SECONDS))?);
    if shown.len() == names.len() {
        return Ok(shown);
    }
    Err(HostError::failed(format!(
        "`systemctl show` told of {} units, not of the {} that were asked for",
        shown.len(),
        names.len()
    )))
}

/// Makes systemd read its unit files again.
pub(super) fn daemon_reload() -> Result<(), HostError> {
    process::must(&process::tool(&["systemctl", "daemon-reload"], SECONDS)).map(drop)
}

/// The characters of systemd.unit(5).
fn is_unit_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte))
}

/// Blocks of `KEY=VALUE` lines, an empty line between them.
fn parse(text: &str) -> Vec<Shown> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let pairs = block.lines().filter_map(|line| line.split_once('='));
            let of: HashMap<&str, &str> = pairs.collect();
            let get = |key: &str| of.get(key).copied().unwrap_or_default();
            let consists: Vec<_> = get("ConsistsOf").split_whitespace().collect();
            let wants = get("Wants").split_whitespace().filter(|name| consists.contains(name));
            Shown {
                id: get("Id").to_owned(),
                load: get("LoadState").to_owned(),
                active: get("ActiveState").to_owned(),
                sub: get("SubState").to_owned(),
                kind: get("Type").to_owned(),
                result: get("Result").to_owned(),
                unit_file: get("UnitFileState").to_owned(),
                invocation: get("InvocationID").to_owned(),
                need_reload: get("NeedDaemonReload") == "yes",
                can_reload: get("CanReload") == "yes",
                remains: get("RemainAfterExit") == "yes",
                members: wants.map(str::to_owned).collect(),
            }
        })
        .collect()
}

//! The states of the service manager's units: all that will be asked for, in one call of
//! `systemctl show`, kept until something acts.

use super::super::{HostError, UNIT_FOLDERS, Unit, is_file_of, is_unit_file, unit_name};
use super::unread::Unread;
use super::{held, masked, process};
use crate::value::{Known, Origin};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

/// Is there exactly where systemd is the running service manager (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";
const PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Type,Result,UnitFileState,\
                          InvocationID,FragmentPath,SourcePath,NeedDaemonReload,CanReload,\
                          RemainAfterExit,Job,\
                          Wants,ConsistsOf";
/// Seconds for a question to systemd, and for what it is at with a unit.
const SECONDS: u64 = 30;
/// Between two looks at what systemd is at.
const LOOK: Duration = Duration::from_millis(50);

/// What is known of units by now, and of which units more will be asked.
#[derive(Debug, Default)]
pub(super) struct Units {
    expected: RefCell<BTreeSet<String>>,
    known: RefCell<HashMap<String, Shown>>,
    unread: Unread,
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
    /// The file that it is generated from, if it is.
    pub(super) source: String,
    pub(super) invocation: String,
    pub(super) need_reload: bool,
    pub(super) can_reload: bool,
    pub(super) remains: bool,
    /// systemd has a job for it: to start, stop or restart it.
    pub(super) job: bool,
    /// Units that it wants and that are stopped with it: what a wrapper without a process of its
    /// own stands for (Debian's `postfix.service` for `postfix@-.service`).
    pub(super) members: Vec<String>,
}

impl Shown {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading" | "refreshing")
    }

    /// Whether it is about to be what it is not now: a restart stops it for a moment.
    fn is_changing(&self) -> bool {
        self.job && !matches!(self.active.as_str(), "activating" | "reloading" | "refreshing")
    }

    /// It does its work and is not active afterwards.
    pub(super) fn ends(&self) -> bool {
        self.kind == "oneshot" && !self.remains
    }

    /// `UnitFileState`; of a unit that systemd makes from a script of SysV's, what enabling and
    /// disabling it leaves: links (systemd-sysv-install, update-rc.d(8)).
    fn enabled(&self) -> String {
        match self.sysv_script() {
            Some(script) if is_linked(script) => "enabled".to_owned(),
            Some(_) => "disabled".to_owned(),
            None => self.unit_file.clone(),
        }
    }

    fn sysv_script(&self) -> Option<&str> {
        let script = self.source.strip_prefix("/etc/init.d/")?;
        (self.unit_file == "generated").then_some(script)
    }

    fn state(&self) -> Unit {
        Unit {
            exists: !matches!(self.load.as_str(), "" | "not-found"),
            enabled: self.enabled(),
            active: self.is_active(),
            masked: self.load == "masked",
            hidden: None,
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
    /// next run that performs has taken the mask away. Of one that systemd does not come to an end
    /// with, it is not known.
    ///
    /// # Errors
    /// If systemd does not run here, or does not answer.
    pub(super) fn state(&self, name: &str) -> Result<Known<Unit>, HostError> {
        let name = unit_name(name);
        let shown = self.shown(&name)?;
        if shown.is_changing() {
            return Ok(Known::Unknown(Origin::new(format!("what systemd is doing with {name}"))));
        }
        let mut unit = shown.state();
        if unit.masked
            && let Some(was_enabled) = held::left_over().get(&name)
        {
            unit.masked = false;
            unit.enabled = if *was_enabled { "enabled" } else { "disabled" }.to_owned();
        } else if unit.masked {
            unit.hidden = masked::hidden_state(&name);
        }
        Ok(Known::Is(unit))
    }

    /// All that is known of a unit, once systemd is through with what it was told to do with it: a
    /// killed run's restart goes on without it.
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
        let (names, mut shown) = asked?;
        if let Some(own) = names.iter().position(|other| *other == name).map(|at| &mut shown[at]) {
            let end = Instant::now() + Duration::from_secs(SECONDS);
            while own.is_changing() && Instant::now() < end {
                std::thread::sleep(LOOK);
                *own = show(std::slice::from_ref(&name))?.pop().unwrap_or_default();
            }
        }
        let mut known = self.known.borrow_mut();
        let all = names.into_iter().zip(shown);
        known.extend(all.filter(|(other, shown)| *other == name || !shown.is_changing()));
        Ok(known.get(&name).cloned().unwrap_or_default())
    }

    /// A file is about to be written, replaced or removed. Of a new drop-in systemd knows itself, and
    /// a unit that is new is not read yet.
    ///
    /// # Errors
    /// If that cannot be remembered.
    pub(super) fn replaces(&self, path: &Path, is_new: bool) -> Result<(), HostError> {
        let Some(file) = path.file_name() else { return Ok(()) };
        let was_read = || {
            let others = UNIT_FOLDERS.iter().map(|units| Path::new(units).join(file));
            others.into_iter().any(|other| other != path && other.exists())
        };
        if is_unit_file(path) && (!is_new || was_read()) {
            return self.unread.add(path);
        }
        Ok(())
    }

    /// Whether systemd must read a unit's files again before it acts on it.
    pub(super) fn must_be_read(&self, unit: &Shown) -> bool {
        unit.need_reload || self.unread.any(|path| is_file_of(path, &unit.id))
    }

    /// Makes systemd read its unit files again.
    pub(super) fn read_again(&self) -> Result<(), HostError> {
        daemon_reload()?;
        self.unread.clear()
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

/// Whether a script of SysV's is started at boot: `S01NAME` in a run level's folder.
fn is_linked(script: &str) -> bool {
    let starts = |name: &str| {
        let number = name.strip_prefix('S').and_then(|rest| rest.strip_suffix(script));
        number.is_some_and(|number| number.len() == 2)
    };
    ["/etc/rcS.d", "/etc/rc5.d"].iter().any(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(starts))
    })
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
                source: get("SourcePath").to_owned(),
                invocation: get("InvocationID").to_owned(),
                need_reload: get("NeedDaemonReload") == "yes",
                can_reload: get("CanReload") == "yes",
                remains: get("RemainAfterExit") == "yes",
                job: !matches!(get("Job"), "" | "0"),
                members: wants.map(str::to_owned).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Shown, Units};
    use std::path::Path;

    #[test]
    fn what_this_run_replaced_of_a_unit_must_be_read() {
        let unit = |id: &str| Shown { id: id.to_owned(), ..Shown::default() };
        let cases = [
            ("/etc/systemd/system/a.service", false, "a.service", true),
            ("/etc/systemd/system/a.service.d/10-own.conf", false, "a.service", true),
            ("/etc/systemd/system/b@.service", false, "b@one.service", true),
            ("/etc/systemd/system/b@.service.d/x.conf", false, "b@one.service", true),
            ("/etc/systemd/system/b@.service", false, "b.service", false),
            ("/etc/systemd/system/a.socket", false, "a.service", false),
            ("/etc/systemd/system/new-one.service", true, "new-one.service", false),
            ("/etc/systemd/a.service", false, "a.service", false),
        ];
        for (path, is_new, id, must) in cases {
            let (_folder, unread) = crate::host::local::unread::tests::none();
            let units = Units { unread, ..Units::default() };
            assert!(!units.must_be_read(&unit(id)));
            units.replaces(Path::new(path), is_new).unwrap();
            assert_eq!(units.must_be_read(&unit(id)), must, "{path} {id}");
        }
    }
}

//! apt: foretells a transaction by its own simulation, and performs exactly that one.

use super::super::{
    Command, CommandOutput, HostError, Manager, PackageChange, PackageRequest, Transaction,
};
use super::apt_output::{changes, failure, is_locked};
use super::dpkg_pending::Pending;
use super::dpkg_status::{DpkgStatus, Installed, PATIENCE};
use super::hold::Hold;
use super::process::{self, tool};
use super::scratch::Scratch;
use super::transaction;
use super::unfinished::{self, Reached};
use crate::value::Secret;
use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

const LISTS: &str = "/var/lib/apt/lists";
/// Seconds for a simulation, for fetching an index, and for a whole transaction.
const SIMULATION_SECONDS: u64 = 120;
const UPDATE_SECONDS: u64 = 600;
const TRANSACTION_SECONDS: u64 = 2 * 3600;

/// apt and dpkg on a host.
#[derive(Debug)]
pub(super) struct Apt {
    /// dpkg's database.
    pub(super) status: DpkgStatus,
    /// An index fetched for answers only, where the host has none.
    index: RefCell<Option<Scratch>>,
}

impl Apt {
    pub(super) fn new() -> Self {
        Self { status: DpkgStatus::new("/var/lib/dpkg"), index: RefCell::new(None) }
    }

    /// What this request would change once these transactions are performed.
    ///
    /// # Errors
    /// If apt finds no such transaction, or no repository can be reached.
    pub(super) fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Transaction, HostError> {
        transaction::plain_names(request)?;
        let needs_index = request.refresh || !has_index(Path::new(LISTS));
        let pending = if after.is_empty() {
            None
        } else {
            let options = if needs_index { self.private_index()? } else { Vec::new() };
            Some(Pending::after(&self.status, after, &options)?)
        };
        let wanted = match &pending {
            Some(pending) => Wanted::of(request, &pending.installed),
            None => Wanted::of(request, &*self.status.read()?),
        };
        let mut answer = Transaction {
            manager: Manager::Apt,
            refresh_index: request.refresh,
            request: request.clone(),
            changes: Vec::new(),
            hold: Vec::new(),
        };
        if wanted.is_empty() {
            return Ok(answer);
        }
        answer.refresh_index = needs_index;
        let mut options = if needs_index { self.private_index()? } else { Vec::new() };
        options.extend(pending.iter().flat_map(Pending::options));
        let output = process::run(&simulation(&options, &wanted.arguments))?;
        if output.rc != 0 {
            return Err(failure("apt-get", &output));
        }
        answer.changes = changes(&output.stdout);
        transaction::names_are_packages(&wanted.new, &answer.changes)?;
        Ok(answer)
    }

    /// Options that make apt use an index of this run's own, fetched once.
    fn private_index(&self) -> Result<Vec<String>, HostError> {
        let mut index = self.index.borrow_mut();
        let fetched = index.is_some();
        let scratch = match index.take() {
            Some(scratch) => index.insert(scratch),
            None => index.insert(Scratch::new()?),
        };
        let mut options = Vec::new();
        let mut option = |text: String| options.extend(["-o".to_owned(), text]);
        option(format!("Dir::State::Lists={}/lists", scratch.path().display()));
        option("Dir::Cache::pkgcache=".to_owned());
        option("Dir::Cache::srcpkgcache=".to_owned());
        option("APT::Sandbox::User=root".to_owned());
        if !fetched && let Err(error) = fetch(&options, &scratch.path().join("lists")) {
            *index = None;
            return Err(error);
        }
        Ok(options)
    }

    /// Performs a transaction, every version pinned.
    ///
    /// # Errors
    /// [`HostError::Stale`] if apt would now do anything else; else what apt said.
    pub(super) fn perform(&self, planned: &Transaction) -> Result<(), HostError> {
        if planned.refresh_index {
            let mut argv = vec!["apt-get", "-q", "update"];
            argv.extend(FETCHING);
            patiently(&noninteractive(&argv, UPDATE_SECONDS))?;
            *self.index.borrow_mut() = None;
        }
        if planned.changes.is_empty() {
            return Ok(());
        }
        let pins = pins(&planned.changes);
        let again = process::run(&simulation(&only_these(), &pins))?;
        if again.rc != 0 {
            return Err(no_longer(&again));
        }
        transaction::same(planned, &changes(&again.stdout))?;
        let hold = Hold::begin(&planned.hold)?;
        let mut argv: Vec<String> =
            ["apt-get", "-q", "-y", "--allow-downgrades"].map(str::to_owned).into();
        argv.extend(only_these());
        argv.extend(KEEPING.map(str::to_owned));
        argv.push("install".to_owned());
        argv.extend(pins);
        unfinished::begin(planned)?;
        let done = patiently(&noninteractive(&argv, TRANSACTION_SECONDS));
        let released = hold.end();
        done?;
        released?;
        mark_dependencies(planned)?;
        unfinished::end();
        Ok(())
    }

    /// What an interrupted transaction left, in words.
    ///
    /// # Errors
    /// As [`DpkgStatus::interrupted`].
    pub(super) fn interrupted(&self) -> Result<Option<String>, HostError> {
        let found = self.status.interrupted()?;
        let left = unfinished::left();
        let open = self.open(left.as_ref())?;
        let names: Vec<&str> = open.iter().map(|open| open.name.as_str()).collect();
        let names = names.join(" ");
        Ok(match found {
            None if names.is_empty() => None,
            None => Some(format!("a transaction was interrupted; not done yet: {names}")),
            Some(found) if left.is_none() || names.is_empty() => Some(found),
            Some(found) => Some(format!("{found}; its transaction is carried on: {names}")),
        })
    }

    /// What is still to do of what was begun: of our own transaction what it did not come to, as
    /// it was shown, and each half-installed package that another one left.
    fn open(&self, left: Option<&Transaction>) -> Result<Vec<Open>, HostError> {
        let torn = self.status.half_installed()?;
        let installed = self.status.read()?;
        let ours = left.map(|left| left.changes.as_slice()).unwrap_or_default();
        let is_torn = |change: &PackageChange| torn.contains(&change.name);
        let reached = left.map(|left| unfinished::reached(left, &installed));
        // Where all or nothing came, there is only more to do if a package of ours was torn.
        let begun = matches!(reached, Some(Reached::Without(_))) || ours.iter().any(is_torn);
        let there = |change: &PackageChange| {
            installed.version(&change.name) == change.to.as_deref() && !is_torn(change)
        };
        let mut open: Vec<Open> = ours
            .iter()
            .filter(|change| begun && !there(change))
            .map(|change| Open { name: change.name.clone(), argument: pin(change) })
            .collect();
        for name in torn {
            if !open.iter().any(|open| open.name == name) {
                open.push(Open { argument: name.clone(), name });
            }
        }
        Ok(open)
    }

    /// Ends a killed transaction of which nothing is left to install.
    ///
    /// # Errors
    /// If apt cannot be told which packages came as dependencies.
    pub(super) fn settle(&self) -> Result<(), HostError> {
        let Some(left) = unfinished::left() else { return Ok(()) };
        if self.status.interrupted()?.is_some() {
            return Ok(());
        }
        match unfinished::reached(&left, &*self.status.read()?) {
            Reached::Without(_) => return Ok(()),
            Reached::All => mark_dependencies(&left)?,
            Reached::Nothing => {}
        }
        unfinished::end();
        Ok(())
    }

    /// Finishes what an interrupted dpkg left, and nothing that was not shown: removes what was
    /// going, configures what is unpacked, and carries on what [`Apt::interrupted`] names, every version pinned. Units held
    /// by the killed run stay held meanwhile.
    ///
    /// # Errors
    /// If the database is not whole afterwards: with what dpkg said, and what a person can do.
    pub(super) fn repair(&self) -> Result<(), HostError> {
        let (mut removed, mut configured) = (Ok(()), Ok(()));
        // Twice: what dpkg's journal says of a removal stands in its status only after the first.
        for _ in 0..2 {
            let leaving = self.status.leaving()?;
            if !leaving.is_empty() {
                // As apt removes: what takes its place comes after it.
                let mut argv =
                    vec!["dpkg", "--force-depends", "--force-remove-reinstreq", "--remove"];
                argv.extend(leaving.iter().map(String::as_str));
                removed = patiently(&noninteractive(&argv, TRANSACTION_SECONDS)).map(drop);
            }
            let argv = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"];
            configured = patiently(&noninteractive(&argv, TRANSACTION_SECONDS)).map(drop);
            if self.status.leaving()?.is_empty() {
                break;
            }
        }
        let left = unfinished::left();
        let open = self.open(left.as_ref())?;
        let carried_on = if open.is_empty() { Ok(()) } else { carry_on(&open) };
        if let Some(still) = self.status.unfinished()? {
            let because = removed.err().or(carried_on.err()).or(configured.err());
            return Err(not_whole(&still, because));
        }
        // What cannot be had any more is left to the task that wants it.
        if let Some(left) = left {
            if unfinished::reached(&left, &*self.status.read()?) == Reached::All {
                mark_dependencies(&left)?;
            }
            unfinished::end();
        }
        Ok(())
    }
}

/// A change that was begun and has not ended.
struct Open {
    name: String,
    /// As apt-get install takes it.
    argument: String,
}

/// Installs and removes these, and refuses if apt would then do anything else.
fn carry_on(open: &[Open]) -> Result<(), HostError> {
    let mut arguments = vec!["--reinstall".to_owned()];
    arguments.extend(open.iter().map(|open| open.argument.clone()));
    let mut options = only_these();
    let simulated = process::run(&simulation(&options, &arguments))?;
    if simulated.rc != 0 {
        return Err(failure("apt-get", &simulated));
    }
    let more: Vec<String> = changes(&simulated.stdout)
        .into_iter()
        .filter(|change| !open.iter().any(|named| named.name == change.name))
        .map(|change| change.name)
        .collect();
    if !more.is_empty() {
        return Err(HostError::failed(format!("it would also change {}", more.join(" "))));
    }
    options.extend(KEEPING.map(str::to_owned));
    let mut argv: Vec<String> =
        ["apt-get", "-q", "-y", "--allow-downgrades"].map(str::to_owned).into();
    argv.append(&mut options);
    argv.push("install".to_owned());
    argv.append(&mut arguments);
    patiently(&noninteractive(&argv, TRANSACTION_SECONDS)).map(drop)
}

/// The repair did what it may, and the database is not whole.
fn not_whole(still: &str, because: Option<HostError>) -> HostError {
    let mut notes = Vec::new();
    if let Some(HostError::Failed { message, notes: said, .. }) = because {
        notes.push(message);
        notes.extend(said);
    }
    HostError::Failed {
        message: format!("the package database cannot be repaired: {still}"),
        notes,
        help: Some(
            "mend it by hand: `dpkg --configure -a` says what fails, and `apt-get -s -f install` \
             what apt would change"
                .to_owned(),
        ),
    }
}

/// Changed conffiles stay (dpkg(1)). Another's lock is waited for by [`patiently`] alone: apt's own
/// waiting (apt.conf(5)) would come on top.
const KEEPING: [&str; 8] = [
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "Dpkg::Use-Pty=false",
    "-o",
    "DPkg::Lock::Timeout=0",
];

/// A repository that does not answer is an error, not a warning, and a soon one.
const FETCHING: [&str; 6] = [
    "-o",
    "APT::Update::Error-Mode=any",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20",
];

/// What is asked of apt, without what is so already.
struct Wanted {
    arguments: Vec<String>,
    /// Names that must be among the changes.
    new: Vec<String>,
}

impl Wanted {
    fn of(request: &PackageRequest, installed: &Installed) -> Self {
        let mut wanted = Self { arguments: Vec::new(), new: Vec::new() };
        let mut kept = Vec::new();
        for wish in &request.install {
            match (installed.version(&wish.name), &wish.version) {
                // It stays as it is, whatever the repositories have by now.
                (Some(there), _) if wish.accepts(there) => {
                    kept.push(format!("{}={there}", wish.name));
                }
                (_, version) => {
                    wanted.new.push(wish.name.clone());
                    wanted.arguments.push(match version {
                        Some(version) => format!("{}={version}", wish.name),
                        None => wish.name.clone(),
                    });
                }
            }
        }
        wanted.arguments.extend(request.upgrade.iter().cloned());
        let absent = request.upgrade.iter().filter(|name| installed.version(name).is_none());
        wanted.new.extend(absent.cloned());
        let there = request.remove.iter().filter(|name| installed.version(name).is_some());
        wanted.arguments.extend(there.map(|name| format!("{name}-")));
        if !wanted.arguments.is_empty() {
            wanted.arguments.extend(kept);
        }
        wanted
    }

    fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }
}

/// Whether the host has fetched any index.
fn has_index(lists: &Path) -> bool {
    std::fs::read_dir(lists).is_ok_and(|entries| {
        let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).any(|name| name.contains("_Packages"))
    })
}

fn fetch(options: &[String], lists: &Path) -> Result<(), HostError> {
    std::fs::create_dir_all(lists.join("partial"))
        .map_err(|source| HostError::file("make directory", lists, source))?;
    let mut argv: Vec<String> = vec!["apt-get".to_owned(), "-q".to_owned()];
    argv.extend_from_slice(options);
    argv.extend(FETCHING.map(str::to_owned));
    argv.extend(["-o", "Acquire::Languages=none", "update"].map(str::to_owned));
    patiently(&noninteractive(&argv, UPDATE_SECONDS)).map(drop)
}

fn simulation(options: &[String], arguments: &[String]) -> Command {
    let mut argv: Vec<String> =
        ["apt-get", "-s", "-y", "--allow-downgrades", "-o", "Debug::NoLocking=true"]
            .map(str::to_owned)
            .into();
    argv.extend_from_slice(options);
    argv.push("install".to_owned());
    argv.extend_from_slice(arguments);
    noninteractive(&argv, SIMULATION_SECONDS)
}

/// Nothing joins the packages that are named.
fn only_these() -> Vec<String> {
    let options = [
        "APT::Install-Recommends=false",
        "APT::Install-Suggests=false",
        "APT::Get::AutomaticRemove=false",
    ];
    options.into_iter().flat_map(|option| ["-o".to_owned(), option.to_owned()]).collect()
}

fn pins(changes: &[PackageChange]) -> Vec<String> {
    changes.iter().map(pin).collect()
}

fn pin(change: &PackageChange) -> String {
    match &change.to {
        Some(version) => format!("{}={version}", change.name),
        None => format!("{}-", change.name),
    }
}

/// The pinned transaction cannot be had any more.
fn no_longer(output: &CommandOutput) -> HostError {
    let failure = failure("apt-get", output);
    let HostError::Failed { message, notes, .. } = failure else { return failure };
    let because = notes.first().filter(|note| !message.contains(note.as_str()));
    let because = because.map(|note| format!(" ({note})")).unwrap_or_default();
    HostError::Stale {
        target: "the package transaction".to_owned(),
        found: format!("{message}{because}"),
    }
}

/// Named in the pinned call, dependencies would count as asked for by hand.
fn mark_dependencies(planned: &Transaction) -> Result<(), HostError> {
    let request = &planned.request;
    let asked = |name: &str| {
        request.install.iter().any(|wish| wish.name == name)
            || request.upgrade.iter().any(|upgraded| upgraded == name)
    };
    let came = planned.changes.iter().filter(|change| change.from.is_none() && change.to.is_some());
    let dependencies: Vec<&str> =
        came.map(|c| c.name.as_str()).filter(|name| !asked(name)).collect();
    if dependencies.is_empty() {
        return Ok(());
    }
    let mut argv = vec!["apt-mark", "auto"];
    argv.extend(dependencies);
    patiently(&noninteractive(&argv, SIMULATION_SECONDS)).map(drop)
}

/// Never asks anything, and restarts nothing that the transaction does not name.
fn noninteractive<S: AsRef<str>>(argv: &[S], seconds: u64) -> Command {
    let mut command = tool(argv, seconds);
    command.environment = [
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("APT_LISTCHANGES_FRONTEND", "none"),
        ("NEEDRESTART_SUSPEND", "1"),
        ("UCF_FORCE_CONFFOLD", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
    .into();
    command
}

/// Runs it; while another one holds a lock, tries again, for [`PATIENCE`] and no longer.
fn patiently(command: &Command) -> Result<CommandOutput, HostError> {
    within(PATIENCE, command)
}

fn within(patience: Duration, command: &Command) -> Result<CommandOutput, HostError> {
    let end = Instant::now() + patience;
    loop {
        let output = process::outlasting(command)?;
        if output.rc == 0 {
            return Ok(output);
        }
        if !is_locked(&output) || Instant::now() >= end {
            let program = command.argv.first().map_or("apt-get", String::as_str);
            return Err(failure(program, &output));
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(script: &str) -> (usize, bool) {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let script = format!("echo >> {}; {script}", count.display());
        let command = noninteractive(&["sh", "-c", &script], 10);
        let done = within(Duration::from_millis(1500), &command);
        (std::fs::read_to_string(count).unwrap().lines().count(), done.is_ok())
    }

    #[test]
    fn only_a_lock_is_waited_for_and_not_longer_than_promised() {
        assert_eq!(calls("echo 'E: Could not get lock /x' >&2; exit 100"), (3, false));
        assert_eq!(calls("echo 'E: no' >&2; exit 100"), (1, false));
        assert_eq!(calls("true"), (1, true));
        // Or apt's own waiting would come on top, each time.
        assert!(KEEPING.contains(&"DPkg::Lock::Timeout=0"));
    }
}

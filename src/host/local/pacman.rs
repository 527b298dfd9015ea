//! pacman: foretells a transaction by its own simulation and its packages' conflicts, and performs
//! exactly that one. pacman's `--print` passes over conflicts, and `--noconfirm` answers No to a
//! removal, so what has to go is found here and removed by name first.

use super::super::{
    Command, CommandOutput, HostError, Manager, PackageChange, PackageRequest, Transaction,
};
use super::hold::Hold;
use super::pacman_conflicts::{self, Conflicts};
use super::pacman_db::{Description, PacmanDb};
use super::pacman_pending::Pending;
use super::process::{self, tool};
use super::scratch::Scratch;
use super::transaction;
use rustix::fs::{AtFlags, CWD, statat};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const FOLDER: &str = "/var/lib/pacman";
/// Seconds for a simulation, for fetching an index, and for a whole transaction.
const SIMULATION_SECONDS: u64 = 120;
const UPDATE_SECONDS: u64 = 600;
const TRANSACTION_SECONDS: u64 = 2 * 3600;
/// How long a running pacman is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// pacman on a host.
#[derive(Debug)]
pub(super) struct Pacman {
    /// Its database.
    pub(super) database: PacmanDb,
    /// An index fetched for answers only, where the host has none.
    index: RefCell<Option<Scratch>>,
}

/// A transaction, and what performing it takes besides.
struct Answer {
    transaction: Transaction,
    /// Named in the call that installs; dependencies come with them.
    targets: Vec<String>,
    /// What goes is needed by a package that stays, and will be satisfied by what comes.
    needed_meanwhile: bool,
}

impl Pacman {
    pub(super) fn new() -> Self {
        Self { database: PacmanDb::new(FOLDER), index: RefCell::new(None) }
    }

    /// What this request would change once these transactions are performed.
    ///
    /// # Errors
    /// If pacman finds no such transaction, or no repository can be reached.
    pub(super) fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Transaction, HostError> {
        transaction::plain_names(request)?;
        if after.is_empty() {
            return Ok(self.answer(&self.database, &[], request.clone())?.transaction);
        }
        let has_index = !request.refresh && self.database.has_index();
        let options = if has_index { Vec::new() } else { self.private_index()? };
        let folder = options.last().map_or(FOLDER, String::as_str);
        let index = Path::new(folder).join("sync");
        let describe = |packages: &[(String, String)]| described(&options, packages);
        let pending = Pending::after(&self.database, after, &index, describe)?;
        let mut answer = self.answer(&pending.database, &pending.options(), request.clone())?;
        answer.transaction.refresh_index |= !answer.targets.is_empty() && !has_index;
        Ok(answer.transaction)
    }

    /// What a request would change where this is the database; `options` make pacman use it.
    fn answer(
        &self,
        database: &PacmanDb,
        options: &[String],
        request: PackageRequest,
    ) -> Result<Answer, HostError> {
        let there = |name: &str| database.package(name).map(|package| package.installed);
        let mut targets = Vec::new();
        let mut new = Vec::new();
        for wish in &request.install {
            let installed = there(&wish.name)?;
            if !installed.is_some_and(|version| wish.accepts(&version)) {
                targets.push(wish.name.clone());
                new.push(wish.name.clone());
            }
        }
        for name in &request.upgrade {
            targets.push(name.clone());
            if there(name)?.is_none() {
                new.push(name.clone());
            }
        }
        let mut removed = BTreeMap::new();
        for name in &request.remove {
            removed.extend(there(name)?.map(|version| (name.clone(), version)));
        }
        let refresh_index = request.refresh || (!targets.is_empty() && !database.has_index());
        let mut answer = Answer {
            transaction: Transaction {
                manager: Manager::Pacman,
                refresh_index,
                request,
                changes: Vec::new(),
                hold: Vec::new(),
            },
            targets,
            needed_meanwhile: false,
        };
        let coming = self.coming(&answer, options)?;
        let conflicts = Conflicts { installed: database.descriptions()?, coming: &coming };
        check_versions(&answer.transaction.request, &coming, &conflicts.installed)?;
        let losers = conflicts.losers(&removed)?;
        check_losers(&answer.transaction.request, &losers)?;
        removed.extend(losers);
        answer.needed_meanwhile = conflicts.needed_meanwhile(&removed)?;
        answer.transaction.changes = changes(&coming, &removed, &conflicts.installed);
        transaction::names_are_packages(&new, &answer.transaction.changes)?;
        Ok(answer)
    }

    /// The packages that would come, dependencies included, as their repository describes them.
    fn coming(&self, answer: &Answer, options: &[String]) -> Result<Vec<Description>, HostError> {
        if answer.targets.is_empty() {
            return Ok(Vec::new());
        }
        let own_index = options.is_empty() && answer.transaction.refresh_index;
        let options = if own_index { self.private_index()? } else { options.to_vec() };
        let print = ["pacman", "-S", "--print-format", "%n %v", "--needed", "--noconfirm"];
        let printed = ask(&print, &options, &answer.targets)?;
        let pairs = printed.lines().filter_map(|line| line.split_once(' '));
        let pairs: Vec<(String, String)> =
            pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
        described(&options, &pairs)
    }

    /// Options that make pacman use an index of this run's own, fetched once.
    fn private_index(&self) -> Result<Vec<String>, HostError> {
        let mut index = self.index.borrow_mut();
        let fetched = index.is_some();
        let scratch = match index.take() {
            Some(scratch) => index.insert(scratch),
            None => index.insert(Scratch::new()?),
        };
        let database = scratch.path().join("pacman");
        let options = vec!["--dbpath".to_owned(), database.display().to_string()];
        if !fetched && let Err(error) = fetch(&database, &options) {
            *index = None;
            return Err(error);
        }
        Ok(options)
    }

    /// Performs a transaction: removals first, then what comes.
    ///
    /// # Errors
    /// [`HostError::Stale`] if pacman would now do anything else; else what pacman said.
    pub(super) fn perform(&self, planned: &Transaction) -> Result<(), HostError> {
        self.wait()?;
        if planned.refresh_index {
            must(&tool(&["pacman", "-Sy", "--noconfirm"], UPDATE_SECONDS))?;
            *self.index.borrow_mut() = None;
        }
        if planned.changes.is_empty() {
            return Ok(());
        }
        let mut request = planned.request.clone();
        request.refresh = false;
        let now = self.answer(&self.database, &[], request)?;
        transaction::same(planned, &now.transaction.changes)?;
        let hold = Hold::begin(&planned.hold)?;
        let done = self.commit(&now);
        let released = hold.end();
        done.and(released)
    }

    fn commit(&self, answer: &Answer) -> Result<(), HostError> {
        let goes = answer.transaction.changes.iter().filter(|change| change.to.is_none());
        let goes: Vec<&str> = goes.map(|change| change.name.as_str()).collect();
        if !goes.is_empty() {
            let remove = if answer.needed_meanwhile { "-Rdd" } else { "-R" };
            let mut argv = vec!["pacman", remove, "--noconfirm", "--noprogressbar", "--"];
            argv.extend(goes);
            must(&tool(&argv, TRANSACTION_SECONDS))?;
        }
        if !answer.targets.is_empty() {
            let mut argv = vec!["pacman", "-S", "--needed", "--noconfirm", "--noprogressbar", "--"];
            argv.extend(answer.targets.iter().map(String::as_str));
            self.install(&argv, &answer.transaction.changes)?;
        }
        Ok(())
    }

    /// Calls pacman for what comes. Where it fails, it may have noted packages as installed that
    /// it could not unpack in full (a full disk): those are made unfinished, for the next run.
    fn install(&self, argv: &[&str], coming: &[PackageChange]) -> Result<(), HostError> {
        let done = must(&tool(argv, TRANSACTION_SECONDS)).map(drop);
        if done.is_err() {
            for change in coming {
                if let Some(version) = &change.to {
                    self.database.make_unfinished(&change.name, Some(version))?;
                }
            }
        }
        done
    }

    /// What an interrupted pacman left, in words. A running one is waited for.
    ///
    /// # Errors
    /// If it runs for longer than five minutes, or the database cannot be read.
    pub(super) fn interrupted(&self) -> Result<Option<String>, HostError> {
        self.wait()?;
        let mut parts = Vec::new();
        if self.database.lock().exists() {
            parts.push(format!("a stale lock {}", self.database.lock().display()));
        }
        let unfinished = self.database.unfinished()?;
        if !unfinished.is_empty() {
            let names: Vec<_> = unfinished.into_iter().map(|package| package.name).collect();
            parts.push(format!("not finished: {}", names.join(" ")));
        }
        Ok(if parts.is_empty() {
            None
        } else {
            Some(format!("pacman was interrupted; {}", parts.join("; ")))
        })
    }

    fn wait(&self) -> Result<(), HostError> {
        let lock = self.database.lock();
        let end = Instant::now() + PATIENCE;
        while lock.exists() && is_open(&lock) {
            if Instant::now() >= end {
                return Err(HostError::failed("another pacman is still running after 300 s"));
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    }

    /// Finishes what an interrupted pacman left: its lock goes, and what it did not finish is
    /// installed anew, over what is there of it, so that its scriptlets run as at first.
    ///
    /// # Errors
    /// If pacman cannot finish it.
    pub(super) fn repair(&self) -> Result<(), HostError> {
        self.wait()?;
        let unfinished = self.database.unfinished()?;
        for package in &unfinished {
            std::fs::remove_dir_all(&package.folder)
                .map_err(|source| HostError::file("remove", &package.folder, source))?;
        }
        remove_file(&self.database.lock())?;
        if unfinished.is_empty() {
            return Ok(());
        }
        let mut argv =
            vec!["pacman", "-S", "--noconfirm", "--noprogressbar", "--overwrite", "*", "--"];
        argv.extend(unfinished.iter().map(|package| package.name.as_str()));
        if let Err(error) = must(&tool(&argv, TRANSACTION_SECONDS)) {
            for package in &unfinished {
                // What is there of it must not be forgotten: its files would be in the way.
                self.database.make_unfinished(&package.name, None)?;
                let _ = std::fs::create_dir(&package.folder);
            }
            return Err(error);
        }
        let mut argv = vec!["pacman", "-D", "--asdeps", "--"];
        let dependencies = unfinished.iter().filter(|package| package.dependency);
        argv.extend(dependencies.map(|package| package.name.as_str()));
        if argv.last() == Some(&"--") {
            return Ok(());
        }
        must(&tool(&argv, SIMULATION_SECONDS)).map(drop)
    }
}

fn ask(first: &[&str], options: &[String], names: &[String]) -> Result<String, HostError> {
    let mut argv: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
    argv.extend_from_slice(options);
    argv.push("--".to_owned());
    argv.extend_from_slice(names);
    must(&tool(&argv, SIMULATION_SECONDS))
}

/// These packages of these versions, as their repository describes them; one that it has in
/// another version by its name alone.
fn described(
    options: &[String],
    packages: &[(String, String)],
) -> Result<Vec<Description>, HostError> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = packages.iter().map(|(name, _)| name.clone()).collect();
    let known = pacman_conflicts::parse_info(&ask(&["pacman", "-Si"], options, &names)?);
    let describe = |(name, version): &(String, String)| {
        let found = known.iter().find(|d| d.name == *name && d.version == *version).cloned();
        found.unwrap_or_else(|| Description {
            name: name.clone(),
            version: version.clone(),
            ..Description::default()
        })
    };
    Ok(packages.iter().map(describe).collect())
}

fn changes(
    coming: &[Description],
    removed: &BTreeMap<String, String>,
    installed: &[Description],
) -> Vec<PackageChange> {
    let from = |name: &str| {
        installed.iter().find(|there| there.name == name).map(|there| there.version.clone())
    };
    let comes = coming.iter().map(|package| PackageChange {
        name: package.name.clone(),
        from: from(&package.name),
        to: Some(package.version.clone()),
    });
    let goes = removed.iter().map(|(name, version)| PackageChange {
        name: name.clone(),
        from: Some(version.clone()),
        to: None,
    });
    let mut changes: Vec<_> = comes.chain(goes).collect();
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    changes
}

/// pacman's repositories hold one version of a package, and `--needed` passes over it where it is
/// installed.
fn check_versions(
    request: &PackageRequest,
    coming: &[Description],
    installed: &[Description],
) -> Result<(), HostError> {
    for wish in &request.install {
        let named = |package: &&Description| package.name == wish.name;
        let has = coming.iter().find(named).or_else(|| installed.iter().find(named));
        if let (Some(version), Some(has)) = (&wish.version, has)
            && !wish.accepts(&has.version)
        {
            return Err(HostError::Failed {
                message: format!(
                    "the package repositories have no {} in version {version}",
                    wish.name
                ),
                notes: vec![format!("they have {}", has.version)],
                help: None,
            });
        }
    }
    Ok(())
}

/// What is asked for cannot be what has to go.
fn check_losers(
    request: &PackageRequest,
    losers: &BTreeMap<String, String>,
) -> Result<(), HostError> {
    let asked = request.install.iter().map(|wish| &wish.name).chain(&request.upgrade);
    match asked.into_iter().find(|name| losers.contains_key(*name)) {
        Some(name) => Err(HostError::Failed {
            message: "these packages cannot be installed together".to_owned(),
            notes: vec![format!("{name} is excluded by what would come")],
            help: None,
        }),
        None => Ok(()),
    }
}

fn fetch(database: &Path, options: &[String]) -> Result<(), HostError> {
    let error = |source| HostError::file("make directory", database, source);
    std::fs::create_dir_all(database).map_err(error)?;
    // Where nothing was ever installed there is no folder, and a dangling link stops pacman.
    let installed = Path::new(FOLDER).join("local");
    if installed.exists() {
        std::os::unix::fs::symlink(installed, database.join("local")).map_err(error)?;
    }
    let mut argv: Vec<String> = ["pacman", "-Sy", "--noconfirm"].map(str::to_owned).into();
    argv.extend_from_slice(options);
    must(&tool(&argv, UPDATE_SECONDS)).map(drop)
}

/// Whether any process has this very file open, as a running pacman has its lock.
fn is_open(path: &Path) -> bool {
    let Ok(wanted) = statat(CWD, path, AtFlags::empty()) else { return false };
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let files = processes
        .filter_map(Result::ok)
        .filter_map(|process| std::fs::read_dir(process.path().join("fd")).ok())
        .flat_map(|files| files.filter_map(Result::ok));
    let mut named = files.filter(|file| {
        std::fs::read_link(file.path()).is_ok_and(|link| link.file_name() == path.file_name())
    });
    named.any(|file| {
        statat(CWD, file.path(), AtFlags::empty())
            .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (wanted.st_dev, wanted.st_ino))
    })
}

fn remove_file(path: &Path) -> Result<(), HostError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(HostError::file("remove", path, source))
        }
        _ => Ok(()),
    }
}

fn must(command: &Command) -> Result<String, HostError> {
    let output = process::outlasting(command)?;
    if output.rc == 0 { Ok(output.stdout) } else { Err(failure(&output)) }
}

/// Why it failed: in converge's words where the cause is known, pacman's own beside.
fn failure(output: &CommandOutput) -> HostError {
    let lines = output.stderr.lines();
    let errors: Vec<&str> = lines.filter_map(|line| line.strip_prefix("error: ")).collect();
    let first = errors.first().copied().unwrap_or_default();
    let mut notes: Vec<String> = output
        .stderr
        .lines()
        .chain(
            output
                .stdout
                .lines()
                .filter(|line| line.starts_with("::") || line.contains("exists in ")),
        )
        .filter(|line| {
            line.starts_with("error: ")
                // What it asks and answers, not what it is busy with.
                || (line.starts_with(":: ") && !line.ends_with("..."))
                || line.contains("exists in ")
        })
        .take(6)
        .map(|line| line.strip_prefix("error: ").unwrap_or(line).to_owned())
        .collect();
    let mut help = None;
    let message = if output.timed_out {
        "pacman ran out of time".to_owned()
    } else if let Some(name) = first.strip_prefix("target not found: ") {
        help =
            Some("is the name right for this distribution, and the index up to date?".to_owned());
        notes.clear();
        format!("the package repositories have no package {name}")
    } else if is_unreachable(&output.stderr) {
        help = Some("check the network and the servers in /etc/pacman.conf".to_owned());
        "the package repository cannot be reached".to_owned()
    } else if let Some(path) = no_room(&output.stderr) {
        format!("no space left on device: {path}")
    } else {
        if notes.is_empty() {
            notes = process::last_lines(&output.stderr, 6);
        }
        format!("pacman exited with {}", output.rc)
    };
    HostError::Failed { message, notes, help }
}

/// The path that could not be unpacked for want of room, of which pacman only says `Write failed`.
fn no_room(stderr: &str) -> Option<&str> {
    let failed = stderr.lines().find_map(|line| line.strip_suffix(" (Write failed)"))?;
    let path = failed.split_once("could not extract ")?.1;
    let disk = rustix::fs::statvfs(Path::new(path).parent()?).ok()?;
    (disk.f_bavail == 0 || disk.f_favail == 0).then_some(path)
}

fn is_unreachable(text: &str) -> bool {
    [
        "failed retrieving file",
        "failed to synchronize",
        "Could not resolve host",
        "Failed to connect",
    ]
    .iter()
    .any(|words| text.contains(words))
}

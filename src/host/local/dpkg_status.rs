//! dpkg's database, read directly: which packages are installed in which version, and what an
//! interrupted dpkg left (deb822(5); dpkg(1), "Package states").

use super::super::{HostError, Package};
use super::cache::Cached;
use super::locks;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// How long a running dpkg is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// dpkg's own folder on a host, `/var/lib/dpkg`.
#[derive(Debug)]
pub(super) struct DpkgStatus {
    folder: PathBuf,
    status: Cached<Installed>,
}

/// Every package that dpkg knows, by name (the native or the first installed architecture's) and
/// by `name:arch`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Installed {
    packages: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    version: String,
    architecture: String,
    state: State,
    /// It is wanted gone: what is left of it is a removal that was interrupted.
    leaves: bool,
}

/// The third word of a `Status` field, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Installed and configured.
    Installed,
    /// Unpacked, or waiting for configuration or triggers: `dpkg --configure` finishes it.
    Unfinished,
    /// Neither the old nor the new is whole.
    Broken,
    /// Not installed; its configuration may be there.
    Absent,
}

impl DpkgStatus {
    pub(super) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), status: Cached::default() }
    }

    /// One package. Unpacked but not configured counts as installed: repairing finishes it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn package(&self, name: &str) -> Result<Package, HostError> {
        let installed = self.read()?;
        Ok(Package { installed: installed.version(name).map(str::to_owned) })
    }

    /// The files and folders that an installed package brought (dpkg(1), `info/NAME.list`).
    ///
    /// # Errors
    /// If the list is there and cannot be read.
    pub(super) fn files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        let Some((name, architecture)) = self.read()?.installed(name) else {
            return Ok(Vec::new());
        };
        let info = self.folder.join("info");
        let lists = [format!("{name}.list"), format!("{name}:{architecture}.list")];
        for list in lists.map(|list| info.join(list)) {
            match std::fs::read_to_string(&list) {
                // The first line is the root itself.
                Ok(text) => {
                    return Ok(text.lines().filter(|l| *l != "/.").map(PathBuf::from).collect());
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(HostError::file("read", list, source)),
            }
        }
        Ok(Vec::new())
    }

    /// The whole database.
    ///
    /// # Errors
    /// As [`DpkgStatus::package`].
    pub(super) fn read(&self) -> Result<Rc<Installed>, HostError> {
        let path = self.folder.join("status");
        self.status
            .get(&path, Installed::parse)
            .map_err(|source| HostError::file("read", path, source))
    }

    /// The whole database, as it is written.
    ///
    /// # Errors
    /// As [`DpkgStatus::package`].
    pub(super) fn text(&self) -> Result<String, HostError> {
        let path = self.folder.join("status");
        let bytes = std::fs::read(&path).map_err(|source| HostError::file("read", path, source))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What an interrupted dpkg left, in words. A running one is waited for.
    ///
    /// # Errors
    /// If it runs for longer than [`PATIENCE`], or the database cannot be read.
    pub(super) fn interrupted(&self) -> Result<Option<String>, HostError> {
        let lock = self.folder.join("lock-frontend");
        // What is half done by one that runs is not interrupted; nor does a clean state last then.
        locks::wait_for(&lock, PATIENCE, "another package manager")?;
        self.unfinished()
    }

    /// The same of what is there now, whoever is at work.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn unfinished(&self) -> Result<Option<String>, HostError> {
        let installed = self.read()?;
        let in_state = |state| {
            let entries = installed.packages.iter().filter(|(name, _)| !name.contains(':'));
            entries.filter(move |(_, entry)| entry.state == state).map(|(name, _)| name.as_str())
        };
        let mut parts = Vec::new();
        let broken: Vec<_> = in_state(State::Broken).collect();
        if !broken.is_empty() {
            parts.push(format!("half installed: {}", broken.join(" ")));
        }
        let unfinished: Vec<_> = in_state(State::Unfinished).collect();
        if !unfinished.is_empty() {
            parts.push(format!("not configured: {}", unfinished.join(" ")));
        }
        if parts.is_empty() && has_updates(&self.folder.join("updates")) {
            parts.push("a change was not finished".to_owned());
        }
        Ok(if parts.is_empty() {
            None
        } else {
            Some(format!("dpkg was interrupted; {}", parts.join("; ")))
        })
    }

    /// The packages whose removal was interrupted; `dpkg --configure -a` passes over them.
    pub(super) fn leaving(&self) -> Result<Vec<String>, HostError> {
        let installed = self.read()?;
        let entries = installed.packages.iter().filter(|(name, _)| !name.contains(':'));
        let half = |entry: &Entry| matches!(entry.state, State::Unfinished | State::Broken);
        let leaving = entries.filter(|(_, entry)| entry.leaves && half(entry));
        Ok(leaving.map(|(name, _)| name.clone()).collect())
    }

    /// The packages that were to come and are neither wholly there nor wholly gone. Their version is
    /// no help: during an upgrade it is the old one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn half_installed(&self) -> Result<Vec<String>, HostError> {
        let installed = self.read()?;
        let entries = installed.packages.iter().filter(|(name, _)| !name.contains(':'));
        Ok(entries
            .filter(|(_, e)| e.state == State::Broken && !e.leaves)
            .map(|(name, _)| name.clone())
            .collect())
    }
}

impl Installed {
    /// Of a database's text.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut installed = Self::default();
        for stanza in text.split("\n\n") {
            let (mut name, mut status, mut version, mut architecture) = (None, None, "", "");
            for line in stanza.lines() {
                // Most lines continue a field, with a space; this is asked in every run.
                match line.as_bytes().first() {
                    Some(b'P') => name = line.strip_prefix("Package: ").or(name),
                    Some(b'S') => status = line.strip_prefix("Status: ").or(status),
                    Some(b'V') => version = line.strip_prefix("Version: ").unwrap_or(version),
                    Some(b'A') => {
                        architecture = line.strip_prefix("Architecture: ").unwrap_or(architecture);
                    }
                    _ => {}
                }
            }
            let (Some(name), Some(status)) = (name, status) else { continue };
            let entry = Entry {
                version: version.to_owned(),
                architecture: architecture.to_owned(),
                state: state(status),
                leaves: status.starts_with("deinstall ") || status.starts_with("purge "),
            };
            installed.packages.insert(format!("{name}:{architecture}"), entry.clone());
            let known = installed.packages.get(name);
            if known.is_none_or(|known| known.state == State::Absent) {
                installed.packages.insert(name.to_owned(), entry);
            }
        }
        installed
    }

    /// The version of an installed package.
    pub(super) fn version(&self, name: &str) -> Option<&str> {
        let entry = self.packages.get(name)?;
        // Repairing finishes what was begun, an installation as a removal.
        let there = match entry.state {
            State::Installed => true,
            State::Unfinished => !entry.leaves,
            State::Broken | State::Absent => false,
        };
        there.then_some(entry.version.as_str())
    }

    /// The name without architecture, and the architecture, of an installed package.
    fn installed(&self, name: &str) -> Option<(String, String)> {
        self.version(name)?;
        let bare = name.split(':').next().unwrap_or(name).to_owned();
        Some((bare, self.packages.get(name)?.architecture.clone()))
    }
}

/// dpkg notes each change in a numbered file first, and folds them into `status` at its end.
fn has_updates(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn state(status: &str) -> State {
    if status.contains("reinstreq") {
        return State::Broken;
    }
    match status.rsplit(' ').next() {
        Some("installed") => State::Installed,
        Some("unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending") => {
            State::Unfinished
        }
        Some("half-installed") => State::Broken,
        _ => State::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(name: &str, status: &str, version: &str) -> String {
        format!(
            "Package: {name}\nStatus: {status}\nMaintainer: M <m@example.org>\nArchitecture: amd64\n\
             Version: {version}\nDescription: short\n Package: not this one\n .\n Version: 9\n"
        )
    }

    fn database(stanzas: &[String]) -> (tempfile::TempDir, DpkgStatus) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("status"), stanzas.join("\n")).unwrap();
        std::fs::create_dir(folder.path().join("updates")).unwrap();
        std::fs::write(folder.path().join("updates/tmp.i"), "").unwrap();
        let database = DpkgStatus::new(folder.path());
        (folder, database)
    }

    #[test]
    fn states_and_versions_are_read() {
        let (_folder, database) = database(&[
            stanza("postfix", "install ok installed", "3.7.11-0+deb12u1"),
            stanza("exim4", "deinstall ok config-files", "4.96"),
            stanza("held", "hold ok installed", "1"),
            stanza("half", "install ok half-configured", "2"),
        ]);
        let version = |name: &str| database.package(name).unwrap().installed;
        assert_eq!(version("postfix").as_deref(), Some("3.7.11-0+deb12u1"));
        assert_eq!(version("postfix:amd64").as_deref(), Some("3.7.11-0+deb12u1"));
        assert_eq!((version("exim4"), version("none")), (None, None));
        assert_eq!(
            (version("held").as_deref(), version("half").as_deref()),
            (Some("1"), Some("2"))
        );
    }

    #[test]
    fn a_second_architecture_does_not_hide_the_installed_one() {
        let other = stanza("libc6", "deinstall ok config-files", "1").replace("amd64", "i386");
        let (_folder, database) = database(&[other, stanza("libc6", "install ok installed", "2")]);
        assert_eq!(database.package("libc6").unwrap().installed.as_deref(), Some("2"));
        assert_eq!(database.package("libc6:i386").unwrap().installed, None);
    }

    #[test]
    fn a_packages_files_are_listed() {
        let (folder, database) = database(&[stanza("libc6", "install ok installed", "2")]);
        std::fs::create_dir(folder.path().join("info")).unwrap();
        let list = folder.path().join("info/libc6:amd64.list");
        std::fs::write(list, "/.\n/usr\n/usr/lib/libc.so.6\n").unwrap();
        let files = database.files("libc6").unwrap();
        assert_eq!(files, [PathBuf::from("/usr"), PathBuf::from("/usr/lib/libc.so.6")]);
        assert!(database.files("none").unwrap().is_empty());
    }

    #[test]
    fn what_was_interrupted_is_named() {
        for (status, words) in [
            ("install ok installed", None),
            ("deinstall ok config-files", None),
            ("install ok half-configured", Some("dpkg was interrupted; not configured: p")),
            ("install ok unpacked", Some("dpkg was interrupted; not configured: p")),
            ("install ok triggers-pending", Some("dpkg was interrupted; not configured: p")),
            ("install reinstreq half-installed", Some("dpkg was interrupted; half installed: p")),
            ("install reinstreq unpacked", Some("dpkg was interrupted; half installed: p")),
        ] {
            let (_folder, database) = database(&[stanza("p", status, "1")]);
            assert_eq!(database.interrupted().unwrap().as_deref(), words, "{status}");
        }
    }

    #[test]
    fn a_removal_that_was_interrupted_is_one() {
        for (status, leaving, installed) in [
            ("deinstall ok half-configured", true, false),
            ("deinstall reinstreq half-installed", true, false),
            ("purge ok triggers-pending", true, false),
            ("deinstall ok installed", false, true),
            ("deinstall ok config-files", false, false),
            ("install ok half-configured", false, true),
        ] {
            let (_folder, database) = database(&[stanza("p", status, "1")]);
            assert_eq!(database.leaving().unwrap() == ["p"], leaving, "{status}");
            let found = database.package("p").unwrap().installed.is_some();
            assert_eq!(found, installed, "{status}");
        }
    }

    #[test]
    fn what_is_torn_was_coming_or_going() {
        let (_folder, database) = database(&[
            stanza("a", "install ok installed", "1"),
            stanza("b", "install reinstreq half-installed", "1"),
            stanza("c", "deinstall reinstreq half-installed", "1"),
        ]);
        assert_eq!(database.half_installed().unwrap(), ["b"]);
        assert_eq!(database.leaving().unwrap(), ["c"]);
    }

    #[test]
    fn an_unfinished_change_counts() {
        let (folder, database) = database(&[stanza("p", "install ok installed", "1")]);
        std::fs::write(folder.path().join("updates/0003"), "").unwrap();
        let found = database.interrupted().unwrap();
        assert_eq!(found.as_deref(), Some("dpkg was interrupted; a change was not finished"));
    }

    #[test]
    fn no_database_means_nothing_installed() {
        let database = DpkgStatus::new("/no/such/folder");
        assert_eq!(database.package("postfix").unwrap().installed, None);
        assert_eq!(database.interrupted().unwrap(), None);
    }
}

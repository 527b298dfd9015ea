//! pacman's database of installed packages, read directly: one folder a package, with a file
//! `desc` of `%FIELD%` blocks (libalpm's local database, version 9).

use super::super::{HostError, Package};
use super::cache::Cached;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The database's folder on a host, `/var/lib/pacman`.
#[derive(Debug)]
pub(super) struct PacmanDb {
    folder: PathBuf,
    local: Cached<BTreeMap<String, Entry>>,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    version: String,
    folder: PathBuf,
}

/// What a package says of itself, installed or in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Description {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) provides: Vec<String>,
    pub(super) conflicts: Vec<String>,
    pub(super) depends: Vec<String>,
    /// It came for another package's sake (`%REASON%` 1).
    pub(super) dependency: bool,
}

/// A package that has to be installed again.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) name: String,
    /// Its entry in the database.
    pub(super) folder: PathBuf,
    /// It came for another package's sake.
    pub(super) dependency: bool,
}

impl PacmanDb {
    pub(super) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), local: Cached::default() }
    }

    /// pacman's own lock.
    pub(super) fn lock(&self) -> PathBuf {
        self.folder.join("db.lck")
    }

    /// Whether an index of any repository was fetched.
    pub(super) fn has_index(&self) -> bool {
        let Ok(entries) = std::fs::read_dir(self.folder.join("sync")) else { return false };
        let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        names.map(|name| name.to_string_lossy().into_owned()).any(|name| name.ends_with(".db"))
    }

    /// One package.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn package(&self, name: &str) -> Result<Package, HostError> {
        let local = self.local()?;
        Ok(Package { installed: local.get(name).map(|entry| entry.version.clone()) })
    }

    /// The files and folders that an installed package brought.
    ///
    /// # Errors
    /// If the list is there and cannot be read.
    pub(super) fn files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        let Some(entry) = self.local()?.get(name).cloned() else { return Ok(Vec::new()) };
        let list = entry.folder.join("files");
        let text = std::fs::read_to_string(&list)
            .map_err(|source| HostError::file("read", list, source))?;
        let lines = text.lines().skip_while(|line| *line != "%FILES%").skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        Ok(lines.map(|line| Path::new("/").join(line.trim_end_matches('/'))).collect())
    }

    /// Every installed package's entry: its name and its folder.
    ///
    /// # Errors
    /// As [`PacmanDb::package`].
    pub(super) fn folders(&self) -> Result<Vec<(String, PathBuf)>, HostError> {
        let local = self.local()?;
        Ok(local.iter().map(|(name, entry)| (name.clone(), entry.folder.clone())).collect())
    }

    /// What every installed package says of itself.
    ///
    /// # Errors
    /// As [`PacmanDb::package`].
    pub(super) fn descriptions(&self) -> Result<Vec<Description>, HostError> {
        let read = |entry: &Entry| std::fs::read_to_string(entry.folder.join("desc"));
        Ok(self
            .local()?
            .values()
            .filter_map(|entry| read(entry).ok())
            .map(|text| parse(&text))
            .collect())
    }

    /// Packages that an interrupted pacman did not finish: without a whole entry (libalpm makes the
    /// folder first and fills it after the files are there), or with one made under a lock that
    /// is still there, so that their scriptlets and hooks may not have run.
    ///
    /// # Errors
    /// As [`PacmanDb::package`].
    pub(super) fn unfinished(&self) -> Result<Vec<Unfinished>, HostError> {
        let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        let begin = changed(&self.lock());
        let mut unfinished = Vec::new();
        for (name, entry) in self.local()?.iter() {
            let folder = entry.folder.clone();
            let description = std::fs::read_to_string(folder.join("desc")).unwrap_or_default();
            let whole = !description.is_empty() && folder.join("files").exists();
            let under_lock = begin.is_some() && changed(&folder) >= begin;
            if !whole || under_lock {
                let dependency = parse(&description).dependency;
                unfinished.push(Unfinished { name: name.clone(), folder, dependency });
            }
        }
        Ok(unfinished)
    }

    /// Takes the list of files from a package's entry, if it is there (in this version): needs no
    /// room, and is what [`PacmanDb::unfinished`] finds.
    ///
    /// # Errors
    /// If the entry cannot be changed.
    pub(super) fn make_unfinished(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<(), HostError> {
        let Some(entry) = self.local()?.get(name).cloned() else { return Ok(()) };
        if version.is_some_and(|version| version != entry.version) {
            return Ok(());
        }
        let list = entry.folder.join("files");
        match std::fs::remove_file(&list) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(HostError::file("remove", list, source))
            }
            _ => Ok(()),
        }
    }

    fn local(&self) -> Result<Rc<BTreeMap<String, Entry>>, HostError> {
        let folder = self.folder.join("local");
        self.local
            .load(&folder, |there| if there { list(&folder) } else { Ok(BTreeMap::new()) })
            .map_err(|source| HostError::file("read", folder, source))
    }
}

fn list(folder: &Path) -> std::io::Result<BTreeMap<String, Entry>> {
    let mut local = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        // NAME-VERSION-RELEASE; neither version nor release holds a dash (PKGBUILD(5)).
        let Some((name, version)) = file_name.to_str().and_then(split) else { continue };
        let version = version.to_owned();
        local.insert(name.to_owned(), Entry { version, folder: entry.path() });
    }
    Ok(local)
}

fn split(folder: &str) -> Option<(&str, &str)> {
    let release = folder.rfind('-')?;
    let version = folder.get(..release)?.rfind('-')?;
    Some((folder.get(..version)?, folder.get(version + 1..)?))
}

fn parse(desc: &str) -> Description {
    let mut description = Description::default();
    for block in desc.split("\n\n") {
        let mut lines = block.lines().filter(|line| !line.is_empty());
        let field = lines.next().unwrap_or_default();
        let mut values = lines.map(str::to_owned);
        match field {
            "%NAME%" => description.name = values.next().unwrap_or_default(),
            "%VERSION%" => description.version = values.next().unwrap_or_default(),
            "%PROVIDES%" => description.provides = values.collect(),
            "%CONFLICTS%" => description.conflicts = values.collect(),
            "%REASON%" => description.dependency = values.next().as_deref() == Some("1"),
            "%DEPENDS%" => description.depends = values.collect(),
            _ => {}
        }
    }
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (tempfile::TempDir, PacmanDb) {
        let folder = tempfile::tempdir().unwrap();
        let local = folder.path().join("local");
        let package = |name: &str, desc: Option<&str>| {
            let folder = local.join(name);
            std::fs::create_dir_all(&folder).unwrap();
            if let Some(desc) = desc {
                std::fs::write(folder.join("desc"), desc).unwrap();
                std::fs::write(
                    folder.join("files"),
                    "%FILES%\nusr/\nusr/bin/sendmail\n\n%BACKUP%\netc/x\tmd5\n",
                )
                .unwrap();
            }
        };
        package("postfix-3.9.1-1", Some(include_str!("fixtures/pacman-desc.txt")));
        package("lib32-gcc-libs-1:14.2-2", Some("%NAME%\nlib32-gcc-libs\n"));
        package("msmtp-1.8.26-1", None);
        std::fs::write(local.join("ALPM_DB_VERSION"), "9\n").unwrap();
        let database = PacmanDb::new(folder.path());
        (folder, database)
    }

    #[test]
    fn what_could_not_be_unpacked_becomes_unfinished() {
        let (_folder, database) = database();
        let unfinished = || -> Vec<String> {
            database.unfinished().unwrap().into_iter().map(|package| package.name).collect()
        };
        assert_eq!(unfinished(), ["msmtp"]);
        for (name, version) in [("none", None), ("postfix", Some("3.9.0-1"))] {
            database.make_unfinished(name, version).unwrap();
            assert_eq!(unfinished(), ["msmtp"], "another version, or none");
        }
        for _ in 0..2 {
            database.make_unfinished("postfix", Some("3.9.1-1")).unwrap();
            assert_eq!(unfinished(), ["msmtp", "postfix"]);
        }
    }

    #[test]
    fn packages_are_known_by_their_folders() {
        let (_folder, database) = database();
        let version = |name: &str| database.package(name).unwrap().installed;
        assert_eq!(version("postfix").as_deref(), Some("3.9.1-1"));
        assert_eq!(version("lib32-gcc-libs").as_deref(), Some("1:14.2-2"));
        assert_eq!((version("lib32-gcc"), version("ALPM_DB_VERSION")), (None, None));
    }

    #[test]
    fn a_packages_files_are_listed() {
        let (_folder, database) = database();
        let files = database.files("postfix").unwrap();
        assert_eq!(files, [PathBuf::from("/usr"), PathBuf::from("/usr/bin/sendmail")]);
        assert!(database.files("none").unwrap().is_empty());
    }

    #[test]
    fn what_was_not_finished_is_found() {
        let (folder, database) = database();
        let names = || -> Vec<String> {
            database.unfinished().unwrap().into_iter().map(|package| package.name).collect()
        };
        assert_eq!(names(), ["msmtp"]);
        // Files made within one tick of the kernel's clock would have the same time.
        let tick = || std::thread::sleep(std::time::Duration::from_millis(20));
        tick();
        std::fs::write(folder.path().join("db.lck"), "").unwrap();
        tick();
        std::fs::write(folder.path().join("local/postfix-3.9.1-1/install"), "").unwrap();
        assert_eq!(names(), ["msmtp", "postfix"]);
    }

    #[test]
    fn descriptions_tell_provides_and_conflicts() {
        let postfix = parse(include_str!("fixtures/pacman-desc.txt"));
        assert_eq!((postfix.name.as_str(), postfix.version.as_str()), ("postfix", "3.9.1-1"));
        assert_eq!(postfix.provides, ["smtp-server", "smtp-forwarder"]);
        assert_eq!(postfix.conflicts, ["smtp-server", "smtp-forwarder"]);
        assert_eq!(postfix.depends.len(), 3);
    }
}

//! pacman's database as pending transactions will leave it, for pacman to simulate further ones on.

use super::super::{HostError, Transaction};
use super::pacman_db::{Description, PacmanDb};
use super::scratch::Scratch;
use super::transaction;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A copy of the database in which some transactions are done.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) database: PacmanDb,
    scratch: Scratch,
}

impl Pending {
    /// The database after these. `index` is the folder of the repositories' own databases, and
    /// `describe` asks them for packages.
    ///
    /// # Errors
    /// If the database cannot be read or copied, or what `describe` says.
    pub(super) fn after(
        database: &PacmanDb,
        transactions: &[&Transaction],
        index: &Path,
        describe: impl FnOnce(&[(String, String)]) -> Result<Vec<Description>, HostError>,
    ) -> Result<Self, HostError> {
        let ends = transaction::ends(transactions);
        let comes = ends.iter().filter_map(|(name, to)| Some((name.clone(), to.clone()?)));
        let comes = describe(&comes.collect::<Vec<_>>())?;
        let there = database.folders()?;
        let scratch = Scratch::new()?;
        let folder = scratch.path().join("pacman");
        let make = || -> std::io::Result<()> {
            let local = folder.join("local");
            std::fs::create_dir_all(&local)?;
            symlink(index, folder.join("sync"))?;
            std::fs::write(local.join("ALPM_DB_VERSION"), "9\n")?;
            for (name, entry) in &there {
                if !ends.contains_key(name) {
                    link(entry, &local)?;
                }
            }
            for package in &comes {
                let own = local.join(format!("{}-{}", package.name, package.version));
                std::fs::create_dir(&own)?;
                std::fs::write(own.join("desc"), written(package))?;
                std::fs::write(own.join("files"), "%FILES%\n")?;
            }
            Ok(())
        };
        make().map_err(|source| HostError::file("copy to", &folder, source))?;
        Ok(Self { database: PacmanDb::new(folder), scratch })
    }

    /// Options that make pacman take it for the host's own.
    pub(super) fn options(&self) -> Vec<String> {
        let folder = self.scratch.path().join("pacman");
        ["--dbpath".to_owned(), folder.display().to_string()].into()
    }
}

/// The same entry in another database: libalpm passes over folders that are links.
fn link(entry: &Path, local: &Path) -> std::io::Result<()> {
    let Some(name) = entry.file_name() else { return Ok(()) };
    let own = local.join(name);
    std::fs::create_dir(&own)?;
    for file in ["desc", "files"] {
        symlink(entry.join(file), own.join(file))?;
    }
    Ok(())
}

/// A package as libalpm's local database describes it.
fn written(package: &Description) -> String {
    let mut text = String::new();
    let one = |value: &String| vec![value.clone()];
    for (field, values) in [
        ("NAME", &one(&package.name)),
        ("VERSION", &one(&package.version)),
        ("DEPENDS", &package.depends),
        ("CONFLICTS", &package.conflicts),
        ("PROVIDES", &package.provides),
    ] {
        if !values.is_empty() {
            let _ = write!(text, "%{field}%\n{}\n\n", values.join("\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Manager, PackageChange, PackageRequest};

    #[test]
    fn what_comes_is_there_and_what_goes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lib-1-1", "old-1-1", "bash-5-1"] {
            let entry = folder.path().join("local").join(name);
            std::fs::create_dir_all(&entry).unwrap();
            let package = name.split('-').next().unwrap();
            std::fs::write(entry.join("desc"), format!("%NAME%\n{package}\n")).unwrap();
            std::fs::write(entry.join("files"), "%FILES%\n").unwrap();
        }
        let change = |name: &str, to: Option<&str>| PackageChange {
            name: name.to_owned(),
            from: None,
            to: to.map(str::to_owned),
        };
        let transaction = Transaction {
            manager: Manager::Pacman,
            request: PackageRequest::default(),
            changes: vec![change("lib", Some("2-1")), change("old", None)],
            refresh_index: false,
            hold: Vec::new(),
        };
        let describe = |asked: &[(String, String)]| {
            assert_eq!(asked, [("lib".to_owned(), "2-1".to_owned())]);
            let depends = vec!["bash".to_owned()];
            let (name, version) = asked[0].clone();
            Ok(vec![Description { name, version, depends, ..Description::default() }])
        };
        let database = PacmanDb::new(folder.path());
        let index = folder.path().join("sync");
        let pending = Pending::after(&database, &[&transaction], &index, describe).unwrap();
        let version = |name: &str| pending.database.package(name).unwrap().installed;
        assert_eq!(version("lib").as_deref(), Some("2-1"));
        assert_eq!((version("old"), version("bash").as_deref()), (None, Some("5-1")));
        let known = pending.database.descriptions().unwrap();
        assert_eq!(known.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["bash", "lib"]);
        assert_eq!(known[1].depends, ["bash"]);
    }
}

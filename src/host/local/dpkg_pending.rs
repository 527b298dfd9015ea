//! dpkg's database as pending transactions will leave it, for apt to simulate further ones on.

use super::super::{HostError, Transaction};
use super::dpkg_status::{DpkgStatus, Installed};
use super::process::{self, tool};
use super::scratch::Scratch;
use super::transaction;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Seconds for asking apt what it knows of packages.
const SECONDS: u64 = 120;

/// A copy of the database in which some transactions are done.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) installed: Installed,
    scratch: Scratch,
}

impl Pending {
    /// The database after these; `options` make apt use the index that they were simulated with.
    ///
    /// # Errors
    /// If the database cannot be read or copied, or apt cannot be asked.
    pub(super) fn after(
        status: &DpkgStatus,
        transactions: &[&Transaction],
        options: &[String],
    ) -> Result<Self, HostError> {
        let ends = transaction::ends(transactions);
        let text = changed(&status.text()?, &ends, &records(&ends, options)?);
        let scratch = Scratch::new()?;
        let pending = Self { installed: Installed::parse(text.as_bytes()), scratch };
        let path = pending.path();
        std::fs::write(&path, text).map_err(|source| HostError::file("write", path, source))?;
        Ok(pending)
    }

    /// Options that make apt take it for the host's own. Its cache is of the host's, and stays so.
    pub(super) fn options(&self) -> Vec<String> {
        let status = format!("Dir::State::status={}", self.path().display());
        ["-o".to_owned(), status, "-o".to_owned(), "Dir::Cache::pkgcache=".to_owned()].into()
    }

    fn path(&self) -> PathBuf {
        self.scratch.path().join("status")
    }
}

/// What the repositories say of the packages that come.
fn records(
    ends: &BTreeMap<String, Option<String>>,
    options: &[String],
) -> Result<String, HostError> {
    let comes = ends.iter().filter_map(|(name, to)| Some(format!("{name}={}", to.as_ref()?)));
    let mut argv: Vec<String> = ["apt-cache", "show"].map(str::to_owned).into();
    argv.extend_from_slice(options);
    let bare = argv.len();
    argv.extend(comes);
    if argv.len() == bare {
        return Ok(String::new());
    }
    // Those that it does not find are left out of its answer.
    Ok(process::run(&tool(&argv, SECONDS))?.stdout)
}

/// The database with these packages at these versions, or gone.
fn changed(status: &str, ends: &BTreeMap<String, Option<String>>, records: &str) -> String {
    let named = |stanza: &str, name: &str| {
        let field = |field: &str| stanza.lines().find_map(|line| line.strip_prefix(field));
        let package = field("Package: ").unwrap_or_default();
        match name.split_once(':') {
            Some((bare, architecture)) => {
                package == bare && field("Architecture: ") == Some(architecture)
            }
            None => package == name,
        }
    };
    let stanzas = |text: &'_ str| -> Vec<String> {
        let stanzas = text.split("\n\n").map(|stanza| stanza.trim_matches('\n').to_owned());
        stanzas.filter(|stanza| !stanza.is_empty()).collect()
    };
    let mut all = stanzas(status);
    all.retain(|stanza| !ends.keys().any(|name| named(stanza, name)));
    let records = stanzas(records);
    for (name, to) in ends {
        let Some(version) = to else { continue };
        let is_it = |stanza: &&String| {
            named(stanza, name)
                && stanza.lines().any(|line| line.strip_prefix("Version: ") == Some(version))
        };
        let record = records.iter().find(is_it).cloned().unwrap_or_else(|| {
            let bare = name.split(':').next().unwrap_or(name);
            format!("Package: {bare}\nVersion: {version}\nArchitecture: all")
        });
        let fields = record.lines().filter(|line| !line.starts_with("Status: "));
        let fields: Vec<&str> = fields.collect();
        all.push(format!("{}\nStatus: install ok installed", fields.join("\n")));
    }
    all.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::changed;
    use std::collections::BTreeMap;

    #[test]
    fn what_comes_is_installed_and_what_goes_is_not() {
        let status = "Package: lib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n\
                      Package: old\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n\
                      Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5\n";
        let records = "Package: new\nVersion: 2\nArchitecture: all\nDepends: lib\n\n\
                       Package: lib\nVersion: 2\nArchitecture: amd64\n\n";
        let ends = [("lib", Some("2")), ("new", Some("2")), ("old", None), ("odd", Some("3"))];
        let ends: BTreeMap<String, Option<String>> =
            ends.map(|(name, to)| (name.to_owned(), to.map(str::to_owned))).into();
        let text = changed(status, &ends, records);
        assert_eq!(
            text,
            "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5\n\n\
             Package: lib\nVersion: 2\nArchitecture: amd64\nStatus: install ok installed\n\n\
             Package: new\nVersion: 2\nArchitecture: all\nDepends: lib\nStatus: install ok installed\n\n\
             Package: odd\nVersion: 3\nArchitecture: all\nStatus: install ok installed\n"
        );
    }

    #[test]
    fn another_architecture_stays() {
        let status = "Package: lib\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\n\n\
                      Package: lib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
        let text = changed(status, &BTreeMap::from([("lib:i386".to_owned(), None)]), "");
        assert!(!text.contains("i386") && text.contains("amd64"), "{text}");
    }
}

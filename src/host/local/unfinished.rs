//! The package transaction in hand, remembered on the host. A killed one is finished as it was
//! shown: apt by itself forgets recommended packages as soon as what recommends them is there, and
//! which packages came only as dependencies.

use super::super::{HostError, PackageChange, Transaction, own_file};
use super::dpkg_status::Installed;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

const FOLDER: &str = "/var/lib/converge";
const PATH: &str = "/var/lib/converge/transaction.json";

/// Remembers a transaction, on disk when this returns.
///
/// # Errors
/// If it cannot be written.
pub(super) fn begin(planned: &Transaction) -> Result<(), HostError> {
    let failed = |error: std::io::Error| HostError::file("write", PATH, error);
    let text = serde_json::to_vec(planned).map_err(|error| failed(error.into()))?;
    std::fs::create_dir_all(FOLDER).map_err(failed)?;
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(FOLDER).map_err(failed)?;
    new.write_all(&text).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(PATH).map(drop).map_err(|error| failed(error.error))
}

/// It has ended.
pub(super) fn end() {
    let _ = std::fs::remove_file(PATH);
}

/// A transaction that was begun and has not ended; one that cannot be read is none.
pub(super) fn left() -> Option<Transaction> {
    let mut bytes = Vec::new();
    let mut file = own_file::open(Path::new(PATH), OpenOptions::new().read(true)).ok()?;
    file.read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// How far a transaction came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached<'a> {
    /// Nothing of it came, so that it can be planned anew.
    Nothing,
    /// These did not come.
    Without(Vec<&'a PackageChange>),
    /// All came.
    All,
}

/// Compares what should have come with what is there.
pub(super) fn reached<'a>(left: &'a Transaction, installed: &Installed) -> Reached<'a> {
    let coming: Vec<_> = left.changes.iter().filter(|change| change.to.is_some()).collect();
    let is_there =
        |change: &&PackageChange| installed.version(&change.name) == change.to.as_deref();
    let missing: Vec<_> = coming.iter().copied().filter(|change| !is_there(change)).collect();
    match missing.len() {
        0 => Reached::All,
        all if all == coming.len() => Reached::Nothing,
        _ => Reached::Without(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Manager, PackageRequest};
    use super::super::dpkg_status::DpkgStatus;
    use super::*;

    #[test]
    fn how_far_a_killed_transaction_came() {
        let change = |name: &str| PackageChange {
            name: name.to_owned(),
            from: None,
            to: Some("1".to_owned()),
        };
        let left = Transaction {
            manager: Manager::Apt,
            request: PackageRequest::default(),
            changes: vec![change("a"), change("b")],
            refresh_index: false,
            hold: Vec::new(),
        };
        for (there, reached) in [
            (&[][..], Reached::Nothing),
            (&["a"], Reached::Without(vec![&left.changes[1]])),
            (&["a", "b"], Reached::All),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let entry = |name: &&str| {
                format!(
                    "Package: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
                )
            };
            let text: String = there.iter().map(entry).collect();
            std::fs::write(folder.path().join("status"), text).unwrap();
            let database = DpkgStatus::new(folder.path());
            assert_eq!(super::reached(&left, &database.read().unwrap()), reached);
        }
    }
}

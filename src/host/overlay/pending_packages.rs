//! Packages that a dry run has pending.

use crate::host::Transaction;
use crate::value::Origin;

/// Pending package actions.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// In order.
    pub(super) transactions: Vec<Transaction>,
    /// Those that may or may not be performed.
    pub(super) uncertain: Vec<(Transaction, Origin)>,
    /// The database was repaired: what the repair finished is unknown.
    pub(super) repaired: Option<Origin>,
    /// It may have been.
    pub(super) maybe_repaired: Option<Origin>,
    /// A package goes that came in this run: which files and units go with it is unknown.
    pub(super) gone: Option<Origin>,
}

impl Pending {
    /// Why files, accounts or units may be there that are not there yet.
    pub(super) fn may_bring_files(&self) -> Option<Origin> {
        if let Some(origin) = self.repaired.as_ref().or(self.maybe_repaired.as_ref()) {
            return Some(origin.clone());
        }
        if let Some((_, origin)) = self.uncertain.first() {
            return Some(origin.clone());
        }
        let brings = self.transactions.iter().flat_map(|transaction| &transaction.changes);
        brings
            .into_iter()
            .find(|change| change.to.is_some())
            .map(|change| Origin::new(format!("the files of package {}", change.name)))
    }
}

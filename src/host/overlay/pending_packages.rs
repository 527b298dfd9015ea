//! Packages that a dry run has pending.

use crate::host::{Manager, Transaction, Unit, unit_name};
use crate::value::Origin;

/// PendingPackages package actions.
#[derive(Debug, Default)]
pub(super) struct PendingPackages {
    /// In order.
    pub(super) transactions: Vec<Transaction>,
    /// Those that may or may not be performed.
    pub(super) uncertain: Vec<(Transaction, Origin)>,
    /// The database was repaired: what the repair finished is unknown.
    pub(super) repaired: Option<Origin>,
    /// It may have been.
    pub(super) maybe_repaired: Option<Origin>,
    /// Packages whose scripts may act on what is called like them, or like their first part.
    scripts: Vec<Script>,
    /// A package goes that came in this run: which files and units go with it is unknown.
    pub(super) gone: Option<Origin>,
}

/// A package's script that starts or stops what it finds.
#[derive(Debug)]
struct Script {
    package: String,
    stops: bool,
    /// Units that it cannot start.
    held: Vec<String>,
    origin: Origin,
}

impl PendingPackages {
    /// Debian's scripts stop a daemon that goes and start one that comes (deb-systemd-invoke(1p),
    /// invoke-rc.d(8)), whatever file makes its unit.
    pub(super) fn note_scripts(&mut self, transaction: &Transaction) {
        if transaction.manager == Manager::Apt {
            self.scripts.extend(transaction.changes.iter().map(|change| Script {
                package: change.name.clone(),
                stops: change.to.is_none(),
                held: transaction.hold.iter().map(|unit| unit_name(unit)).collect(),
                origin: Origin::new(format!("the scripts of package {}", change.name)),
            }));
        }
    }

    /// Why a unit may have been started or stopped by a script: `exim4` by one of
    /// `exim4-daemon-light`.
    pub(super) fn may_act_on(&self, name: &str, unit: &Unit) -> Option<&Origin> {
        let stem = name.split(['@', '.']).next().unwrap_or(name);
        let acts = |script: &&Script| {
            let rest = script.package.strip_prefix(stem);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                && script.stops == unit.active
                && !unit.masked
                && (unit.active || script.held.iter().all(|held| held != name))
        };
        self.scripts.iter().find(acts).filter(|_| unit.exists).map(|script| &script.origin)
    }

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

#[cfg(test)]
mod tests {
    use super::PendingPackages;
    use crate::host::{Manager, PackageChange, PackageRequest, Transaction, Unit};

    #[test]
    fn scripts_start_and_stop_what_is_called_like_their_package() {
        let change = |name: &str, to: Option<&str>| PackageChange {
            name: name.to_owned(),
            from: None,
            to: to.map(str::to_owned),
        };
        let transaction = Transaction {
            manager: Manager::Apt,
            changes: vec![change("exim4-daemon-light", None), change("postfix", Some("3"))],
            hold: vec!["postfix@-".to_owned()],
            request: PackageRequest::default(),
            refresh_index: false,
        };
        let mut pending = PendingPackages::default();
        pending.note_scripts(&transaction);
        for (name, active, may) in [
            ("exim4.service", true, true),
            ("exim4.service", false, false),
            ("exim.service", true, false),
            ("postfix.service", false, true),
            ("postfix.service", true, false),
            ("postfix@-.service", false, false),
        ] {
            let unit = Unit { exists: true, active, ..Unit::default() };
            assert_eq!(pending.may_act_on(name, &unit).is_some(), may, "{name} {active}");
        }
    }
}

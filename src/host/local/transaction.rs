//! Package requests and transactions, as every package manager needs them.

use super::super::{HostError, PackageChange, PackageRequest, Transaction};
use std::collections::BTreeMap;

/// How these transactions, one after another, leave the packages that they change.
pub(super) fn ends(transactions: &[&Transaction]) -> BTreeMap<String, Option<String>> {
    let changes = transactions.iter().flat_map(|transaction| &transaction.changes);
    changes.map(|change| (change.name.clone(), change.to.clone())).collect()
}

/// Refuses names that a package manager would take for an option, a version or a modifier.
///
/// # Errors
/// Naming the first such name.
pub(super) fn plain_names(request: &PackageRequest) -> Result<(), HostError> {
    let names = request.install.iter().map(|wish| &wish.name);
    let mut names = names.chain(&request.remove).chain(&request.upgrade);
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._:@".contains(&b))
    };
    match names.find(|name| !plain(name)) {
        Some(name) => {
            Err(HostError::failed(format!("`{}` is no package name", name.escape_debug())))
        }
        None => Ok(()),
    }
}

/// Every package that shall come must be among the changes under its own name: a virtual name or a
/// group never counts as installed, and would be asked for in every run.
///
/// # Errors
/// Naming the first that is not.
pub(super) fn names_are_packages(
    wanted: &[String],
    changes: &[PackageChange],
) -> Result<(), HostError> {
    let bare = |name: &str| name.split(':').next().unwrap_or(name).to_owned();
    let comes = |name: &String| {
        changes.iter().any(|change| change.to.is_some() && bare(&change.name) == bare(name))
    };
    match wanted.iter().find(|name| !comes(name)) {
        Some(name) => Err(HostError::Failed {
            message: format!("{name} is not a package's own name"),
            notes: changes
                .iter()
                .filter(|change| change.to.is_some())
                .take(5)
                .map(|change| format!("it stands for {}", change.name))
                .collect(),
            help: Some("name the package itself".to_owned()),
        }),
        None => Ok(()),
    }
}

/// Refuses a transaction that became another.
///
/// # Errors
/// [`HostError::Stale`], with the first change that differs.
pub(super) fn same(planned: &Transaction, now: &[PackageChange]) -> Result<(), HostError> {
    if planned.changes == now {
        return Ok(());
    }
    let extra = now.iter().find(|change| !planned.changes.contains(change));
    let missing = planned.changes.iter().find(|change| !now.contains(change));
    let found = match (extra, missing) {
        (Some(change), _) => format!("the package manager would now {}", words(change)),
        (None, Some(change)) => format!("the package manager would not {} any more", words(change)),
        (None, None) => "the order of changes is another".to_owned(),
    };
    Err(HostError::Stale { target: "the package transaction".to_owned(), found })
}

fn words(change: &PackageChange) -> String {
    let name = &change.name;
    match (&change.from, &change.to) {
        (None, Some(to)) => format!("install {name} {to}"),
        (Some(from), Some(to)) => format!("change {name} from {from} to {to}"),
        (Some(from), None) => format!("remove {name} {from}"),
        (None, None) => format!("keep {name} away"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Manager;
    use super::*;

    fn change(name: &str, from: Option<&str>, to: Option<&str>) -> PackageChange {
        PackageChange { name: name.into(), from: from.map(Into::into), to: to.map(Into::into) }
    }

    #[test]
    fn odd_names_are_refused() {
        for (name, plain) in [
            ("libstdc++6", true),
            ("libc6:i386", true),
            ("gtk2+extra", true),
            ("", false),
            ("--option", false),
            ("postfix=1", false),
            ("a b", false),
            ("./local.deb", false),
        ] {
            let request = PackageRequest { remove: vec![name.into()], ..PackageRequest::default() };
            assert_eq!(plain_names(&request).is_ok(), plain, "{name}");
        }
    }

    #[test]
    fn another_transaction_is_told() {
        let planned = Transaction {
            manager: Manager::Apt,
            request: PackageRequest::default(),
            changes: vec![change("a", None, Some("1"))],
            refresh_index: false,
            hold: vec![],
        };
        for (now, words) in [
            (vec![change("a", None, Some("1"))], None),
            (
                vec![change("a", None, Some("1")), change("b", Some("2"), None)],
                Some("would now remove b 2"),
            ),
            (vec![change("a", None, Some("2"))], Some("would now install a 2")),
            (vec![], Some("would not install a 1 any more")),
        ] {
            let told = same(&planned, &now).err().map(|error| error.to_string());
            match words {
                None => assert_eq!(told, None),
                Some(words) => assert!(told.as_deref().unwrap().contains(words), "{told:?}"),
            }
        }
    }
}

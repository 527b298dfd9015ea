//! Which installed packages must go for others to come, as libalpm decides it: a package conflicts
//! with whatever has or provides a name among its conflicts (PKGBUILD(5), `conflicts`).

use super::super::HostError;
use super::pacman_db::Description;
use super::process::{self, tool};
use std::collections::BTreeMap;

/// What is installed, and what would come.
pub(super) struct Conflicts<'a> {
    pub(super) installed: Vec<Description>,
    pub(super) coming: &'a [Description],
}

impl Conflicts<'_> {
    /// The installed packages, with their versions, that conflict with what comes and are not
    /// removed or replaced by a newer version of themselves anyway.
    ///
    /// # Errors
    /// If two packages that would come conflict with each other.
    pub(super) fn losers(
        &self,
        removed: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, HostError> {
        for (index, one) in self.coming.iter().enumerate() {
            for other in self.coming.iter().skip(index + 1) {
                if conflict(one, other)? {
                    return Err(HostError::Failed {
                        message: "these packages cannot be installed together".to_owned(),
                        notes: vec![format!("{} and {} exclude each other", one.name, other.name)],
                        help: None,
                    });
                }
            }
        }
        let mut losers = BTreeMap::new();
        for there in self.staying(removed) {
            for comes in self.coming {
                if conflict(there, comes)? {
                    losers.insert(there.name.clone(), there.version.clone());
                }
            }
        }
        Ok(losers)
    }

    /// Whether a package that stays needs something that goes, and will have it from what comes.
    ///
    /// # Errors
    /// If it will not have it.
    pub(super) fn needed_meanwhile(
        &self,
        removed: &BTreeMap<String, String>,
    ) -> Result<bool, HostError> {
        let mut meanwhile = false;
        let gone: Vec<_> =
            self.installed.iter().filter(|p| removed.contains_key(&p.name)).collect();
        let staying: Vec<_> = self.staying(removed).collect();
        let has = |packages: &[&Description], wanted: &str| {
            packages.iter().any(|package| has_name(package, bare(wanted)))
        };
        let coming: Vec<_> = self.coming.iter().collect();
        for package in &staying {
            for wanted in &package.depends {
                if !has(&gone, wanted) || has(&staying, wanted) {
                    continue;
                }
                if !has(&coming, wanted) {
                    let loser = gone.iter().find(|gone| has_name(gone, bare(wanted)));
                    return Err(HostError::failed(format!(
                        "{} cannot be removed: {} needs {wanted}",
                        loser.map_or("a package", |loser| loser.name.as_str()),
                        package.name
                    )));
                }
                meanwhile = true;
            }
        }
        Ok(meanwhile)
    }

    fn staying<'b>(
        &'b self,
        removed: &'b BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'b Description> {
        self.installed.iter().filter(|there| {
            let replaced = self.coming.iter().any(|comes| comes.name == there.name);
            !replaced && !removed.contains_key(&there.name)
        })
    }
}

fn conflict(one: &Description, other: &Description) -> Result<bool, HostError> {
    let against = |one: &Description, other: &Description| {
        one.conflicts
            .iter()
            .try_fold(false, |found, wanted| Ok::<_, HostError>(found || satisfies(other, wanted)?))
    };
    Ok(against(one, other)? || against(other, one)?)
}

/// Whether a package is meant by `NAME` or `NAME<VERSION`.
fn satisfies(package: &Description, wanted: &str) -> Result<bool, HostError> {
    let (name, constraint) = wanted.split_at(bare(wanted).len());
    if package.name == name {
        return meets(&package.version, constraint);
    }
    for provided in &package.provides {
        let (provides, version) = provided.split_at(bare(provided).len());
        // What is provided without a version meets no constraint on it.
        let version = version.trim_start_matches('=');
        let comparable = constraint.is_empty() || !version.is_empty();
        if provides == name && comparable && meets(version, constraint)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_name(package: &Description, name: &str) -> bool {
    package.name == name || package.provides.iter().any(|provided| bare(provided) == name)
}

/// The name before a version constraint.
fn bare(wanted: &str) -> &str {
    wanted.split(['<', '>', '=']).next().unwrap_or(wanted)
}

/// Whether a version meets a constraint, compared by pacman's own `vercmp`.
fn meets(version: &str, constraint: &str) -> Result<bool, HostError> {
    let digits = constraint.trim_start_matches(['<', '>', '=']);
    let operator = constraint.get(..constraint.len() - digits.len()).unwrap_or_default();
    if operator.is_empty() {
        return Ok(true);
    }
    let order = process::must(&tool(&["vercmp", version, digits], 10))?;
    let order = order.trim().parse::<i32>().unwrap_or(0).signum();
    Ok(match operator {
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        ">=" => order >= 0,
        _ => order == 0,
    })
}

/// `pacman -Si`: blocks of `Field : value value`.
pub(super) fn parse_info(text: &str) -> Vec<Description> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let mut description = Description::default();
            for line in block.lines() {
                let Some((field, value)) = line.split_once(" : ") else { continue };
                let list = || {
                    let words = value.split_whitespace().filter(|word| *word != "None");
                    words.map(str::to_owned).collect()
                };
                match field.trim_end() {
                    "Name" => description.name = value.trim().to_owned(),
                    "Version" => description.version = value.trim().to_owned(),
                    "Provides" => description.provides = list(),
                    "Conflicts With" => description.conflicts = list(),
                    "Depends On" => description.depends = list(),
                    _ => {}
                }
            }
            description
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, provides: &[&str], conflicts: &[&str], depends: &[&str]) -> Description {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Description {
            name: name.into(),
            version: "1-1".into(),
            provides: list(provides),
            conflicts: list(conflicts),
            depends: list(depends),
            dependency: false,
        }
    }

    fn postfix() -> Description {
        package(
            "postfix",
            &["smtp-server", "smtp-forwarder"],
            &["smtp-server", "smtp-forwarder"],
            &[],
        )
    }

    fn msmtp_mta() -> Description {
        package("msmtp-mta", &["smtp-forwarder"], &["smtp-forwarder"], &["msmtp"])
    }

    #[test]
    fn the_one_that_provides_the_same_must_go() {
        let coming = [msmtp_mta(), package("msmtp", &[], &[], &[])];
        let conflicts = Conflicts {
            installed: vec![postfix(), package("bash", &[], &[], &[])],
            coming: &coming,
        };
        let losers = conflicts.losers(&BTreeMap::new()).unwrap();
        assert_eq!(losers.keys().collect::<Vec<_>>(), ["postfix"]);
        assert!(!conflicts.needed_meanwhile(&losers).unwrap());
    }

    #[test]
    fn a_package_does_not_conflict_with_its_own_next_version() {
        let conflicts = Conflicts { installed: vec![postfix()], coming: &[postfix()] };
        assert!(conflicts.losers(&BTreeMap::new()).unwrap().is_empty());
    }

    #[test]
    fn two_that_exclude_each_other_cannot_come() {
        let coming = [msmtp_mta(), postfix()];
        let conflicts = Conflicts { installed: vec![], coming: &coming };
        assert!(conflicts.losers(&BTreeMap::new()).is_err());
    }

    #[test]
    fn what_others_need_must_come_with_the_new() {
        let monitor = package("monitor", &[], &[], &["smtp-forwarder"]);
        let removed = BTreeMap::from([("postfix".to_owned(), "1-1".to_owned())]);
        let coming = [msmtp_mta()];
        let conflicts = Conflicts { installed: vec![postfix(), monitor.clone()], coming: &coming };
        assert!(conflicts.needed_meanwhile(&removed).unwrap());
        let conflicts = Conflicts { installed: vec![postfix(), monitor], coming: &[] };
        let error = conflicts.needed_meanwhile(&removed).unwrap_err().to_string();
        assert_eq!(error, "postfix cannot be removed: monitor needs smtp-forwarder");
    }

    #[test]
    fn repository_descriptions_are_read() {
        let found = parse_info(include_str!("fixtures/pacman-si.txt"));
        assert_eq!(found.len(), 2);
        assert_eq!(
            found.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
            ["msmtp", "msmtp-mta"]
        );
        assert_eq!(found[1].conflicts, ["smtp-forwarder"]);
        assert_eq!(found[1].provides, ["smtp-forwarder"]);
        assert_eq!((found[0].version.as_str(), found[0].conflicts.len()), ("1.8.26-1", 0));
    }
}

//! Packages as data: what is asked for, and the whole transaction that the manager answers with.

use serde::{Deserialize, Serialize};

/// The package manager of a family of distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// dpkg and apt-get.
    Apt,
    /// pacman.
    Pacman,
}

/// What is known of one package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Package {
    /// The installed version; `None` if it is not installed (removed with its configuration kept
    /// counts as not installed).
    pub installed: Option<String>,
}

/// One package asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageWish {
    /// Its name.
    pub name: String,
    /// Exactly this version, or one that this pattern matches (`3.7.*`); `None` takes the
    /// candidate.
    #[serde(default)]
    pub version: Option<String>,
}

impl PackageWish {
    /// Whether a version is as wished.
    #[must_use]
    pub fn accepts(&self, version: &str) -> bool {
        self.version.as_ref().is_none_or(|pattern| matches(pattern, version))
    }
}

/// Whether a pattern with `*` (any text) and `?` (any letter) matches the whole of a text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let mut ends = ends.map(|at| &text[at..]);
            ends.any(|tail| matches(rest.as_str(), tail))
        }
        Some(wanted) => {
            let mut letters = text.chars();
            letters.next().is_some_and(|letter| wanted == '?' || wanted == letter)
                && matches(rest.as_str(), letters.as_str())
        }
    }
}

/// What one task asks of the package manager.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PackageRequest {
    /// To be installed.
    pub install: Vec<PackageWish>,
    /// To be removed (never purged).
    pub remove: Vec<String>,
    /// To be at the newest version that the repositories have.
    pub upgrade: Vec<String>,
    /// The index is fetched anew first, even where there is one.
    pub refresh: bool,
}

/// One package's part in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageChange {
    /// Its name.
    pub name: String,
    /// The version that goes; `None` if it was not installed.
    pub from: Option<String>,
    /// The version that comes; `None` if it is removed.
    pub to: Option<String>,
}

/// Everything one run of the package manager changes, dependencies and conflicts included, as
/// the manager's own simulation answers. Performed with every version pinned; refused if the
/// simulation answers otherwise by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Who performs it.
    pub manager: Manager,
    /// What was asked.
    pub request: PackageRequest,
    /// What changes, sorted by name.
    pub changes: Vec<PackageChange>,
    /// The host has no package index (or the task asks for a new one): it is fetched first.
    pub refresh_index: bool,
    /// Units masked in /run for the length of the transaction, so that no maintainer script
    /// starts or enables them.
    #[serde(default)]
    pub hold: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_matches_the_whole_version() {
        for (pattern, version, fits) in [
            ("3.7.*", "3.7.11-0+deb12u1", true),
            ("3.7.*", "3.10.1", false),
            ("3.?-1", "3.7-1", true),
            ("3.7", "3.7.1", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, version), fits, "{pattern} {version}");
        }
    }
}

//! The kinds of host, each a recipe for a base tree and a package repository.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::LabError;

/// A kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Debian 12 with apt.
    Debian,
    /// The real pacman over Debian's binaries, with Arch's names, units and map type.
    Pacman,
}

/// Where a host sees its family's package repository.
pub(super) const REPOSITORY: &str = "/srv/packages";

impl Family {
    /// Every family.
    pub const ALL: [Self; 2] = [Self::Debian, Self::Pacman];

    /// The family's name in commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Pacman => "pacman",
        }
    }

    /// The files of the recipe: name and text. `build.sh` is the one that is run.
    pub(super) fn recipe(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Debian => &[
                ("build.sh", include_str!("recipes/debian.sh")),
                ("common.sh", include_str!("recipes/common.sh")),
            ],
            Self::Pacman => &[
                ("build.sh", include_str!("recipes/pacman.sh")),
                ("common.sh", include_str!("recipes/common.sh")),
                ("os-release", include_str!("recipes/pacman/os-release")),
                ("daemon-reload.hook", include_str!("recipes/pacman/daemon-reload.hook")),
                ("lmdb-only.pl", include_str!("recipes/pacman/lmdb-only.pl")),
                ("main.cf", include_str!("recipes/pacman/main.cf")),
                ("postfix.install", include_str!("recipes/pacman/postfix.install")),
                ("postfix.service", include_str!("recipes/pacman/postfix.service")),
                ("postfix.sysusers", include_str!("recipes/pacman/postfix.sysusers")),
            ],
        }
    }

    /// Names the recipe's version, so that a changed recipe is built anew.
    pub(super) fn recipe_hash(self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in self.recipe() {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The package manager's configuration, path and text: the lab's repository and no other.
    /// Unsigned, as the packages are the lab's own.
    pub(super) fn repository_config(self) -> (&'static str, String) {
        match self {
            Self::Debian => {
                ("etc/apt/sources.list", format!("deb [trusted=yes] file:{REPOSITORY} ./\n"))
            }
            Self::Pacman => {
                let text = format!(
                    "[options]\nHoldPkg = pacman glibc\nArchitecture = auto\n\
                     SigLevel = Never\nLocalFileSigLevel = Optional\n\n\
                     [extra]\nServer = file://{REPOSITORY}\n"
                );
                ("etc/pacman.conf", text)
            }
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        Self::ALL.into_iter().find(|family| family.name() == text).ok_or_else(|| {
            LabError::BadName {
                name: text.to_owned(),
                kind: "family",
                rule: "one of debian, pacman",
            }
        })
    }
}

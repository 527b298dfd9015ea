//! Which distribution a host runs, as os-release(5) tells it and Ansible names it.

use super::super::Manager;
use std::collections::HashMap;
use std::path::Path;

/// What a host runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Distribution {
    /// `Debian`, `Archlinux`, `Fedora`, …
    pub(super) name: String,
    /// `12.11`, `rolling`, …
    pub(super) version: String,
    /// `12`.
    pub(super) major_version: String,
    /// The code name, `bookworm`; `NA` if there is none.
    pub(super) release: String,
    /// `Debian`, `Archlinux`, `RedHat`, `Alpine`, `Suse`.
    pub(super) family: String,
}

/// The names that Ansible gives to an `ID` of os-release: distribution and family.
const NAMES: [(&str, &str, &str); 14] = [
    ("debian", "Debian", "Debian"),
    ("ubuntu", "Ubuntu", "Debian"),
    ("raspbian", "Debian", "Debian"),
    ("linuxmint", "Linux Mint", "Debian"),
    ("arch", "Archlinux", "Archlinux"),
    ("manjaro", "Manjaro", "Archlinux"),
    ("fedora", "Fedora", "RedHat"),
    ("rhel", "RedHat", "RedHat"),
    ("centos", "CentOS", "RedHat"),
    ("rocky", "Rocky", "RedHat"),
    ("almalinux", "AlmaLinux", "RedHat"),
    ("alpine", "Alpine", "Alpine"),
    ("opensuse-leap", "openSUSE Leap", "Suse"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse"),
];

impl Distribution {
    /// From the files under `/etc` (or another root's).
    pub(super) fn read(root: &Path) -> Self {
        let text = |path: &str| std::fs::read_to_string(root.join(path)).ok();
        let release = text("etc/os-release").or_else(|| text("usr/lib/os-release"));
        Self::parse(&release.unwrap_or_default(), text("etc/debian_version").as_deref())
    }

    fn parse(os_release: &str, debian_version: Option<&str>) -> Self {
        let fields = fields(os_release);
        let get = |key: &str| fields.get(key).cloned().unwrap_or_default();
        let id = get("ID");
        let like = get("ID_LIKE");
        let known = NAMES.iter().find(|(known, ..)| *known == id);
        let by_likeness =
            like.split(' ').find_map(|like| NAMES.iter().find(|(id, ..)| *id == like));
        let (name, family) = match (known, by_likeness) {
            (Some((_, name, family)), _) => ((*name).to_owned(), (*family).to_owned()),
            (None, Some((_, _, family))) => (get("NAME"), (*family).to_owned()),
            (None, None) => (get("NAME"), get("NAME")),
        };
        let mut version = get("VERSION_ID");
        // Debian's os-release has no point release.
        if name == "Debian"
            && let Some(point) = debian_version.map(str::trim)
            && point.starts_with(|c: char| c.is_ascii_digit())
        {
            version = point.to_owned();
        }
        if version.is_empty() {
            version = if family == "Archlinux" { "rolling" } else { "NA" }.to_owned();
        }
        let major_version = version.split('.').next().unwrap_or_default().to_owned();
        let release = fields.get("VERSION_CODENAME").cloned().filter(|name| !name.is_empty());
        Self {
            name,
            version,
            major_version,
            release: release.unwrap_or_else(|| "NA".into()),
            family,
        }
    }

    /// Its package manager, if it is one of those that can be driven.
    pub(super) fn manager(&self) -> Option<Manager> {
        let there = |path: &str| Path::new(path).exists();
        // A host may carry another family's tools as well.
        match self.family.as_str() {
            "Debian" => Some(Manager::Apt),
            "Archlinux" => Some(Manager::Pacman),
            _ if there("/usr/bin/apt-get") => Some(Manager::Apt),
            _ if there("/usr/bin/pacman") => Some(Manager::Pacman),
            _ => None,
        }
    }

    /// Its package manager as Ansible names it (`apt`, `pacman`, `dnf`, …).
    pub(super) fn manager_name(&self) -> &'static str {
        match self.family.as_str() {
            "Debian" => "apt",
            "Archlinux" => "pacman",
            "RedHat" => "dnf",
            "Alpine" => "apk",
            "Suse" => "zypper",
            _ => match self.manager() {
                Some(Manager::Apt) => "apt",
                Some(Manager::Pacman) => "pacman",
                None => "unknown",
            },
        }
    }
}

/// Assignments as a shell would read them, without expansion.
fn fields(text: &str) -> HashMap<String, String> {
    let assignments = text.lines().filter_map(|line| line.trim().split_once('='));
    assignments
        .map(|(key, value)| (key.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_ansibles_names() {
        for (os_release, debian_version, expected) in [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
                Some("12.11\n"),
                ["Debian", "12.11", "12", "bookworm", "Debian"],
            ),
            (
                "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_CODENAME=forky\n",
                Some("forky/sid\n"),
                ["Debian", "NA", "NA", "forky", "Debian"],
            ),
            (
                "NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n",
                None,
                ["Archlinux", "rolling", "rolling", "NA", "Archlinux"],
            ),
            (
                "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n",
                Some("trixie/sid"),
                ["Ubuntu", "24.04", "24", "noble", "Debian"],
            ),
            (
                "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.5\"\n",
                None,
                ["Rocky", "9.5", "9", "NA", "RedHat"],
            ),
            (
                "NAME=EndeavourOS\nID=endeavouros\nID_LIKE=arch\n",
                None,
                ["EndeavourOS", "rolling", "rolling", "NA", "Archlinux"],
            ),
        ] {
            let found = Distribution::parse(os_release, debian_version);
            let found =
                [found.name, found.version, found.major_version, found.release, found.family];
            assert_eq!(found, expected);
        }
    }
}

//! An instance's name, and the one place that derives every other name from it, so that `down`
//! finds what a crashed `up` left behind without any record of it.

use std::fmt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::LabError;

/// The name of one lab. Several may be up at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance(String);

/// So that a machine's name (`cv-` + name + `.` + host) fits into 64 bytes.
const LONGEST: usize = 24;

/// Interfaces' names hold 15 bytes: `cv-` + tag + `.` + up to three digits.
const LONGEST_TAG: usize = 8;

/// Names that the lab uses for its own servers.
const RESERVED: [&str; 3] = ["dns", "mx", "mail"];

impl Instance {
    /// Accepts a letter and then up to 23 letters, digits or inner hyphens, in lower case.
    pub fn new(name: &str) -> Result<Self, LabError> {
        let letter = name.starts_with(|first: char| first.is_ascii_lowercase());
        if letter && is_label(name) && name.len() <= LONGEST {
            return Ok(Self(name.to_owned()));
        }
        Err(LabError::BadName {
            name: name.to_owned(),
            kind: "lab",
            rule: "a letter, then up to 23 lower-case letters, digits and inner hyphens",
        })
    }

    /// The name itself.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The bridge that joins the hosts.
    pub(super) fn bridge(&self) -> String {
        format!("cv-{}", self.tag())
    }

    /// What stands for the name where there is little room: itself, or a hash.
    fn tag(&self) -> String {
        if self.0.len() <= LONGEST_TAG {
            return self.0.clone();
        }
        let hash = Sha256::digest(&self.0);
        hash.iter().take(LONGEST_TAG / 2).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What every network namespace of this instance begins with. No name has a dot, so those of
    /// `a` are not taken for those of `a-b`.
    pub(super) fn netns_prefix(&self) -> String {
        format!("cv-{}.", self.0)
    }

    /// The network namespace of a host or server.
    pub(super) fn netns(&self, host: &str) -> String {
        format!("cv-{}.{host}", self.0)
    }

    /// What the machine's end of every cable begins with.
    pub(super) fn veth_prefix(&self) -> String {
        format!("cv-{}.", self.tag())
    }

    /// The machine's end of the cable of the host with this number.
    pub(super) fn veth(&self, number: u8) -> String {
        format!("cv-{}.{number}", self.tag())
    }

    /// What is small and dies with the machine: description, keys, logs, mail.
    pub fn run_dir(&self) -> PathBuf {
        runs_dir().join(&self.0)
    }

    /// What hosts write: not under /run, which is a small tmpfs on many machines.
    pub(super) fn disk_dir(&self) -> PathBuf {
        PathBuf::from("/var/lib/converge-lab").join(&self.0)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where all instances keep their description.
pub(super) fn runs_dir() -> PathBuf {
    PathBuf::from("/run/converge-lab")
}

/// A host's name: one label of a domain name, not one of the lab's own servers.
pub(super) fn check_host_name(name: &str) -> Result<(), LabError> {
    if is_label(name) && name.len() <= 32 && !RESERVED.contains(&name) {
        return Ok(());
    }
    Err(LabError::BadName {
        name: name.to_owned(),
        kind: "host",
        rule: "up to 32 lower-case letters, digits and inner hyphens; not `dns`, `mx` or `mail`",
    })
}

fn is_label(name: &str) -> bool {
    let inner = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    inner && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_labs() {
        for good in ["lab", "a-b", "kills-debian", "x12345678901234567890123"] {
            assert!(Instance::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Lab", "1lab", "a-", "x123456789012345678901234", "../x", "a.b"] {
            assert!(Instance::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn derived_names_fit() -> Result<(), LabError> {
        let (short, long) = (Instance::new("lab")?, Instance::new("a-much-longer-name")?);
        assert_eq!(short.bridge(), "cv-lab");
        assert_eq!(long.veth(255).len(), 15);
        assert_eq!(long.bridge().len(), "cv-12345678".len());
        assert!(long.netns(&"h".repeat(32)).len() <= 64);
        Ok(())
    }

    #[test]
    fn host_names() {
        for good in ["web1", "a-b", "1"] {
            assert!(check_host_name(good).is_ok(), "{good}");
        }
        for bad in ["", "mx", "dns", "mail", "-a", "a-", "A", "a.b", "a/b"] {
            assert!(check_host_name(bad).is_err(), "{bad}");
        }
    }
}

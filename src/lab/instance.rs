//! An instance's name, and the one place that derives every other name from it, so that `down`
//! finds what a crashed `up` left behind without any record of it.

use std::fmt;
use std::path::PathBuf;

use super::LabError;

/// The name of one lab. Several may be up at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance(String);

/// Bridge and veth names hold 15 bytes: `cv-` + name + `.` + up to three digits.
const LONGEST: usize = 8;

/// Names that the lab uses for its own servers.
const RESERVED: [&str; 2] = ["dns", "mx"];

impl Instance {
    /// Accepts a letter and up to seven letters or digits, in lower case. No hyphen: the
    /// namespaces of `a` could otherwise be taken for those of `a-b`.
    pub fn new(name: &str) -> Result<Self, LabError> {
        let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if first && rest && name.len() <= LONGEST {
            return Ok(Self(name.to_owned()));
        }
        Err(LabError::BadName {
            name: name.to_owned(),
            kind: "lab",
            rule: "a letter, then up to seven lower-case letters or digits",
        })
    }

    /// The name itself.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The bridge that joins the hosts.
    pub(super) fn bridge(&self) -> String {
        format!("cv-{}", self.0)
    }

    /// What every network namespace of this instance begins with.
    pub(super) fn netns_prefix(&self) -> String {
        format!("cv-{}-", self.0)
    }

    /// The network namespace of a host or server.
    pub(super) fn netns(&self, host: &str) -> String {
        format!("cv-{}-{host}", self.0)
    }

    /// What the machine's end of every cable begins with.
    pub(super) fn veth_prefix(&self) -> String {
        format!("cv-{}.", self.0)
    }

    /// The machine's end of the cable of the host with this number.
    pub(super) fn veth(&self, number: u8) -> String {
        format!("cv-{}.{number}", self.0)
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
    let inner = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let ends = !name.starts_with('-') && !name.ends_with('-');
    if !name.is_empty() && name.len() <= 32 && inner && ends && !RESERVED.contains(&name) {
        return Ok(());
    }
    Err(LabError::BadName {
        name: name.to_owned(),
        kind: "host",
        rule: "up to 32 lower-case letters, digits and inner hyphens; not `dns` or `mx`",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fit_into_an_interface_name() {
        assert!(Instance::new("lab").is_ok());
        assert!(Instance::new("t1234567").is_ok());
        for bad in ["", "a-b", "Lab", "1lab", "t12345678", "../x"] {
            assert!(Instance::new(bad).is_err(), "{bad}");
        }
        assert!(Instance::new("t1234567").is_ok_and(|i| i.veth(255).len() <= 15));
    }

    #[test]
    fn host_names() {
        for good in ["web1", "a-b", "1"] {
            assert!(check_host_name(good).is_ok(), "{good}");
        }
        for bad in ["", "mx", "dns", "-a", "a-", "A", "a.b", "a/b"] {
            assert!(check_host_name(bad).is_err(), "{bad}");
        }
    }
}

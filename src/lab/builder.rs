//! What a lab is to have, before it is up.

use std::path::PathBuf;

use super::handle::Lab;
use super::instance::check_host_name;
use super::state::Connection;
use super::subnet::MOST_HOSTS;
use super::{Family, Instance, LabError, Subnet};

/// Says what a lab is to have; `up` makes it.
#[derive(Debug, Clone)]
#[must_use]
pub struct LabBuilder {
    pub(super) name: String,
    pub(super) hosts: Vec<(String, Family)>,
    pub(super) binary: Option<PathBuf>,
    pub(super) subnet: Option<Subnet>,
    pub(super) connection: Connection,
    pub(super) replace: bool,
    pub(super) mailu: bool,
}

impl Lab {
    /// Begins a description of a lab.
    pub fn builder(name: &str) -> LabBuilder {
        LabBuilder::new(name)
    }
}

impl LabBuilder {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hosts: Vec::new(),
            binary: None,
            subnet: None,
            connection: Connection::default(),
            replace: false,
            mailu: false,
        }
    }

    /// Adds a Debian host.
    pub fn debian(self, name: &str) -> Self {
        self.host(name, Family::Debian)
    }

    /// Adds a host of the pacman family.
    pub fn pacman(self, name: &str) -> Self {
        self.host(name, Family::Pacman)
    }

    /// Adds a host.
    pub fn host(mut self, name: &str, family: Family) -> Self {
        self.hosts.push((name.to_owned(), family));
        self
    }

    /// The binary that hosts see as /usr/local/bin/converge and that serves as the MX; by
    /// default the one that is running.
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = Some(path.into());
        self
    }

    /// The network; by default the first of 10.99.0.0/24 … that the machine does not route.
    pub fn subnet(mut self, subnet: Subnet) -> Self {
        self.subnet = Some(subnet);
        self
    }

    /// How the inventory reaches the hosts.
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Brings down an instance of the same name first, such as a killed test left behind. Where
    /// another process still uses one, waits until it brings that down itself.
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    #[cfg(feature = "lab-fixtures")]
    /// Adds a Mailu, as mail.lab.test, with a CA that the hosts trust.
    pub fn mailu(mut self) -> Self {
        self.mailu = true;
        self
    }

    pub(super) fn check(&self) -> Result<Instance, LabError> {
        for (name, _) in &self.hosts {
            check_host_name(name)?;
        }
        let mut names: Vec<&str> = self.hosts.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let excess = self.hosts.get(MOST_HOSTS).map(|(name, _)| name.as_str());
        match (twice, excess) {
            (Some(name), _) => Err(LabError::BadName {
                name: name.to_owned(),
                kind: "host",
                rule: "each name once",
            }),
            (None, Some(name)) => Err(LabError::BadName {
                name: name.to_owned(),
                kind: "host",
                rule: "a lab has at most 240 hosts",
            }),
            (None, None) => Instance::new(&self.name),
        }
    }
}

//! The description of an instance, `lab.json`: enough for a later `down`, `list` or `ssh` by
//! another process.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::base::Base;
use super::cgroup::Cgroup;
use super::error::io;
use super::instance::runs_dir;
use super::{Family, Instance, LabError, Subnet};

/// The domain of all lab hosts.
pub(super) const DOMAIN: &str = "lab.test";

/// Where hosts see the binary.
pub(super) const BINARY: &str = "/usr/local/bin/converge";

/// How the inventory says that hosts are reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// By entering the namespaces of the host's init.
    #[default]
    Nsenter,
    /// By the system's OpenSSH.
    Ssh,
}

/// One lab, as it is written to `/run/converge-lab/NAME/lab.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabState {
    /// The instance's name.
    pub name: String,
    /// Its network.
    pub subnet: Subnet,
    /// The binary that hosts see as /usr/local/bin/converge, and that serves as the MX.
    pub binary: PathBuf,
    /// How the inventory reaches the hosts.
    pub connection: Connection,
    /// What hosts of each family were made of; a later recipe does not change a lab that is up.
    pub bases: BTreeMap<Family, Base>,
    /// Its hosts, in the order of their addresses.
    pub hosts: Vec<HostState>,
    /// The DNS server's address.
    pub dns: Ipv4Addr,
    /// The mail server's address; its name is mx.lab.test.
    pub mx: Ipv4Addr,
    /// The Mailu's address, in a lab that has one; its name is mail.lab.test.
    #[serde(default)]
    pub mailu: Option<Ipv4Addr>,
    /// Where the MX keeps what it accepted.
    pub maildir: PathBuf,
    /// `ssh -F` this file reaches every host by its name.
    pub ssh_config: PathBuf,
    /// The inventory of the hosts.
    pub inventory: PathBuf,
}

/// One host of a lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostState {
    /// Its short name.
    pub name: String,
    /// What it is made from.
    pub family: Family,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its network namespace, as `ip netns` names it.
    pub netns: String,
    /// Its init, as this machine numbers processes; none while it is down.
    pub pid: Option<u32>,
}

impl HostState {
    /// The host's full name.
    pub fn fqdn(&self) -> String {
        format!("{}.{DOMAIN}", self.name)
    }
}

impl LabState {
    pub(super) fn path(instance: &Instance) -> PathBuf {
        instance.run_dir().join("lab.json")
    }

    /// Reads the description of an instance, with the pids of this moment.
    pub fn load(instance: &Instance) -> Result<Self, LabError> {
        let path = Self::path(instance);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let up = names()?.iter().map(ToString::to_string).collect();
                return Err(LabError::NoSuchLab { name: instance.to_string(), up });
            }
            other => other.map_err(io("read", &path))?,
        };
        let mut state: Self =
            serde_json::from_slice(&text).map_err(|source| LabError::BadState { path, source })?;
        state.refresh_pids(instance)?;
        Ok(state)
    }

    /// Looks up each host's init.
    pub(super) fn refresh_pids(&mut self, instance: &Instance) -> Result<(), LabError> {
        for host in &mut self.hosts {
            host.pid = Cgroup::of_member(instance, &host.name)?.init_pid();
        }
        Ok(())
    }

    pub(super) fn save(&self, instance: &Instance) -> Result<(), LabError> {
        let path = Self::path(instance);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|source| LabError::BadState { path: path.clone(), source })?;
        replace(&path, &text)
    }
}

/// Writes a file so that a reader sees the old or the new one, never half of it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes).map_err(io("write", &new))?;
    std::fs::rename(&new, path).map_err(io("rename", new))
}

/// The labs of this machine, by name, also those that a crash left half-way. A lab whose
/// description cannot be read has none.
pub fn list() -> Result<Vec<(Instance, Option<LabState>)>, LabError> {
    let state = |instance: &Instance| LabState::load(instance).ok();
    Ok(names()?.into_iter().map(|instance| (instance.clone(), state(&instance))).collect())
}

fn names() -> Result<Vec<Instance>, LabError> {
    let dir = runs_dir();
    let entries = match std::fs::read_dir(&dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(io("list", &dir))?,
    };
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Instance::new(entry.file_name().to_str()?).ok())
        .collect();
    names.sort();
    Ok(names)
}

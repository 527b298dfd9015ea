//! What other programs need to reach the hosts: an inventory, and a configuration for ssh.

use std::fmt::Write;

use super::state::{BINARY, Connection, LabState, replace};
use super::{Family, Instance, LabError};

/// Writes `hosts.yml`, `ssh_config` and `lab.json` from the state; they change when a host gets a
/// new init.
pub(super) fn publish(state: &LabState, instance: &Instance) -> Result<(), LabError> {
    replace(&state.inventory, hosts_yml(state).as_bytes())?;
    replace(&state.ssh_config, ssh_config(state, instance).as_bytes())?;
    state.save(instance)
}

/// Every host under `all`, and again under a group named after its family.
fn hosts_yml(state: &LabState) -> String {
    let mut text = String::from("all:\n  hosts:\n");
    for host in &state.hosts {
        let _ = match state.connection {
            Connection::Nsenter => write!(
                text,
                "    {}:\n      ansible_connection: community.general.nsenter\n      \
                 ansible_nsenter_pid: {}\n      converge_agent: {BINARY}\n",
                host.name,
                host.pid.unwrap_or_default()
            ),
            Connection::Ssh => write!(
                text,
                "    {}:\n      ansible_host: {}\n      \
                 ansible_ssh_common_args: \"-F {}\"\n",
                host.name,
                host.name,
                state.ssh_config.display()
            ),
        };
    }
    text.push_str("  children:\n");
    for family in Family::ALL {
        let mut members = state.hosts.iter().filter(|host| host.family == family).peekable();
        if members.peek().is_some() {
            let _ = write!(text, "    {family}:\n      hosts:\n");
            for host in members {
                let _ = writeln!(text, "        {}:", host.name);
            }
        }
    }
    text
}

/// One entry per host. Keys are known beforehand, so checking stays strict.
fn ssh_config(state: &LabState, instance: &Instance) -> String {
    let dir = instance.run_dir();
    let dir = dir.display();
    let mut text = String::new();
    for host in &state.hosts {
        let _ = write!(text, "Host {} {}\n  HostName {}\n\n", host.name, host.fqdn(), host.address);
    }
    let _ = write!(
        text,
        "Host *\n  User root\n  IdentityFile {dir}/id_ed25519\n  IdentitiesOnly yes\n  \
         UserKnownHostsFile {dir}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  \
         StrictHostKeyChecking yes\n  HostKeyAlgorithms ssh-ed25519\n  \
         KexAlgorithms curve25519-sha256\n  PasswordAuthentication no\n"
    );
    text
}

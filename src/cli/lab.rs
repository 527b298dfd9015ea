//! `converge lab`: throwaway real hosts on this machine.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::lab::{self, Connection, Family, Instance, Lab, LabError, Subnet};

/// Boots throwaway real hosts on this machine, to converge them.
#[derive(Debug, Args)]
pub struct LabCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Boot hosts, and the servers that they need
    Up(Up),
    /// Remove a lab, also one that a crash left half-way
    Down {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// The same, said without the option
        #[arg(value_name = "NAME", conflicts_with = "name")]
        bare_name: Option<String>,
    },
    /// Show the labs of this machine
    List,
    /// Run a command on a host, or log in to it
    Ssh {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// The host
        host: String,
        /// The command; without one, a shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    #[cfg(feature = "lab-fixtures")]
    #[command(flatten)]
    Serve(super::lab_servers::LabServer),
}

#[derive(Debug, Args)]
struct Up {
    /// The lab's name; several labs may be up at once
    #[arg(long, default_value = "lab")]
    name: String,
    /// How many Debian hosts to boot: web1, web2, …
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    debian: usize,
    /// How many hosts of the pacman family to boot: arch1, arch2, …
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pacman: usize,
    /// A further host, for a name of your own choice
    #[arg(long = "host", value_name = "NAME=FAMILY", value_parser = named_host)]
    hosts: Vec<(String, Family)>,
    /// The network; by default the first free one of 10.99.0.0/24, 10.99.1.0/24, …
    #[arg(long, value_name = "A.B.C.0/24")]
    subnet: Option<Subnet>,
    /// How the inventory reaches the hosts
    #[arg(long, value_enum, default_value_t = Via::Nsenter)]
    connection: Via,
    /// The binary that hosts see as /usr/local/bin/converge; by default this one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    #[cfg(feature = "lab-fixtures")]
    /// Add a Mailu, mail.lab.test, with a CA that the hosts trust
    #[arg(long)]
    mailu: bool,
    /// Bring down a lab of the same name first
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Via {
    Nsenter,
    Ssh,
}

fn named_host(text: &str) -> Result<(String, Family), LabError> {
    let (name, family) = text.split_once('=').unwrap_or((text, "debian"));
    Ok((name.to_owned(), family.parse()?))
}

/// What a `lab` command has to say, and the exit code of the command that `ssh` ran.
#[derive(Debug, Default)]
pub struct LabReport {
    /// Lines for standard output.
    pub text: String,
    /// The command's own exit code; 0 for all but `ssh`.
    pub code: u8,
}

impl LabCommand {
    /// Does as asked.
    pub fn run(self) -> Result<LabReport, LabError> {
        match self.action {
            Action::Up(options) => options.run(),
            Action::Down { name, bare_name } => {
                let instance = Instance::new(&bare_name.unwrap_or(name))?;
                lab::down(&instance).map(|()| LabReport::default())
            }
            Action::List => list(),
            Action::Ssh { name, host, command } => ssh(&name, &host, &command),
            #[cfg(feature = "lab-fixtures")]
            Action::Serve(server) => {
                server.run().map(|code| LabReport { code, ..LabReport::default() })
            }
        }
    }
}

impl Up {
    fn run(self) -> Result<LabReport, LabError> {
        let mut builder = Lab::builder(&self.name).connection(match self.connection {
            Via::Nsenter => Connection::Nsenter,
            Via::Ssh => Connection::Ssh,
        });
        for number in 1..=self.debian {
            builder = builder.debian(&format!("web{number}"));
        }
        for number in 1..=self.pacman {
            builder = builder.pacman(&format!("arch{number}"));
        }
        for (name, family) in &self.hosts {
            builder = builder.host(name, *family);
        }
        if let Some(subnet) = self.subnet {
            builder = builder.subnet(subnet);
        }
        if let Some(binary) = self.binary {
            builder = builder.binary(binary);
        }
        #[cfg(feature = "lab-fixtures")]
        if self.mailu {
            builder = builder.mailu();
        }
        if self.replace {
            builder = builder.replace();
        }
        let lab = builder.up()?.stay();
        let mut text = String::new();
        for host in &lab.state().hosts {
            text.push_str(&format!("{:<16} {:<8} {}\n", host.name, host.family, host.address));
        }
        #[cfg(feature = "lab-fixtures")]
        if let Ok(mailu) = lab.mailu() {
            text.push_str(&format!("{:<16} {:<8} {}\n", "mail", "mailu", mailu.address()));
            text.push_str(&format!("ca: {}\n", mailu.ca_file().display()));
            text.push_str(&format!("api token: {}\n", mailu.api_token_file().display()));
        }
        text.push_str(&format!("inventory: {}\n", lab.inventory().display()));
        Ok(LabReport { text, code: 0 })
    }
}

fn list() -> Result<LabReport, LabError> {
    let mut text = String::new();
    for (instance, state) in lab::list()? {
        let Some(state) = state else {
            text.push_str(&format!("{instance}: unfinished\n"));
            continue;
        };
        text.push_str(&format!("{instance}: {}, {}\n", state.subnet, state.inventory.display()));
        if let Some(address) = state.mailu {
            text.push_str(&format!("  {:<16} {:<8} {address}\n", "mail", "mailu"));
        }
        for host in state.hosts {
            let power = if host.pid.is_some() { "up" } else { "down" };
            let (name, family) = (&host.name, host.family.name());
            text.push_str(&format!("  {name:<16} {family:<8} {:<15} {power}\n", host.address));
        }
    }
    Ok(LabReport { text, code: 0 })
}

/// The system's ssh, on this terminal.
fn ssh(name: &str, host: &str, command: &[String]) -> Result<LabReport, LabError> {
    let lab = Lab::attach(name)?;
    let status = lab.ssh(host, command)?;
    // ssh itself says 255 where a signal ended the command.
    Ok(LabReport {
        code: status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(255),
        ..LabReport::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        lab: LabCommand,
    }

    #[test]
    fn down_takes_its_name_as_up_does_and_bare() {
        let parsed = |words: &[&str]| {
            let line = Line::try_parse_from([&["lab", "down"], words].concat()).ok()?;
            match line.lab.action {
                Action::Down { name, bare_name } => Some(bare_name.unwrap_or(name)),
                _ => None,
            }
        };
        assert_eq!(parsed(&[]).as_deref(), Some("lab"));
        assert_eq!(parsed(&["--name", "own"]).as_deref(), Some("own"));
        assert_eq!(parsed(&["own"]).as_deref(), Some("own"));
        assert_eq!(parsed(&["own", "--name", "another"]), None);
    }
}

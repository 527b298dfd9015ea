//! Making an instance, and the handle on one that is up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::Mutex;

use super::base::{Base, base};
use super::boot::Machine;
use super::claim::{Owner, Registry};
use super::error::io;
use super::inventory::publish;
use super::state::{HostState, LabState};
use super::{
    Family, Host, Instance, LabBuilder, LabError, Mailbox, Subnet, check_requirements, dns, down,
    keys, limits, network, seed,
};

/// A lab that is up. Dropping it brings it down, unless it was told to stay.
#[derive(Debug)]
pub struct Lab {
    instance: Instance,
    state: LabState,
    publishing: Mutex<()>,
    /// None where the lab outlives this handle.
    owner: Option<Owner>,
}

impl Lab {
    /// Begins a description of a lab.
    pub fn builder(name: &str) -> LabBuilder {
        LabBuilder::new(name)
    }

    /// A handle on a lab that is up already; dropping the handle leaves it up.
    pub fn attach(name: &str) -> Result<Self, LabError> {
        let instance = Instance::new(name)?;
        let state = LabState::load(&instance)?;
        Ok(Self { instance, state, publishing: Mutex::new(()), owner: None })
    }

    /// Lets the lab outlive this handle.
    #[must_use]
    pub fn stay(mut self) -> Self {
        if let Some(owner) = self.owner.take() {
            owner.renounce(&self.instance);
        }
        self
    }

    /// What the lab consists of.
    pub fn state(&self) -> &LabState {
        &self.state
    }

    /// The path of the inventory.
    pub fn inventory(&self) -> &PathBuf {
        &self.state.inventory
    }

    /// The path of the configuration for `ssh -F`.
    pub fn ssh_config(&self) -> &PathBuf {
        &self.state.ssh_config
    }

    /// A host of the lab.
    pub fn host(&self, name: &str) -> Result<Host<'_>, LabError> {
        let state = self.state.hosts.iter().find(|host| host.name == name).ok_or_else(|| {
            LabError::NoSuchHost { lab: self.instance.to_string(), host: name.to_owned() }
        })?;
        Ok(Host::new(self, state.clone(), self.machine(state)))
    }

    /// Runs a command on a host by the system's ssh, or a shell where there is none, on the
    /// caller's own terminal. A single word is a line of shell; several are a program and its
    /// arguments, and arrive as they are.
    pub fn ssh(&self, host: &str, command: &[String]) -> Result<ExitStatus, LabError> {
        let config = self.state.ssh_config.clone();
        let name = self.host(host)?.name().to_owned();
        Command::new("ssh")
            .arg("-F")
            .arg(config)
            .args(["--", &name])
            .args(command_line(command))
            .status()
            .map_err(io("run", "ssh"))
    }

    /// The lab's mail server.
    pub fn mx(&self) -> Mailbox<'_> {
        Mailbox::new(&self.instance, &self.state)
    }

    /// Brings the lab down, as dropping it does, and says whether that worked.
    pub fn down(mut self) -> Result<(), LabError> {
        self.owner = None;
        down(&self.instance)
    }

    fn machine(&self, host: &HostState) -> Machine {
        Machine {
            instance: self.instance.clone(),
            name: host.name.clone(),
            base: self.state.bases[&host.family].clone(),
            binary: self.state.binary.clone(),
        }
    }

    /// Writes the files that name the hosts' inits, which change at each boot.
    pub(super) fn publish(&self) -> Result<(), LabError> {
        let _one_at_a_time = self.publishing.lock();
        let mut state = self.state.clone();
        state.refresh_pids(&self.instance)?;
        publish(&state, &self.instance)
    }

    /// Boots all hosts side by side, with the two servers.
    fn start(&self) -> Result<(), LabError> {
        let authorized = keys::generate(&self.instance.run_dir().join("id_ed25519"), "lab")?;
        let start_host = |host: &HostState| {
            network::plug_in(&self.instance, &host.name, host.address)?;
            let machine = self.machine(host);
            let seed_dir = machine.dir().join("seed");
            let key = seed::write(&seed_dir, host, self.state.subnet, &authorized)?;
            machine.boot()?;
            Ok(format!("{},{} {key}\n", host.address, host.name))
        };
        let start_servers = || {
            network::plug_in(&self.instance, "dns", self.state.dns)?;
            network::plug_in(&self.instance, "mx", self.state.mx)?;
            dns::start(&self.state, &self.instance)?;
            self.mx().start()
        };
        let known_hosts = std::thread::scope(|scope| {
            let servers = scope.spawn(start_servers);
            let lines = side_by_side(&self.state.hosts, start_host);
            joined(servers).and(lines)
        })?;
        let path = self.instance.run_dir().join("known_hosts");
        std::fs::write(&path, known_hosts.concat()).map_err(io("write", path))?;
        self.publish()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.owner.is_some() {
            // Nobody is left to tell; `list` still shows what could not be removed.
            let _ = down(&self.instance);
        }
    }
}

pub(super) fn up(builder: LabBuilder) -> Result<Lab, LabError> {
    let instance = builder.check()?;
    check_requirements()?;
    limits::raise()?;
    if builder.replace {
        down(&instance)?;
    }
    let registry = Registry::lock()?;
    let subnet = match builder.subnet {
        Some(subnet) => subnet.check_free().map(|()| subnet)?,
        None => Subnet::first_free()?,
    };
    let state = describe(&builder, &instance, subnet)?;
    let owner = Some(registry.take(&instance)?);
    // From here on the drop of the handle removes what was made.
    let publishing = Mutex::new(());
    let mut lab = Lab { instance, state, publishing, owner };
    let bridge = network::create_bridge(&lab.instance, subnet);
    // The bridge's route tells others that the subnet is taken. Before any `?`: bringing down
    // what failed locks the registry again.
    drop(registry);
    bridge?;
    std::fs::create_dir(&lab.state.maildir).map_err(io("create", &lab.state.maildir))?;
    lab.state.save(&lab.instance)?;
    lab.state.bases = bases(&lab.state.hosts)?;
    lab.start()?;
    Ok(lab)
}

/// The bases of all families that occur; missing ones are built side by side.
fn bases(hosts: &[HostState]) -> Result<BTreeMap<Family, Base>, LabError> {
    let families: BTreeSet<Family> = hosts.iter().map(|host| host.family).collect();
    std::thread::scope(|scope| {
        let building: Vec<_> = families
            .into_iter()
            .map(|family| scope.spawn(move || Ok((family, base(family)?))))
            .collect();
        building.into_iter().map(joined).collect()
    })
}

/// ssh joins its arguments with spaces for the host's shell to take apart again.
fn command_line(command: &[String]) -> Option<String> {
    match command {
        [] => None,
        [line] => Some(line.clone()),
        words => {
            let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
            Some(quoted.collect::<Vec<_>>().join(" "))
        }
    }
}

/// Writes down what the lab will be.
fn describe(
    builder: &LabBuilder,
    instance: &Instance,
    subnet: Subnet,
) -> Result<LabState, LabError> {
    let binary = match &builder.binary {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(io("find", "this program"))?,
    };
    let host = |(index, (name, family)): (usize, &(String, Family))| HostState {
        name: name.clone(),
        family: *family,
        address: subnet.host(index),
        netns: instance.netns(name),
        pid: None,
    };
    let dir = instance.run_dir();
    Ok(LabState {
        name: instance.to_string(),
        subnet,
        binary: binary.canonicalize().map_err(io("find", binary))?,
        connection: builder.connection,
        bases: BTreeMap::new(),
        hosts: builder.hosts.iter().enumerate().map(host).collect(),
        dns: subnet.dns(),
        mx: subnet.mx(),
        maildir: dir.join("mail"),
        ssh_config: dir.join("ssh_config"),
        inventory: dir.join("hosts.yml"),
    })
}

/// How many hosts boot at a time. More would only make each take longer.
const AT_ONCE: usize = 16;

/// Does something with every host, some at a time; stops at the first failure.
fn side_by_side<T: Send>(
    hosts: &[HostState],
    act: impl Fn(&HostState) -> Result<T, LabError> + Sync,
) -> Result<Vec<T>, LabError> {
    let queue = Mutex::new(hosts.iter());
    let next = || queue.lock().ok().and_then(|mut hosts| hosts.next());
    let work = || {
        let mut done = Vec::new();
        while let Some(host) = next() {
            match act(host) {
                Ok(result) => done.push(result),
                Err(error) => {
                    while next().is_some() {}
                    return Err(error);
                }
            }
        }
        Ok(done)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let results: Result<Vec<Vec<T>>, LabError> = workers.into_iter().map(joined).collect();
        Ok(results?.into_iter().flatten().collect())
    })
}

/// A thread's result. A panic in it is ours, and goes on.
fn joined<T>(
    thread: std::thread::ScopedJoinHandle<'_, Result<T, LabError>>,
) -> Result<T, LabError> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

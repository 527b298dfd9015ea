//! Making an instance.

use std::collections::{BTreeMap, BTreeSet};

use super::base::{Base, base};
use super::error::io;
#[cfg(feature = "lab-fixtures")]
use super::fixtures;
use super::parallel::{joined, side_by_side};
use super::state::{HostState, LabState};
use super::{
    Family, Instance, Lab, LabBuilder, LabError, Subnet, check_requirements, dns, keys, limits,
    network, seed, teardown,
};

impl LabBuilder {
    /// Makes the lab and returns when all its hosts have booted. If anything fails, nothing of
    /// it is left.
    pub fn up(self) -> Result<Lab, LabError> {
        up(&self)
    }
}

fn up(builder: &LabBuilder) -> Result<Lab, LabError> {
    let instance = builder.check()?;
    check_requirements()?;
    #[cfg(feature = "lab-fixtures")]
    fixtures::check_requirements(builder)?;
    limits::raise()?;
    let registry = teardown::lock_free(&instance, builder.replace)?;
    let subnet = match builder.subnet {
        Some(subnet) => subnet.check_free().map(|()| subnet)?,
        None => Subnet::first_free()?,
    };
    let state = describe(builder, &instance, subnet)?;
    let owner = Some(registry.take(&instance)?);
    // From here on the drop of the handle removes what was made.
    let mut lab = Lab::new(instance, state, owner);
    let bridge = network::create_bridge(&lab.instance, subnet);
    // The bridge's route tells others that the subnet is taken. Before any `?`: bringing down
    // what failed locks the registry again.
    drop(registry);
    bridge?;
    #[cfg(feature = "lab-fixtures")]
    fixtures::set_up(&lab)?;
    lab.state.save(&lab.instance)?;
    lab.state.bases = bases(&lab.state.hosts)?;
    start(&lab)?;
    Ok(lab)
}

/// Boots all hosts side by side, with the servers.
fn start(lab: &Lab) -> Result<(), LabError> {
    let authorized = keys::generate(&lab.instance.run_dir().join("id_ed25519"), "lab")?;
    let start_host = |host: &HostState| {
        network::plug_in(&lab.instance, &host.name, host.address)?;
        let machine = lab.machine(host);
        let seed_dir = machine.dir().join("seed");
        let key = seed::write(&seed_dir, host, lab.state.subnet, &authorized)?;
        #[cfg(feature = "lab-fixtures")]
        fixtures::trust(lab, &seed_dir, &machine.base)?;
        machine.boot()?;
        Ok(format!("{},{} {key}\n", host.address, host.name))
    };
    let start_servers = || {
        network::plug_in(&lab.instance, "dns", lab.state.dns)?;
        dns::start(&lab.state, &lab.instance)?;
        #[cfg(feature = "lab-fixtures")]
        fixtures::start(lab)?;
        Ok(())
    };
    let known_hosts = std::thread::scope(|scope| {
        let servers = scope.spawn(start_servers);
        let lines = side_by_side(&lab.state.hosts, start_host);
        joined(servers).and(lines)
    })?;
    let path = lab.instance.run_dir().join("known_hosts");
    std::fs::write(&path, known_hosts.concat()).map_err(io("write", path))?;
    lab.publish()
}

/// The bases of all families that occur; missing ones are built side by side.
fn bases(hosts: &[HostState]) -> Result<BTreeMap<Family, Base>, LabError> {
    let families: BTreeSet<Family> = hosts.iter().map(|host| host.family).collect();
    let bases = side_by_side(families, |family| Ok((family, base(family)?)))?;
    Ok(bases.into_iter().collect())
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
        mailu: builder.mailu.then(|| subnet.mailu()),
        maildir: dir.join("mail"),
        ssh_config: dir.join("ssh_config"),
        inventory: dir.join("hosts.yml"),
    })
}

//! The instance's network: a bridge on this machine, and a namespace with a cable for each host
//! and server. Nothing is routed further and nothing is translated.

use std::net::Ipv4Addr;

use super::process::{run, run_with_input};
use super::{Instance, LabError, Subnet};

/// Makes the bridge, with the machine's own address on it.
pub(super) fn create_bridge(instance: &Instance, subnet: Subnet) -> Result<(), LabError> {
    let (bridge, gateway) = (instance.bridge(), subnet.gateway());
    let commands = format!(
        "link add {bridge} type bridge\n\
         address add {gateway}/24 dev {bridge}\n\
         link set {bridge} up\n"
    );
    batch(&[], &commands)
}

/// Makes the namespace of a host or server and plugs it into the bridge.
pub(super) fn plug_in(
    instance: &Instance,
    member: &str,
    address: Ipv4Addr,
) -> Result<(), LabError> {
    let (netns, bridge) = (instance.netns(member), instance.bridge());
    let veth = instance.veth(address.octets()[3]);
    let outside = format!(
        "netns add {netns}\n\
         link add {veth} type veth peer name host0 netns {netns}\n\
         link set {veth} master {bridge} up\n"
    );
    batch(&[], &outside)?;
    let inside = format!(
        "link set lo up\n\
         address add {address}/24 dev host0\n\
         link set host0 up\n"
    );
    batch(&["-n", &netns], &inside)
}

/// Removes every namespace of the instance, then its bridge. Cables go with their namespace.
pub(super) fn remove(instance: &Instance) -> Result<(), LabError> {
    let prefix = instance.netns_prefix();
    let names = std::fs::read_dir("/run/netns")
        .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>())
        .unwrap_or_default();
    let cables = instance.veth_prefix();
    let links = interfaces();
    let mut commands = String::new();
    for name in names.iter().filter_map(|name| name.to_str()) {
        if name.starts_with(&prefix) {
            commands.push_str(&format!("netns delete {name}\n"));
        }
    }
    batch(&[], &commands)?;
    // A namespace dies some time after its name: what is left of its cable is removed here.
    commands.clear();
    for link in links.iter().filter(|link| link.starts_with(&cables)) {
        commands.push_str(&format!("link delete {link}\n"));
    }
    // Each may have gone meanwhile with its other end, hence `-force` and a look afterwards.
    let _ = run_with_input("ip", ["-force", "-batch", "-"], commands.as_bytes());
    let bridge = instance.bridge();
    if interfaces().contains(&bridge) {
        run("ip", ["link", "delete", &bridge])?;
    }
    Ok(())
}

/// The names of this machine's network interfaces.
pub(super) fn interfaces() -> Vec<String> {
    let entries = std::fs::read_dir("/sys/class/net").map(Iterator::flatten).into_iter().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Many `ip` commands in one process.
fn batch(options: &[&str], commands: &str) -> Result<(), LabError> {
    if commands.is_empty() {
        return Ok(());
    }
    let args = options.iter().copied().chain(["-batch", "-"]);
    run_with_input("ip", args, commands.as_bytes()).map(drop)
}

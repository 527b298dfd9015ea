//! What is observed of a host before any role runs, under Ansible's names: from files and system
//! calls, so that gathering costs next to nothing.

use super::distribution::Distribution;
use super::{network, process};
use crate::value::{Map, Value};
use std::path::Path;

/// Every fact there is. `ansible_facts` holds the others under their names without `ansible_`.
pub const FACT_NAMES: &[&str] = &[
    "ansible_all_ipv4_addresses",
    "ansible_all_ipv6_addresses",
    "ansible_architecture",
    "ansible_default_ipv4",
    "ansible_default_ipv6",
    "ansible_distribution",
    "ansible_distribution_major_version",
    "ansible_distribution_release",
    "ansible_distribution_version",
    "ansible_domain",
    "ansible_facts",
    "ansible_fqdn",
    "ansible_hostname",
    "ansible_interfaces",
    "ansible_kernel",
    "ansible_lo",
    "ansible_machine",
    "ansible_memtotal_mb",
    "ansible_nodename",
    "ansible_os_family",
    "ansible_pkg_mgr",
    "ansible_processor_vcpus",
    "ansible_service_mgr",
    "ansible_system",
    "ansible_user_id",
    "ansible_virtualization_role",
    "ansible_virtualization_type",
];

/// What the kernel calls the host.
const RUNNING_NAME: &str = "/proc/sys/kernel/hostname";

/// What gives the loopback its addresses, and takes them.
const LOOPBACK: &[&str] =
    &["/proc/sys/net/ipv6/conf/all/disable_ipv6", "/proc/sys/net/ipv6/conf/lo/disable_ipv6"];

const EVERY_SOURCE: &[&str] = &[
    "/etc/hostname",
    RUNNING_NAME,
    "/etc/hosts",
    "network",
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/debian_version",
    LOOPBACK[0],
    LOOPBACK[1],
];

/// The files that a fact (`ansible_fqdn`, or `fqdn`) is read from: an action on one of them may
/// make it another. Facts about interfaces but the loopback hang on the network as a whole
/// (`network`), as the `changes:` of a command names it: what others answer, and how they are
/// reached. The rest hang on nothing that a role changes.
#[must_use]
pub fn fact_sources(name: &str) -> &'static [&'static str] {
    match name.strip_prefix("ansible_").unwrap_or(name) {
        "fqdn" | "domain" => &["/etc/hostname", RUNNING_NAME, "/etc/hosts"],
        "hostname" | "nodename" => &["/etc/hostname", RUNNING_NAME],
        "interfaces" => &["network"],
        "lo" => LOOPBACK,
        address if address.starts_with("all_ipv") || address.starts_with("default_ipv") => {
            &["network"]
        }
        "distribution"
        | "distribution_version"
        | "distribution_major_version"
        | "distribution_release"
        | "os_family"
        | "pkg_mgr" => &["/etc/os-release", "/usr/lib/os-release", "/etc/debian_version"],
        "facts" => EVERY_SOURCE,
        _ => &[],
    }
}

/// Gathers them.
pub(super) fn gather(distribution: &Distribution) -> Map {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let nodename = text(uname.nodename());
    let fqdn = full_name(&nodename);
    let domain = fqdn.split_once('.').map_or(String::new(), |(_, domain)| domain.to_owned());
    let (virtualization, role) = virtualization();
    let mut facts = network::facts();
    let mut fact = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    fact("architecture", text(uname.machine()).into());
    fact("distribution", distribution.name.clone().into());
    fact("distribution_major_version", distribution.major_version.clone().into());
    fact("distribution_release", distribution.release.clone().into());
    fact("distribution_version", distribution.version.clone().into());
    fact("domain", domain.into());
    fact("fqdn", fqdn.into());
    fact("hostname", nodename.split('.').next().unwrap_or_default().into());
    fact("kernel", text(uname.release()).into());
    fact("machine", text(uname.machine()).into());
    fact("memtotal_mb", memory().into());
    fact("nodename", nodename.into());
    fact("os_family", distribution.family.clone().into());
    fact("pkg_mgr", distribution.manager_name().into());
    fact("processor_vcpus", processors().into());
    fact("service_mgr", service_manager().into());
    fact("system", text(uname.sysname()).into());
    fact("user_id", "root".into());
    fact("virtualization_role", role.into());
    fact("virtualization_type", virtualization.into());
    let mut all: Map =
        facts.iter().map(|(name, value)| (format!("ansible_{name}"), value.clone())).collect();
    all.insert("ansible_facts".to_owned(), Value::Map(facts));
    all.sort_unstable_keys();
    all
}

/// A host's full name as `hostname -f` finds it: in the hosts file, else by asking the name
/// service.
pub(super) fn full_name(nodename: &str) -> String {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    if nodename.contains('.') {
        return nodename.to_owned();
    }
    if let Some(name) = network::name_in_hosts(&hosts, nodename) {
        return name;
    }
    let resolv = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let asks_servers = resolv.lines().any(|line| line.trim_start().starts_with("nameserver"));
    let plain = nodename.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !asks_servers || !plain {
        return nodename.to_owned();
    }
    let asked = process::run(&process::tool(&["getent", "ahosts", nodename], 3));
    let answer = asked.map(|output| output.stdout).unwrap_or_default();
    let mut names = answer.lines().filter_map(|line| line.split_whitespace().nth(2));
    names.find(|name| name.contains('.')).unwrap_or(nodename).to_owned()
}

fn memory() -> i64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok());
    kibibytes.unwrap_or(0) / 1024
}

fn processors() -> i64 {
    std::thread::available_parallelism().map_or(1, |count| i64::try_from(count.get()).unwrap_or(1))
}

fn service_manager() -> String {
    if Path::new("/run/systemd/system").is_dir() {
        return "systemd".to_owned();
    }
    if Path::new("/run/openrc").is_dir() {
        return "openrc".to_owned();
    }
    let init = std::fs::read_to_string("/proc/1/comm").unwrap_or_default();
    init.trim().to_owned()
}

/// Coarsely: containers as their manager says, virtual machines as their firmware says.
fn virtualization() -> (String, String) {
    let guest = |name: &str| (name.to_owned(), "guest".to_owned());
    let read = |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned());
    if let Ok(container) = read("/run/systemd/container")
        && !container.is_empty()
    {
        return guest(&container);
    }
    if Path::new("/.dockerenv").exists() {
        return guest("docker");
    }
    if Path::new("/run/.containerenv").exists() {
        return guest("podman");
    }
    let vendor = read("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    let product = read("/sys/class/dmi/id/product_name").unwrap_or_default();
    for (word, name) in [
        ("QEMU", "kvm"),
        ("KVM", "kvm"),
        ("VMware", "VMware"),
        ("VirtualBox", "virtualbox"),
        ("Xen", "xen"),
        ("Amazon EC2", "kvm"),
        ("Google", "kvm"),
        ("Hetzner", "kvm"),
        ("Virtual Machine", "VirtualPC"),
    ] {
        if vendor.contains(word) || product.contains(word) {
            return guest(name);
        }
    }
    let flags = read("/proc/cpuinfo").unwrap_or_default();
    if flags.lines().any(|line| {
        line.starts_with("flags") && line.ends_with("hypervisor") || line.contains(" hypervisor ")
    }) {
        return guest("kvm");
    }
    ("NA".to_owned(), "NA".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_facts() {
        let facts = gather(&Distribution::default());
        let names: Vec<&str> = facts.keys().map(String::as_str).collect();
        assert_eq!(names, FACT_NAMES);
        let inner = facts.get("ansible_facts").and_then(Value::as_map).unwrap();
        assert_eq!(inner.len(), FACT_NAMES.len() - 1);
        assert_eq!(inner.get("kernel"), facts.get("ansible_kernel"));
    }
}

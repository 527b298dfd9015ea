//! Parameters of the kernel that setting another one sets as well (the kernel's
//! Documentation/networking/ip-sysctl.rst and admin-guide/sysctl/).

use crate::host::{HostError, Stat, View};
use crate::value::Known;
use std::path::{Path, PathBuf};

/// Where the kernel shows its parameters.
pub(super) const ROOT: &str = "/proc/sys";

/// Groups in which one stands for the others, or is the sum of them.
const GROUPS: [&[&str]; 6] = [
    &["vm/dirty_bytes", "vm/dirty_ratio"],
    &["vm/dirty_background_bytes", "vm/dirty_background_ratio"],
    &["vm/overcommit_kbytes", "vm/overcommit_ratio"],
    &["vm/nr_hugepages", "vm/nr_hugepages_mempolicy"],
    &["kernel/watchdog", "kernel/nmi_watchdog", "kernel/soft_watchdog"],
    &["net/ipv4/tcp_congestion_control", "net/ipv4/tcp_allowed_congestion_control"],
];

/// What of the host may change with the parameter at this place (`net/ipv4/ip_forward`).
pub(super) fn coupled(view: &dyn View, place: &str) -> Result<Vec<PathBuf>, HostError> {
    let mut all = Vec::new();
    for group in GROUPS.iter().filter(|group| group.contains(&place)) {
        all.extend(group.iter().filter(|other| **other != place).map(PathBuf::from));
    }
    let parts: Vec<&str> = place.split('/').collect();
    match parts.as_slice() {
        // Whether it forwards resets an interface's other parameters.
        ["net", "ipv4", "ip_forward"] | ["net", "ipv4", "conf", "all", "forwarding"] => {
            all.extend(["net/ipv4/ip_forward".into(), "net/ipv4/conf".into()]);
        }
        ["net", "ipv6", "conf", "all", "forwarding"] => all.push("net/ipv6/conf".into()),
        // What is set for all, or for those to come, may be set for each.
        ["net", "ipv4" | "ipv6", "conf" | "neigh", "all" | "default", name] => {
            let folder = parts[..3].join("/");
            let interfaces = match view.stat(&Path::new(ROOT).join(&folder))? {
                Known::Is(Stat::Directory(_)) => view.list(&Path::new(ROOT).join(&folder))?,
                Known::Is(_) => Known::Is(Vec::new()),
                Known::Unknown(origin) => Known::Unknown(origin),
            };
            match interfaces {
                Known::Is(names) => {
                    all.extend(names.iter().map(|one| Path::new(&folder).join(one).join(name)));
                }
                Known::Unknown(_) => all.push(folder.into()),
            }
        }
        _ => {}
    }
    let mut there = Vec::new();
    for other in all.into_iter().filter(|other| other != Path::new(place)) {
        let path = Path::new(ROOT).join(other);
        if view.stat(&path)? != Known::Is(Stat::Absent) {
            there.push(path);
        }
    }
    Ok(there)
}

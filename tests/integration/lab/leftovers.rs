//! What of a lab is still on the machine: for tests that none of it is.

use crate::patience::PATIENCE;
use converge::lab::{Instance, Patience};
use std::fs;

/// Everything that bears the instance's name. Dead processes may need a moment to be reaped.
pub(crate) fn leftovers(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    Patience::of(PATIENCE).until(|| {
        found = look(name);
        let dead = |found: &String| found.starts_with("process") && found.ends_with(": ");
        !found.iter().all(dead) || found.is_empty()
    });
    found
}

fn look(name: &str) -> Vec<String> {
    // Names of interfaces are cut short; the tests' own fit.
    let (own_links, own_folder) = (format!("cv-{name}"), format!("converge-lab/{name}"));
    let mut found = Vec::new();
    for folder in ["/sys/class/net", "/run/netns"] {
        let names = entries(folder).into_iter();
        found.extend(names.filter(|entry| entry.starts_with(&own_links)));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let own = mounts.lines().filter(|line| line.contains(&own_links) || line.contains(&own_folder));
    found.extend(own.map(|line| format!("mount {line}")));
    for pid in entries("/proc").iter().filter(|entry| entry.parse::<u32>().is_ok()) {
        let read = |file| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        if read("cgroup").contains(&own_folder) || read("cmdline").contains(&own_links) {
            found.push(format!("process {pid}: {}", read("cmdline").replace('\0', " ")));
        }
    }
    let cgroups =
        ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|root| format!("{root}/{own_folder}"));
    let run_dir = Instance::new(name).unwrap().run_dir().display().to_string();
    let disk_dir = format!("/var/lib/{own_folder}");
    let folders = cgroups.into_iter().chain([run_dir, disk_dir]);
    found.extend(folders.filter(|folder| fs::exists(folder).unwrap()));
    found
}

fn entries(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

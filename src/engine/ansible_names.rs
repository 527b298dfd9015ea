//! What Ansible sets on every host and nothing here does: a role that asks whether it is there would
//! be told what is so nowhere else.

/// Facts of `setup`, without `ansible_`, that are not gathered here. Not those of one machine only:
/// an interface, a board's serial number.
const FACTS: &[&str] = &[
    "apparmor",
    "cmdline",
    "date_time",
    "device_links",
    "devices",
    "distribution_file_parsed",
    "distribution_file_path",
    "distribution_file_variety",
    "dns",
    "effective_group_id",
    "effective_user_id",
    "env",
    "fips",
    "form_factor",
    "is_chroot",
    "kernel_version",
    "loadavg",
    "local",
    "locally_reachable_ips",
    "lsb",
    "lvm",
    "machine_id",
    "memfree_mb",
    "memory_mb",
    "mounts",
    "proc_cmdline",
    "processor",
    "processor_cores",
    "processor_count",
    "processor_nproc",
    "processor_threads_per_core",
    "product_name",
    "python",
    "python_version",
    "real_group_id",
    "real_user_id",
    "selinux",
    "selinux_python_present",
    "swapfree_mb",
    "swaptotal_mb",
    "system_vendor",
    "uptime_seconds",
    "user_dir",
    "user_gecos",
    "user_gid",
    "user_shell",
    "user_uid",
    "userspace_architecture",
    "userspace_bits",
    "virtualization_tech_guest",
    "virtualization_tech_host",
];

/// Its own variables.
const MAGIC: &[&str] = &[
    "ansible_config_file",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_play_name",
    "ansible_playbook_python",
    "ansible_verbosity",
    "ansible_version",
    "inventory_dir",
    "inventory_file",
    "playbook_dir",
    "role_path",
    "template_destpath",
    "template_fullpath",
    "template_host",
    "template_path",
    "template_run_date",
    "template_uid",
];

/// Whether this name is defined on every host of Ansible's, or in every template, and nowhere here.
pub(super) fn would_define(name: &str) -> bool {
    MAGIC.contains(&name) || name.strip_prefix("ansible_").is_some_and(would_gather)
}

/// The same of a fact (`mounts`), as a member of `ansible_facts`.
pub(super) fn would_gather(fact: &str) -> bool {
    FACTS.contains(&fact)
}

#[cfg(test)]
mod tests {
    use super::{would_define, would_gather};
    use crate::engine::names::is_supplied;

    #[test]
    fn nothing_that_is_here_is_said_to_be_missing() {
        for name in super::FACTS {
            assert!(!is_supplied(&format!("ansible_{name}")), "{name}");
        }
        for name in super::MAGIC {
            assert!(!is_supplied(name), "{name}");
        }
        assert!(would_define("ansible_env") && would_gather("mounts"));
        assert!(!would_define("ansible_check_mode") && !would_define("mounts"));
    }
}

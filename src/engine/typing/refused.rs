//! Modules of Ansible's that are no resource here, and what to use instead.

/// By the name that tasks use most; the collection's own prefix may stand before it.
const REFUSED: &[(&str, &str)] = &[
    ("add_host", "name the host in the inventory"),
    ("alternatives", "use `file` with `state: link`"),
    ("apt_key", "put the key into /etc/apt/keyrings with `get_url`, and name it in the source"),
    ("apt_repository", "write a file below /etc/apt/sources.list.d with `copy`"),
    ("assemble", "write the whole file with `template`"),
    ("async_status", "hosts run side by side already; use `timeout` to bound a task"),
    ("debconf", "use `command: debconf-set-selections` with `stdin`"),
    ("dnf", "use `package`; apt and pacman are known"),
    ("fetch", "use `slurp` and `register`"),
    ("firewalld", "use `command: firewall-cmd …` with `when`"),
    ("gather_facts", "facts are gathered always; leave it out"),
    ("getent", "use `command: getent …` with `changed_when: false`"),
    ("git", "use `command: git clone …` with `creates`"),
    ("group_by", "write the group in the inventory"),
    (
        "hosts",
        "this is a playbook, and a role's file is a list of tasks: run it as `converge -i hosts.yml FILE`",
    ),
    ("import_playbook", "it stands in a playbook, beside the plays"),
    ("include", "use `include_tasks` or `import_tasks`"),
    ("include_vars", "put the variables into vars/main.yml or into the inventory"),
    ("ini_file", "use `lineinfile`, or write the whole file with `template`"),
    ("iptables", "write the rules as a file with `template`, and load them by a handler"),
    ("mount", "write a `.mount` unit with `copy`, and start it with `service`"),
    ("package_facts", "use `command: dpkg-query …` with `changed_when: false`"),
    ("pause", "use `wait_for`, or `retries` with `until`"),
    ("ping", "every run says which hosts it did not reach; leave it out"),
    ("pip", "use `command: pip install …` with `creates`"),
    ("raw", "use `command` or `shell`"),
    ("reboot", "a run ends on the system it began on; reboot by hand"),
    ("script", "put the script there with `copy`, then use `command` with `creates`"),
    ("service_facts", "use `command: systemctl show …` with `changed_when: false`"),
    ("set_stats", "use `--output json`"),
    ("setup", "facts are gathered always; leave it out"),
    ("synchronize", "use `copy` for each file"),
    ("tasks", "this is a play: a role's file is a list of tasks, without `tasks:`"),
    ("tempfile", "a role has no randomness: write under a name of its own"),
    ("timezone", "use `file` with `state: link` for /etc/localtime"),
    ("ufw", "use `command: ufw …` with `when`"),
    ("unarchive", "use `command: tar -x …` with `creates`"),
    ("validate_argument_spec", "write meta/argument_specs.yml: it is held against every host"),
    ("wait_for_connection", "every run says which hosts it did not reach; leave it out"),
    ("yum", "use `package`; apt and pacman are known"),
];

/// What to use instead of a module.
pub(super) fn instead(name: &str) -> Option<&'static str> {
    let bare = bare(name);
    REFUSED.iter().find(|(refused, _)| *refused == bare).map(|(_, instead)| *instead)
}

/// A module's name without the collection that Ansible's own modules may be named with.
pub(super) fn bare(name: &str) -> &str {
    let prefixes = ["ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."];
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::REFUSED;

    #[test]
    fn what_is_refused_is_not_there() {
        for (name, _) in REFUSED {
            assert!(crate::resource::find(name).is_none(), "{name} is a resource");
        }
        assert!(REFUSED.is_sorted_by_key(|(name, _)| *name));
    }
}

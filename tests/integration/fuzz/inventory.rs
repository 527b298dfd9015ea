//! Inventories and the files beside them: each host's groups, roles and variables can be asked for.

use super::random::Random;
use super::yaml::{WORDS, shown};
use super::{Target, seeds};
use converge::config::{Inventory, MemoryFiles, Reader, Vault, select};
use converge::text::Sources;
use std::path::Path;

pub(super) const TARGET: Target = Target { name: "inventory", seeds, words: ALL_WORDS, judge };

const ALL_WORDS: &[&str] = &[
    "all:\n",
    "  hosts:\n",
    "  children:\n",
    "  vars:\n",
    "  roles: [a]\n",
    "    web[1:3]:\n",
    "    web[01:20:3]:\n",
    "    w[a:z]:\n",
    "[1:100000]",
    "[9:1]",
    "[1:18446744073709551615]",
    "[00:99]",
    "[a:Z]",
    "[",
    ":",
    "]",
    "ungrouped:\n",
    "ansible_host: ",
    "ansible_group_priority: 5\n",
    "[web]\n",
    "[web:vars]\n",
    "[web:children]\n",
    "host1 a=b\n",
    "#!/bin/sh\n",
    "web1: {children: {web1: }}\n",
    WORDS[0],
    WORDS[3],
    WORDS[4],
    WORDS[6],
    WORDS[7],
];

fn seeds() -> Vec<Vec<u8>> {
    let mut found = seeds::ending(&["hosts.yml", "10-first.yml", "20-second", "30.yaml", "5.json"]);
    found.extend(seeds::texts(&[
        "all:\n  children:\n    web:\n      roles: [site]\n      vars: {a: 1}\n      hosts:\n        web[1:12].example:\n        db: {b: 2}\n",
        "all:\n  hosts:\n    web1:\n  children:\n    north:\n      children:\n        south:\nsouth:\n  children:\n    west:\nwest:\n  hosts:\n    w1:\n",
        "[web]\nweb1 ansible_host=10.0.0.1 a='b c'\nweb[2:9]\n\n[web:vars]\nx=1\n\n[all:children]\nweb\n",
    ]));
    found
}

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    let folder = ["hosts.yml", "group_vars/all.yml", "host_vars/web1.yml"];
    let mut files = MemoryFiles::default()
        .with("i/hosts.yml", "all:\n  children:\n    web:\n      hosts:\n        web1:\n")
        .with("i/group_vars/web/a.yml", "a: 1\n");
    let place = if random.once_in(4) { *random.of_these(&folder) } else { folder[0] };
    files = files.with(format!("i/{place}"), bytes);
    let (mut sources, vault) = (Sources::default(), Vault::default());
    let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
    let inventory = match Inventory::load(Path::new("i/hosts.yml"), &mut reader) {
        Ok(inventory) => inventory,
        Err(errors) if errors.is_empty() => return Err("refused without a word".into()),
        Err(errors) => return shown(&errors, &sources),
    };
    let all = select(&inventory, "all", &reader).map_err(|error| error.to_string())?;
    if all.len() != inventory.hosts().len() {
        return Err(format!("`all` are {} of {}", all.len(), inventory.hosts().len()));
    }
    for host in inventory.hosts().take(20) {
        if inventory.groups_of(host).is_empty() || inventory.host(host.name.as_str()).is_none() {
            return Err(format!("{} is in no group", host.name.as_str()));
        }
        let _ = (inventory.group_names(host), inventory.roles_of(host), inventory.variables(host));
    }
    for group in inventory.groups() {
        let _ = (inventory.children(group).count(), inventory.own_hosts(group).count());
        if inventory.hosts_of(group).count() > all.len() {
            return Err(format!("{} has more hosts than there are", group.name));
        }
    }
    Ok(())
}

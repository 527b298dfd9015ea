//! `lookup('env', …)` and `lookup('file', …)`: read on the controller before the run, only inside
//! the role or the inventory's folder, and sent only to hosts whose tasks can reach it.

use crate::bench::Bench;
use crate::house::ROOT;
use converge::config::{MemoryFiles, Vault};
use converge::controller::{LoadOptions, Project, RunOptions};
use converge::engine::bundle::Purpose;
use converge::event::HostStatus;
use converge::host::Disk;
use converge::host::in_memory::{Entry, World};
use std::path::Path;

fn environment(name: &str) -> Option<String> {
    match name {
        "SITE" => Some("north".into()),
        "RELAY_PASSWORD" => Some("hunter2-hunter2".into()),
        "API_TOKEN" => Some("token-of-the-controller".into()),
        _ => None,
    }
}

fn bench(tasks: &str) -> Bench {
    Bench::new(World::default(), tasks)
        .environment(environment)
        .with("roles/r/files/keys/ann.pub", "ssh-ed25519 AAAA ann\n\n")
        .with("banner.txt", "  beside the inventory\n")
        .with("files/banner.txt", "  in its files\n")
}

fn content_of(bench: &Bench, path: &str) -> String {
    match bench.host.world().files.get(Path::new(path)) {
        Some(Entry::File(file)) => String::from_utf8(file.content.clone()).unwrap(),
        other => panic!("{path} is {other:?}"),
    }
}

/// The text that a run writes to /etc/x.
fn written(content: &str) -> String {
    let task = format!("- copy: {{dest: /etc/x, content: \"{content}\"}}\n");
    let mut bench = bench(&task);
    let check = bench.check();
    let apply = bench.apply();
    assert_eq!(apply.errors(), [""; 0], "{content}");
    assert_eq!(check.actions(), apply.actions(), "{content}");
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Ok, "{content}");
    content_of(&bench, "/etc/x")
}

#[test]
fn what_is_looked_up_is_what_stands_there() {
    for (content, expected) in [
        ("{{ lookup('env', 'SITE') }}", "north"),
        ("{{ lookup('ansible.builtin.env', 'SITE') }}.", "north."),
        ("{{ lookup('env', 'NOWHERE') }}-", "-"),
        ("{{ lookup('env', 'NOWHERE', default='south') }}", "south"),
        ("{{ lookup('env', 'NOWHERE') | default('west', true) }}", "west"),
        ("{{ query('env', 'SITE', 'NOWHERE') | join('/') }}", "north/"),
        ("{{ lookup('file', 'keys/ann.pub') }}", "ssh-ed25519 AAAA ann"),
        ("{{ lookup('file', './keys/ann.pub', rstrip=false) | length }}.", "22."),
        ("{{ lookup('file', 'banner.txt') }}", "  in its files"),
        ("{{ lookup('file', 'banner.txt', lstrip=true) }}", "in its files"),
        ("{{ lookup('env', 'SITE', 'SITE') }}", "north,north"),
        ("{{ q ('env', 'SITE') | first }}", "north"),
        ("{{ lookup('env', 'SITE', wantlist=true) | first }}", "north"),
        ("{{ 'x' if lookup('env', 'SITE') == 'north' else 'y' }}", "x"),
    ] {
        assert_eq!(written(content), expected, "{content}");
    }
}

#[test]
fn a_lookup_stands_in_variables_templates_and_conditions_too() {
    let tasks = r#"
- template: {src: site.j2, dest: /etc/site}
- copy: {dest: /etc/never, content: x}
  when: lookup('env', 'SITE') != 'north'
"#;
    let mut bench = bench(tasks)
        .with("roles/r/templates/site.j2", "{{ site }} {{ lookup('env', 'SITE') }} {{ own }}\n")
        .with("roles/r/defaults/main.yml", "own: \"{{ lookup('file', 'keys/ann.pub') }}\"\n")
        .with("group_vars/all.yml", "site: \"{{ lookup('file', 'banner.txt') | trim }}\"\n");
    let apply = bench.apply();
    assert_eq!(apply.errors(), [""; 0]);
    assert_eq!(apply.actions().len(), 1);
    assert_eq!(content_of(&bench, "/etc/site"), "in its files north ssh-ed25519 AAAA ann\n");
}

#[test]
fn what_cannot_be_looked_up_is_an_error_before_any_host_is_touched() {
    for (expression, said) in [
        ("lookup('file', 'none.txt')", "there is no file `none.txt`"),
        ("lookup('file', '/etc/passwd')", "leads out of the folder"),
        ("lookup('file', '../hosts.yml')", "leads out of the folder"),
        ("lookup('file', 'keys/../../x')", "leads out of the folder"),
        ("lookup('file', item)", "must be written out"),
        ("lookup(kind, 'x')", "must be written out"),
        ("lookup('pipe', 'id')", "ask on the host with a `command`"),
        ("lookup('password', '/tmp/x length=15')", "keep the password in the inventory"),
        ("query('community.general.dig', 'x')", "ask on the host"),
        ("lookup('flie', 'x')", "unknown lookup `flie`"),
        ("lookup('file', 'banner.txt', errors='ignore')", "has no option `errors`"),
        ("lookup('env')  ~ lookup()", "has a kind and what to look up"),
    ] {
        let task = format!("- debug: {{msg: \"{{{{ {expression} }}}}\"}}\n  loop: [x]\n");
        let errors = match bench(&task).load() {
            Ok(_) => panic!("{expression} was not refused"),
            Err(errors) => errors,
        };
        let said_there = &errors.diagnostics[0];
        let help = said_there.help.as_deref().unwrap_or_default();
        let text = format!("{}; {help}", said_there.message);
        assert!(text.contains(said), "{expression}: {said_there:?}");
        assert!(said_there.span.is_some(), "{expression}");
    }
}

#[test]
fn a_variable_whose_name_says_so_is_secret() {
    let tasks = r#"
- name: written
  copy: {dest: /etc/relay, content: "{{ lookup('env', 'RELAY_PASSWORD') }}"}
- debug: {msg: "{{ lookup('env', 'RELAY_PASSWORD') }}"}
"#;
    let mut bench = bench(tasks);
    for told in [bench.check(), bench.apply()] {
        assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
    }
}

#[test]
fn a_host_is_not_sent_what_only_the_controller_s_own_task_looks_up() {
    let tasks = r#"
- uri: {url: "http://api/", headers: {Authorization: "{{ api_token }}{{ lookup('env', 'SITE') }}"}}
  delegate_to: localhost
"#;
    let bundle = |tasks: &str| {
        let bench = bench(tasks)
            .with("roles/r/defaults/main.yml", "api_token: \"{{ lookup('env', 'API_TOKEN') }}\"\n");
        let options =
            RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
        let project = bench.load().unwrap();
        serde_json::to_string(&project.bundle("h", &options)).unwrap()
    };
    let delegated = bundle(tasks);
    assert!(!delegated.contains("token-of-the-controller") && !delegated.contains("north"));
    let reached = bundle("- copy: {dest: /etc/x, content: \"{{ api_token }}\"}\n");
    assert!(reached.contains("token-of-the-controller"));
}

#[test]
fn a_vaulted_file_is_opened_and_secret() {
    let vaulted = format!("{ROOT}/tests/integration/fixtures/vault/v11.yml");
    let text = std::fs::read_to_string(vaulted).unwrap();
    let task = "- copy: {dest: /etc/x, content: \"{{ lookup('file', 'vaulted') }}\"}\n";
    let files = MemoryFiles::default()
        .with("hosts.yml", "all: {hosts: {h: {ansible_connection: local}}, roles: [r]}\n")
        .with("roles/r/files/vaulted", text)
        .with("roles/r/tasks/main.yml", task);
    let load = |vault: &Vault| {
        let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
        Project::load(&options, &files, vault)
    };
    let Err(closed) = load(&Vault::default()) else { panic!("it was opened without a password") };
    assert!(closed.diagnostics[0].message.contains("vault password"), "{closed:?}");
    let closed = files.clone().with("roles/r/tasks/main.yml", "- copy: {dest: /x, src: vaulted}\n");
    let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
    let Err(closed) = Project::load(&options, &closed, &Vault::default()) else {
        panic!("it would be written as it is")
    };
    assert!(closed.diagnostics[0].message.contains("is not opened here"), "{closed:?}");
    let mut vault = Vault::default();
    vault.add("default", b"correct horse\n".to_vec());
    let options = RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
    let bundle = load(&vault).unwrap().bundle("h", &options);
    let (key, node) = &bundle.lookups[0];
    assert_eq!((key.term.as_str(), node.secret), ("vaulted", true));
    assert!(node.as_str().unwrap().contains("hunter2"));
    assert!(!format!("{bundle:?}").contains("hunter2"));
}

#[test]
fn links_out_of_the_role_and_the_inventory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        std::fs::write(path(name), text).unwrap();
    };
    let load = || {
        let options =
            LoadOptions { inventory: path("in/hosts.yml").into(), ..LoadOptions::default() };
        match Project::load(&options, &Disk, &Vault::default()) {
            Ok(_) => String::new(),
            Err(errors) => errors.diagnostics.iter().map(|error| format!("{error}\n")).collect(),
        }
    };
    write("outside.txt", "secret");
    write("in/hosts.yml", "all: {hosts: {h: {ansible_connection: local}}, roles: [r]}\n");
    write("in/inside.txt", "open");
    write("in/roles/r/tasks/main.yml", "- debug: {msg: \"{{ lookup('file', 'link.txt') }}\"}\n");
    std::os::unix::fs::symlink(path("in/inside.txt"), path("in/link.txt")).unwrap();
    assert_eq!(load(), "");
    std::fs::remove_file(path("in/link.txt")).unwrap();
    std::os::unix::fs::symlink(path("outside.txt"), path("in/link.txt")).unwrap();
    assert!(load().contains("leads out of the folder"), "{}", load());
    std::fs::create_dir(path("in/roles/r/files")).unwrap();
    std::os::unix::fs::symlink("../../../../outside.txt", path("in/roles/r/files/a.txt")).unwrap();
    assert!(load().contains("files/a.txt is a link that leads out of the role"), "{}", load());
}

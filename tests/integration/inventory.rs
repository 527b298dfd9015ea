//! Inventories from a disk: as Ansible reads them, and fast.

use crate::disk::Disk;
use converge::config::{Inventory, InventoryPaths, MemoryFiles, Reader, Vault, yaml};
use converge::controller::{LoadOptions, Project};
use converge::template::{Scope, Templates};
use converge::text::{SourceId, Sources};
use converge::value::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn load(paths: impl Into<InventoryPaths>) -> Inventory {
    let mut sources = Sources::default();
    let vault = Vault::default();
    let mut reader = Reader { files: &Disk, sources: &mut sources, vault: &vault };
    Inventory::load(paths, &mut reader).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn expected(path: &Path) -> Value {
    let text = String::from_utf8(crate::disk::read(path)).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap().into()
}

/// Each `expected.json` was written by `ansible-inventory --list` (ansible-core 2.19).
#[test]
fn variables_win_as_in_ansible() {
    let folder = Path::new("tests/integration/fixtures/inventory");
    as_expected(&load(folder.join("hosts.yml")), &folder.join("expected.json"));
    let folder = Path::new("tests/integration/fixtures/inventories");
    let both = load(["site", "more/hosts.yml"].map(|path| folder.join(path)).as_slice());
    as_expected(&both, &folder.join("expected.json"));
    let reverse = load(["more/hosts.yml", "site", "more"].map(|path| folder.join(path)).as_slice());
    as_expected(&reverse, &folder.join("expected-reverse.json"));
}

fn as_expected(inventory: &Inventory, expected: &Path) {
    let expected = self::expected(expected);
    let hostvars = expected.get("_meta").and_then(|meta| meta.get("hostvars")).unwrap();
    assert_eq!(hostvars.as_map().unwrap().len(), inventory.hosts().len());
    for host in inventory.hosts() {
        let mut found: Vec<(String, Value)> = inventory
            .variables(host)
            .winners()
            .map(|(name, layer)| (name.to_owned(), layer.node.to_value()))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let found = Value::Map(found.into_iter().collect());
        assert_eq!(Some(&found), hostvars.get(host.name.as_str()), "{}", host.name);
    }
    for group in inventory.groups().filter(|group| &*group.name != "all") {
        let hosts: Vec<&str> = inventory.own_hosts(group).map(|host| host.name.as_str()).collect();
        let mut expected: Vec<&str> = match expected.get(&group.name).and_then(|g| g.get("hosts")) {
            Some(Value::List(hosts)) => hosts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        expected.sort_by_key(|name| inventory.hosts().position(|host| host.name.as_str() == *name));
        let mut hosts = hosts;
        hosts.sort_by_key(|name| inventory.hosts().position(|host| host.name.as_str() == *name));
        assert_eq!(hosts, expected, "{}", group.name);
    }
}

/// What the commands make of several inventories and of a folder.
#[test]
fn every_command_takes_several_inventories() {
    let converge = |arguments: &[&str]| {
        let folder = format!("{}/tests/integration/fixtures/inventories", crate::house::ROOT);
        let mut command = Command::new(env!("CARGO_BIN_EXE_converge"));
        command.env_clear().current_dir(folder).args(arguments);
        let output = command.args(["-i", "site", "-i", "more/hosts.yml"]).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list: serde_json::Value =
        serde_json::from_str(&converge(&["inventory", "list", "--output", "json"])).unwrap();
    let mut expected: serde_json::Value = serde_json::from_slice(&crate::disk::read(Path::new(
        "tests/integration/fixtures/inventories/expected.json",
    )))
    .unwrap();
    expected["_meta"].as_object_mut().unwrap().remove("profile");
    assert_eq!(list, expected);
    let graph = String::from_utf8(crate::disk::read(Path::new(
        "tests/integration/fixtures/inventories/expected.graph",
    )))
    .unwrap();
    assert_eq!(converge(&["inventory", "graph"]), graph);
    assert_eq!(
        converge(&["inventory", "list", "--limit", "web:!web1"]),
        "web2  db,extra,prod,web\nweb3  extra,prod,web\n"
    );
    let host: serde_json::Value =
        serde_json::from_str(&converge(&["inventory", "host", "web1"])).unwrap();
    assert_eq!(host, expected["_meta"]["hostvars"]["web1"]);
    insta::assert_snapshot!(
        converge(&["explain", "web1", "g"]) + &converge(&["explain", "web1", "x"])
    );
}

/// What `--output yaml` says is read as what it was made from, whatever the values are.
#[test]
fn an_inventory_written_as_yaml_is_the_same_inventory() {
    const HOSTS: &str = r##"
all:
  vars: {spelt: ["yes", "No", "on", "0644", "012", "1:30", "1e3", "0x1f", "~", "null", "", " x ",
                 "a: b", "#c", "- d", "*e", "&f", "!g", "it's", "'q'", "{{ h }}", "2024-01-01", "é", "<<"]}
  children:
    web:
      hosts: {web1: {ansible_host: 10.0.0.1}, web2: {}}
      children: {edge: {hosts: {web1: {}}}}
    db:
      vars: {deep: {list: [[1, [2.5, true, null]], {a: {}, b: []}], text: "one\n  two\n\nthree\n\n"}}
      hosts: {web2: {}, db1: {lines: "no end\nof line", tab: "a\tb", long: "LONG"}}
    web2: {hosts: {db1: {}}}
  hosts: {alone: {}}
"##;
    let folder = tempfile::tempdir().unwrap();
    let converge = |arguments: &[&str], inventory: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_converge"));
        command.env_clear().current_dir(&folder).args(arguments).args(["-i", inventory]);
        let output = command.output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let long = "word and another ".repeat(20);
    std::fs::write(folder.path().join("one.yml"), HOSTS.replace("LONG", &long)).unwrap();
    let yaml = converge(&["inventory", "list", "--output", "yaml"], "one.yml");
    std::fs::write(folder.path().join("two.yml"), &yaml).unwrap();
    let json = |inventory: &str| -> serde_json::Value {
        let text = converge(&["inventory", "list", "--output", "json"], inventory);
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(json("two.yml"), json("one.yml"), "{yaml}");
    let graph = |inventory: &str| converge(&["inventory", "graph"], inventory);
    assert_eq!(graph("two.yml"), graph("one.yml"), "{yaml}");
    let hosts = "    web:\n      children:\n        edge:\n          hosts:\n            web1:\n";
    assert!(yaml.contains(hosts), "{yaml}");
    let limited =
        converge(&["inventory", "list", "--output", "yaml", "--limit", "alone"], "one.yml");
    assert!(limited.contains("alone:") && !limited.contains("web1"), "{limited}");
}

#[test]
fn roles_and_files_lie_beside_any_of_several_inventories() {
    let files = MemoryFiles::default()
        .with("one/hosts.yml", "all: {hosts: {a: {roles: [first, second, third]}}}")
        .with("one/roles/first/tasks/main.yml", "- debug: {msg: \"{{ lookup('file', 'x') }}\"}")
        .with("two/inventory/hosts", "all: {hosts: {b: {roles: [first]}}}")
        .with("two/inventory/roles/second/tasks/main.yml", "- debug: {msg: hi}")
        .with("two/roles/first/tasks/main.yml", "- nonsense: {}")
        .with("two/roles/third/tasks/main.yml", "- debug: {msg: hi}")
        .with("two/inventory/files/x", "found");
    let paths: Vec<PathBuf> = ["one/hosts.yml", "two/inventory"].map(PathBuf::from).into();
    let options = LoadOptions { inventory: paths.as_slice().into(), ..LoadOptions::default() };
    let project = Project::load(&options, &files, &Vault::default());
    let project = project.unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(project.hosts().collect::<Vec<_>>(), ["a", "b"]);
}

/// The fixtures were written by `ansible-vault` (ansible-core 2.19).
#[test]
fn vaulted_files_and_values_are_read_and_stay_secret() {
    let fixture =
        |name: &str| crate::disk::read(&Path::new("tests/integration/fixtures/vault").join(name));
    let files = MemoryFiles::default()
        .with("hosts.yml", "web: {hosts: {web1: }}")
        .with("group_vars/all.yml", fixture("v11.yml"))
        .with("group_vars/web/10.yml", fixture("v12.yml"))
        .with("group_vars/web/20.yml", fixture("inline.yml"))
        .with("host_vars/web1", fixture("empty.yml"));
    let mut vault = Vault::default();
    vault.add("default", b"correct horse\n".to_vec());
    vault.add("prod", b"battery staple".to_vec());
    let mut sources = Sources::default();
    let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
    let inventory = Inventory::load(Path::new("hosts.yml"), &mut reader).unwrap();
    let layers = inventory.variables(inventory.host("web1").unwrap());
    let exposed = |name: &str| layers.get(name).unwrap().node.to_value().to_json_exposed();
    assert_eq!(layers.all("db_password").len(), 2);
    assert_eq!(exposed("db_password"), "hunter2");
    assert_eq!(exposed("smtp_password"), "inline secret");
    assert_eq!(exposed("block"), "exactly sixteen!");
    assert!(layers.get("nested").unwrap().node.get("token").unwrap().secret);
    let shown = format!("{layers:?} {inventory:?} {sources:?}");
    for secret in ["hunter2", "s3cr3t", "inline secret", "exactly sixteen"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn unsafe_text_renders_to_itself() {
    let scope: std::sync::Arc<dyn Scope> = std::sync::Arc::new(converge::value::Map::new());
    for text in
        ["{{ x }}", "a {% if %} \"q\" \\ é\n\t{# c #} {{ 'x", "}} plain", "{{ {{ }} }}\u{1}"]
    {
        let yaml = format!("!unsafe {}", serde_json::Value::from(text));
        let node = yaml::parse(SourceId(0), &yaml).unwrap();
        assert_eq!(Templates::new().node(&node, &scope), Ok(Value::str(text)));
    }
}

/// Hosts in 200 groups of ten parents, with two variables each and ten in each group.
fn large(hosts: usize) -> String {
    let mut text = String::from("all:\n  vars:\n    everywhere: 1\n  children:\n");
    for parent in 0..10 {
        writeln!(text, "    site{parent}:\n      children:").unwrap();
        for group in 0..20 {
            writeln!(text, "        group{parent}_{group}:\n          vars:").unwrap();
            for variable in 0..10 {
                writeln!(text, "            variable_{variable}: value of {group}").unwrap();
            }
            text.push_str("          hosts:\n");
            for host in 0..hosts / 200 {
                let number = (parent * 20 + group) * (hosts / 200) + host;
                write!(
                    text,
                    "            host{number:06}.example.org:\n              \
                     ansible_host: 10.{}.{}.{}\n              rack: {}\n",
                    number >> 16 & 255,
                    number >> 8 & 255,
                    number & 255,
                    number % 40
                )
                .unwrap();
            }
        }
    }
    text
}

/// How long it takes is a benchmark's to tell.
#[test]
fn ten_thousand_hosts_in_two_hundred_groups_have_their_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts.yml");
    crate::disk::write(&path, large(10_000).as_bytes());
    let inventory = load(path.as_path());
    assert_eq!(inventory.hosts().len(), 10_000);
    let last = inventory.hosts().last().unwrap();
    assert_eq!(inventory.variables(last).names().count(), 13);
}

use super::*;
use crate::config::{MemoryFiles, Vault};
use crate::text::Sources;

fn load(files: &MemoryFiles) -> Result<Inventory, String> {
    load_from("hosts.yml", files)
}

fn load_from(paths: impl Into<InventoryPaths>, files: &MemoryFiles) -> Result<Inventory, String> {
    let mut sources = Sources::default();
    let vault = Vault::default();
    let mut reader = Reader { files, sources: &mut sources, vault: &vault };
    Inventory::load(paths, &mut reader).map_err(|errors| {
        let show = |error: Diagnostic| {
            let place = error.span.map_or_else(|| "-".into(), |span| sources.locate(span));
            let notes: String =
                error.notes.iter().map(|note| format!("\n    note: {note}")).collect();
            let help = error.help.map(|help| format!("\n    help: {help}")).unwrap_or_default();
            format!("{place} {}{notes}{help}", error.message)
        };
        errors.into_iter().map(show).collect::<Vec<_>>().join("\n")
    })
}

fn of(text: &str) -> Inventory {
    load(&MemoryFiles::default().with("hosts.yml", text)).unwrap_or_else(|error| panic!("{error}"))
}

fn names<'a>(hosts: impl Iterator<Item = &'a Host>) -> String {
    hosts.map(|host| host.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_group_under_several_parents_has_the_depth_of_the_longest_way() {
    let inventory = of("
all:
  hosts: {alone: }
  children:
    web: {hosts: {'web[1:2]': }, children: {edge: }}
    site: {children: {web: , db: {hosts: {db1: , web1: }}}}
edge: {hosts: {edge1: {x: 1}}}
other: {hosts: edge1}
");
    assert_eq!(names(inventory.hosts()), "alone web1 web2 db1 edge1");
    let show = |host: &str| {
        let groups = inventory.groups_of(inventory.host(host).unwrap());
        let show = |group: &&Group| format!("{}/{}", group.name, group.depth);
        groups.iter().map(show).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(show("web1"), "all/0 site/1 db/2 web/2");
    assert_eq!(show("edge1"), "all/0 other/1 site/1 web/2 edge/3");
    assert_eq!(show("alone"), "all/0 ungrouped/1");
    let edge1 = inventory.host("edge1").unwrap();
    assert_eq!(inventory.group_names(edge1), ["edge", "other", "site", "web"]);
    assert_eq!(names(inventory.hosts_of(inventory.group("site").unwrap())), "web1 web2 db1 edge1");
    assert_eq!(
        names(inventory.hosts_of(inventory.group("all").unwrap())),
        "alone web1 web2 edge1 db1"
    );
    assert_eq!(names(inventory.own_hosts(inventory.group("ungrouped").unwrap())), "alone");
}

/// As `groups` has them in Ansible (`Group.get_hosts`, ansible-core 2.19).
#[test]
fn a_group_s_own_hosts_come_before_those_below_it_and_in_its_own_order() {
    let inventory = of("
all: {children: {web: {hosts: {web1: , web2: }}, db: {hosts: {db1: , web1: }}}, hosts: {alone: }}
site: {children: {db: , web: }, hosts: {web2: , site1: }}
ungrouped: {hosts: {first: }}
");
    let order = |group: &str| names(inventory.hosts_of(inventory.group(group).unwrap()));
    assert_eq!(order("db"), "db1 web1");
    assert_eq!(order("site"), "web2 site1 db1 web1");
    assert_eq!(order("all"), "alone first web1 web2 db1 site1");
    let all = inventory.group("all").unwrap();
    let children: Vec<&str> = inventory.children(all).map(|group| &*group.name).collect();
    assert_eq!(children, ["ungrouped", "web", "db", "site"]);
}

#[test]
fn every_layer_is_kept_weakest_first() {
    let files = MemoryFiles::default()
        .with(
            "hosts.yml",
            "
all:
  vars: {x: all}
  children:
    a: {vars: {x: a, ansible_group_priority: 5}, hosts: {h: {x: host}}}
    b: {vars: {x: b}, hosts: {h: {y: 2}}}
    c: {vars: {x: c}, children: {b: }}
",
        )
        .with("group_vars/all/10.yml", "x: all-10")
        .with("group_vars/all/2/deep.json", "{\"x\": \"all-2-deep\"}")
        .with("group_vars/all/2/README.md", "no variables")
        .with("group_vars/all/.hidden.yml", "x: hidden")
        .with("group_vars/all/old.d/x.yml", "x: old")
        .with("group_vars/a.yml", "x: file-a")
        .with("group_vars/b", "x: file-b")
        .with("group_vars/stranger.yml", "x: [")
        .with("host_vars/h/one", "x: file-h");
    let inventory = load(&files).unwrap_or_else(|error| panic!("{error}"));
    let layers = inventory.variables(inventory.host("h").unwrap());
    let show: Vec<String> =
        layers.all("x").iter().map(|l| format!("{}: {:?}", l.kind, l.node)).collect();
    assert_eq!(
        show,
        [
            "group all in the inventory: \"all\"",
            "group c in the inventory: \"c\"",
            "group a in the inventory: \"a\"",
            "group b in the inventory: \"b\"",
            "group_vars of all: \"all-10\"",
            "group_vars of all: \"all-2-deep\"",
            "group_vars of a: \"file-a\"",
            "group_vars of b: \"file-b\"",
            "host in the inventory: \"host\"",
            "host_vars: \"file-h\"",
        ]
    );
    assert!(layers.get("ansible_group_priority").is_none());
}

#[test]
fn roles_come_from_parents_first_and_each_once() {
    let inventory = of("
all: {roles: [base]}
mail: {roles: [mail, base], children: {mx: {roles: [mx], hosts: {mx1: {roles: [extra, mail]}}}}}
");
    let roles = inventory.roles_of(inventory.host("mx1").unwrap());
    let names: Vec<&str> = roles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["base", "mail", "mx", "extra"]);
    assert!(inventory.variables(inventory.host("mx1").unwrap()).get("roles").is_none());
}

#[test]
fn mistakes() {
    let all: Vec<String> = [
        "",
        "all: {hosts: {}}",
        "- hosts: all\n  tasks: []",
        "hosts: {a: }",
        "plugin: aws_ec2",
        "[web]\nweb1\nweb2 x=1",
        "#!/bin/sh\necho '{}'",
        "all: {host: {a: }}",
        "all: {web: {hosts: {a: }}}",
        "all: {hosts: [a, b]}",
        "all: {hosts: {a: 1}}",
        "all: {hosts: {'a:22': }}",
        "all: {hosts: {'-oProxyCommand=x': }}",
        "all: {hosts: {'a[3:1]': }}",
        "all: {hosts: {a: {my-var: 1, groups: 2, 1x: 3}}}",
        "all: {hosts: {a: {roles: web}}}",
        "all: {hosts: {a: }, roles: [{role: web}]}",
        "all: {hosts: {a: }, vars: [x]}",
        "all: {hosts: {a: }, children: [x]}",
        "all: {hosts: {a: }, vars: {ansible_group_priority: high}}",
        "all: {hosts: {a: }}\nx: {children: {y: {children: {z: {children: {x: }}}}}}\nv: {children: {x: }}",
        "x: {children: {x: }, hosts: {a: }}",
        "x: {children: {all: }, hosts: {a: }}",
        "'a b': {hosts: {a: }}",
    ]
    .iter()
    .map(|text| {
        let files = MemoryFiles::default().with("hosts.yml", *text);
        format!("{}\n  {}", text.replace('\n', "⏎"), load(&files).map(|_| ()).unwrap_err())
    })
    .chain(
        [
            ("group_vars/all.yml", "[1]"),
            ("group_vars/all.yml", "ansible_group_priority: 3"),
            ("group_vars/all.yml", "x: 1\nx: 2"),
            ("group_vars/all/x.yml", "just text"),
            ("host_vars/a.yml", "a b: 1"),
        ]
        .map(|(path, text)| {
            let files = MemoryFiles::default().with("hosts.yml", "all: {hosts: {a: }}").with(path, text);
            let shown = load(&files).map(|_| ()).unwrap_err();
            format!("{path}: {}\n  {shown}", text.replace('\n', "⏎"))
        }),
    )
    .chain([{
        let files = MemoryFiles::default()
            .with("hosts.yml", "all: {hosts: {a: }}")
            .with("host_vars/a.yml", "x: 1")
            .with("host_vars/a/x.yml", "x: 1");
        format!("host_vars/a.yml and host_vars/a/\n  {}", load(&files).map(|_| ()).unwrap_err())
    }])
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn mistakes_of_several_inventories() {
    let all: Vec<String> = [
        (&["none.yml"][..], &[][..]),
        (&["localhost,"], &[]),
        (&["empty"], &[("empty/group_vars/all.yml", "x: 1")]),
        (&["empty", "hosts.yml"], &[("empty/README.md", ""), ("hosts.yml", "")]),
        (&["in"], &[("in/hosts.yml", "all: {hosts: {a: }}"), ("in/old.ini", "[web]\na")]),
        (&["in"], &[("in/hosts", "[web]\na x=1"), ("in/plugin.yml", "plugin: aws_ec2")]),
        (&["in"], &[("in/hosts", "#!/bin/sh"), ("in/find.py", "#!/usr/bin/python")]),
        (&["in", "b.yml"], &[("in/a.yml", "all: {hosts: [a]}"), ("b.yml", "all: {host: {}}")]),
        (
            &["a.yml", "b.yml"],
            &[("a.yml", "x: {children: {y: }}"), ("b.yml", "y: {children: {x: }}")],
        ),
        (
            &["d/a.yml", "d/b.yml"],
            &[
                ("d/a.yml", "all: {hosts: {a: }}"),
                ("d/b.yml", "all: {hosts: {b: }}"),
                ("d/host_vars/a.yml", "x: no"),
            ],
        ),
    ]
    .iter()
    .map(|(paths, texts): &(&[&str], &[(&str, &str)])| {
        let files = texts
            .iter()
            .fold(MemoryFiles::default(), |files, (path, text)| files.with(path, *text));
        let paths: Vec<std::path::PathBuf> = paths.iter().map(Into::into).collect();
        let error = load_from(paths.as_slice(), &files).map(|_| ()).unwrap_err();
        format!("{paths:?} {texts:?}\n  {error}")
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

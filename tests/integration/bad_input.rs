//! What is wrong with an inventory, a role or a limit is said before any host is touched: one
//! place, one cause, one hint.

use converge::config::{
    Inventory, LayerKind, Layers, MemoryFiles, Reader, RolePath, RolePlace, Roles, Vault, select,
};
use converge::report::snippet::{Severity, render};
use converge::text::{Diagnostic, Sources};
use std::path::Path;

/// Reads everything that a run reads before it starts, and shows what is wrong.
fn mistakes(files: &MemoryFiles, limit: &str) -> String {
    let mut sources = Sources::default();
    let found = check(files, limit, &mut sources).expect_err("nothing was found wrong");
    let shown = |error: &Diagnostic| {
        let text = render(error, &sources, Severity::Error, false);
        assert!(text.contains("= help: "), "no hint: {text}");
        text
    };
    found.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn check(files: &MemoryFiles, limit: &str, sources: &mut Sources) -> Result<(), Vec<Diagnostic>> {
    let vault = Vault::default();
    let mut reader = Reader { files, sources, vault: &vault };
    let inventory = Inventory::load(Path::new("inventory/hosts.yml"), &mut reader)?;
    let hosts = select(&inventory, limit, &reader).map_err(|error| vec![error])?;
    let place =
        RolePlace { label: "inventory/roles".into(), folder: "inventory/roles".into(), files };
    let path = RolePath { places: vec![place] };
    let mut errors = Vec::new();
    for host in hosts.iter().filter_map(|host| inventory.host(host.as_str())) {
        let wanted = inventory.roles_of(host);
        let mut roles = Roles::default();
        let asked = wanted.iter().map(|(name, span)| (name.clone(), Some(*span)));
        roles.load(asked, &path, sources, &vault)?;
        for used in roles.in_order(wanted.iter().map(|(name, _)| name.as_str())) {
            let mut layers: Layers = inventory.variables(host);
            layers.add_role(used.role);
            layers.add_entries(
                &LayerKind::TaskVar,
                &used.needed_by.last().map_or(Vec::new(), |by| by.vars.clone()),
            );
            let specs = used.role.argument_specs.as_ref().and_then(|specs| specs.0.get("main"));
            if let Some(spec) = specs {
                let found = spec.apply(&used.role.name, &mut layers, |_| false);
                // Every host of a group makes the same mistake.
                errors.extend(found.into_iter().filter(|_| host.name.as_str() == "web1"));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// A project that is right but for the files that a case changes.
fn project() -> MemoryFiles {
    MemoryFiles::default()
        .with(
            "inventory/hosts.yml",
            "all:\n  children:\n    web:\n      roles: [site]\n      hosts:\n        web[1:2]:\n",
        )
        .with("inventory/group_vars/all.yml", "site_port: 443\n")
        .with("inventory/roles/site/tasks/main.yml", "- debug: {msg: hi}\n")
        .with(
            "inventory/roles/site/meta/argument_specs.yml",
            "argument_specs:\n  main:\n    options:\n      site_port: {type: int, required: true}\n      site_key: {no_log: true}\n",
        )
}

fn case(path: &str, text: impl Into<Vec<u8>>) -> String {
    mistakes(&project().with(path, text), "all")
}

#[test]
fn the_project_itself_is_right() {
    assert_eq!(check(&project(), "all", &mut Sources::default()), Ok(()));
}

#[test]
fn a_key_that_stands_twice() {
    insta::assert_snapshot!(case(
        "inventory/group_vars/web.yml",
        "site_name: a\nsite_tls:\n  cert: x\n  key: y\n  cert: z\n"
    ));
}

#[test]
fn a_mode_without_quotes() {
    insta::assert_snapshot!(case(
        "inventory/roles/site/tasks/main.yml",
        "- file:\n    path: /srv/site\n    state: directory\n    mode: 0755\n"
    ));
}

#[test]
fn a_yaml_bomb() {
    let mut bomb = String::from("a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (this, last) in ('b'..='z').zip('a'..) {
        bomb += &format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 9].join(", "));
    }
    insta::assert_snapshot!(case("inventory/group_vars/all.yml", bomb));
}

#[test]
fn invalid_utf8() {
    insta::assert_snapshot!(case(
        "inventory/group_vars/all.yml",
        b"site_port: 443\nsite_owner: Bj\xf6rn\n".as_slice()
    ));
}

#[test]
fn groups_inside_each_other() {
    insta::assert_snapshot!(case(
        "inventory/hosts.yml",
        "all:\n  hosts:\n    web1:\n  children:\n    north:\n      children:\n        south:\nsouth:\n  children:\n    west:\nwest:\n  children:\n    north:\n"
    ));
}

#[test]
fn an_inventory_without_hosts() {
    insta::assert_snapshot!(case("inventory/hosts.yml", "all:\n  children:\n    web:\n"));
}

#[test]
fn an_inventory_that_is_not_there() {
    insta::assert_snapshot!(mistakes(&MemoryFiles::default(), "all"));
}

#[test]
fn an_unknown_key_of_a_group() {
    insta::assert_snapshot!(case(
        "inventory/hosts.yml",
        "all:\n  childern:\n    web:\n      hosts:\n        web1:\n"
    ));
}

#[test]
fn a_limit_that_matches_nothing() {
    insta::assert_snapshot!(mistakes(&project(), "wbe1"));
    insta::assert_snapshot!(mistakes(&project(), "web:!wev1"));
}

#[test]
fn a_role_that_is_not_there() {
    insta::assert_snapshot!(case(
        "inventory/hosts.yml",
        "all:\n  roles: [sits]\n  hosts:\n    web1:\n"
    ));
}

#[test]
fn a_variable_of_the_wrong_type() {
    insta::assert_snapshot!(case("inventory/group_vars/all.yml", "site_port: \"443\"\n"));
}

#[test]
fn a_variable_that_is_missing() {
    insta::assert_snapshot!(case("inventory/group_vars/all.yml", "site_prot: 443\n"));
}

#[test]
fn a_secret_of_the_wrong_type_is_not_shown() {
    let shown = case("inventory/host_vars/web1.yml", "site_key: [hunter2]\n");
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_vaulted_value_without_its_password() {
    insta::assert_snapshot!(case(
        "inventory/group_vars/web.yml",
        "site_key: !vault |\n  $ANSIBLE_VAULT;1.2;AES256;prod\n  30300a30300a3030\n"
    ));
}

#[test]
fn a_vaulted_file_without_its_password() {
    insta::assert_snapshot!(case("inventory/group_vars/web.yml", vaulted("v12.yml")));
}

#[test]
fn a_vaulted_file_that_holds_no_yaml() {
    let files = project().with("inventory/group_vars/web.yml", vaulted("broken.yml"));
    let (mut sources, mut vault) = (Sources::default(), Vault::default());
    vault.add("prod", b"battery staple".to_vec());
    let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
    let errors = Inventory::load(Path::new("inventory/hosts.yml"), &mut reader).unwrap_err();
    let shown = render(&errors[0], &sources, Severity::Error, false);
    assert!(!shown.contains("0123"), "{shown}");
    insta::assert_snapshot!(shown);
}

fn vaulted(name: &str) -> Vec<u8> {
    crate::disk::read(&Path::new("tests/integration/fixtures/vault").join(name))
}

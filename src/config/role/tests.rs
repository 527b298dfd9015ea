use super::*;
use crate::config::{MemoryFiles, Vault};
use crate::text::Span;
use crate::text::{Diagnostic, Sources};

fn place<'a>(label: &str, files: &'a MemoryFiles) -> RolePlace<'a> {
    RolePlace { label: label.into(), folder: "roles".into(), files }
}

/// Reads roles from the user's files, then the built-in ones.
fn load(wanted: &[&str], own: &MemoryFiles, built_in: &MemoryFiles) -> Result<Roles, String> {
    let path =
        RolePath { places: vec![place("roles/", own), place("the built-in roles", built_in)] };
    let mut sources = Sources::default();
    let asked = sources.add("hosts.yml", "roles: …");
    let span = Span { source: asked, line: 1, column: 1, len: 5 };
    let wanted = wanted.iter().map(|name| ((*name).to_owned(), Some(span)));
    let mut roles = Roles::default();
    match roles.load(wanted, &path, &mut sources, &Vault::default()) {
        Ok(()) => Ok(roles),
        Err(errors) => {
            let show = |error: &Diagnostic| {
                let place = error.span.map_or_else(|| "-".into(), |span| sources.locate(span));
                let notes: String = error.notes.iter().map(|n| format!(" [{n}]")).collect();
                let help = error.help.as_deref().map(|h| format!(" ({h})")).unwrap_or_default();
                format!("{place} {}{notes}{help}", error.message)
            };
            Err(errors.iter().map(show).collect::<Vec<_>>().join("\n    "))
        }
    }
}

fn mail() -> MemoryFiles {
    MemoryFiles::default()
        .with("roles/mail/tasks/main.yml", "- debug: {msg: hi}")
        .with("roles/mail/tasks/sub/more.yml", "[]")
        .with("roles/mail/tasks/README.md", "not YAML: [")
        .with("roles/mail/handlers/main.yml", "[]")
        .with("roles/mail/defaults/main.yaml", "a: 1\nb: 2")
        .with("roles/mail/vars/main.yml", "c: 3")
        .with("roles/mail/verify/main.yml", "[]")
        .with("roles/mail/meta/main.yml", "dependencies: [base, {role: user, uid: 3}]")
        .with(
            "roles/mail/meta/argument_specs.yml",
            "argument_specs: {main: {options: {a: {type: int}}}}",
        )
        .with("roles/mail/templates/etc/main.cf.j2", "x = {{ a }}\n")
        .with("roles/mail/files/bin/blob", b"\xff\x00".as_slice())
        .with("roles/mail/README.md", "# mail")
}

/// As in Ansible: `main.yaml` for want of a `main.yml`, and the files of a folder `main` instead of
/// either, of which the later wins.
#[test]
fn what_main_may_be_is_read() {
    let files = MemoryFiles::default()
        .with("roles/r/tasks/main.yaml", "- debug: {msg: hi}")
        .with("roles/r/defaults/main/10.yml", "a: 1\nb: 1")
        .with("roles/r/defaults/main/20.yaml", "b: 2")
        .with("roles/r/defaults/main/README.md", "not YAML: [")
        .with("roles/r/vars/main/more/x.yml", "c: 3");
    let roles = load(&["r"], &files, &MemoryFiles::default()).unwrap();
    let role = roles.get("r").unwrap();
    assert_eq!(format!("{:?}", role.tasks["main.yml"]), r#"[{"debug":{"msg":"hi"}}]"#);
    let values = |vars: &[(Key, Node)]| -> Vec<String> {
        vars.iter().map(|(key, node)| format!("{} {:?}", key.name, node.to_value())).collect()
    };
    let (defaults, vars) = (values(&role.defaults), values(&role.vars));
    assert!(
        defaults[0].starts_with("a ") && defaults[1].starts_with("b ") && defaults[1].contains('2'),
        "{defaults:?}"
    );
    assert!(defaults.len() == 2 && vars.len() == 1 && vars[0].starts_with("c "), "{vars:?}");
}

#[test]
fn a_role_is_read_whole() {
    let built_in = MemoryFiles::default()
        .with("roles/base/tasks/main.yml", "[]")
        .with("roles/user/tasks/main.yml", "[]")
        .with("roles/mail/tasks/main.yml", "- the user's own wins");
    let roles = load(&["mail"], &mail(), &built_in).unwrap();
    let role = roles.get("mail").unwrap();
    assert_eq!(role.tasks.keys().collect::<Vec<_>>(), ["main.yml", "sub/more.yml"]);
    assert_eq!(format!("{:?}", role.tasks["main.yml"]), r#"[{"debug":{"msg":"hi"}}]"#);
    assert!(role.handlers.is_some() && role.verify.is_some());
    let names: Vec<&str> =
        role.defaults.iter().chain(&role.vars).map(|(key, _)| key.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        role.argument_specs.as_ref().unwrap().0["main"].options["a"].kind,
        crate::config::ArgumentType::Int
    );
    assert_eq!(role.templates.keys().collect::<Vec<_>>(), ["etc/main.cf.j2"]);
    assert_eq!(role.files["bin/blob"], b"\xff\x00");
    let order: Vec<(&str, usize)> = roles
        .in_order(["mail", "base"])
        .iter()
        .map(|u| (u.role.name.as_str(), u.needed_by.last().map_or(0, |by| by.vars.len())))
        .collect();
    assert_eq!(order, [("base", 0), ("user", 1), ("mail", 0)]);
}

#[test]
fn a_role_runs_again_only_with_other_variables() {
    let files = MemoryFiles::default()
        .with("roles/a/meta/main.yml", "dependencies: [{role: u, n: 1}, {role: u, n: 2}]")
        .with("roles/b/meta/main.yml", "dependencies: [{role: u, n: 2}, {role: u, vars: {n: 3}}]")
        .with("roles/u/tasks/main.yml", "[]");
    let roles = load(&["a", "b"], &files, &MemoryFiles::default()).unwrap();
    let show = |used: &RoleUse<'_>| match used.needed_by.last().and_then(|by| by.vars.first()) {
        Some((_, node)) => format!("{}{:?}", used.role.name, node),
        None => used.role.name.clone(),
    };
    let order: Vec<String> = roles.in_order(["a", "b"]).iter().map(show).collect();
    assert_eq!(order, ["u1", "u2", "a", "u3", "b"]);
}

#[test]
fn mistakes() {
    let empty = MemoryFiles::default();
    let one = |path: &str, text: &str| {
        let files = MemoryFiles::default().with("roles/mail/tasks/main.yml", "[]").with(path, text);
        format!("{path}: {text}\n    {}", load(&["mail"], &files, &empty).unwrap_err())
    };
    let all = [
        format!("mial\n    {}", load(&["mial"], &mail(), &empty).unwrap_err()),
        format!("web\n    {}", load(&["web"], &mail(), &empty).unwrap_err()),
        format!("../etc\n    {}", load(&["../etc"], &mail(), &empty).unwrap_err()),
        format!("mail without base\n    {}", load(&["mail"], &mail(), &empty).unwrap_err()),
        one("roles/mail/meta/main.yml", "dependencies: [mail]"),
        one("roles/mail/meta/main.yml", "dependencies: base"),
        one("roles/mail/meta/main.yml", "dependencies: [{when: x, role: base}]"),
        one("roles/mail/meta/main.yml", "dependencies: [{vars: {a: 1}}]"),
        one("roles/mail/meta/main.yml", "dependecies: []"),
        one("roles/mail/meta/argument_specs.yml", "main: {}"),
        one("roles/mail/defaults/main.yml", "a-b: 1"),
        one("roles/mail/vars/main.yml", "[a]"),
        one("roles/mail/task/main.yml", "[]"),
        one("roles/mail/tasks/x.yml", "a: 0644"),
        {
            let files = mail().with("roles/mail/templates/x.j2", b"a\n\xff".as_slice());
            format!("x.j2\n    {}", load(&["mail"], &files, &empty).unwrap_err())
        },
        {
            let files = MemoryFiles::default()
                .with("roles/a/meta/main.yml", "dependencies: [b]")
                .with("roles/b/meta/main.yml", "dependencies: [c, d]")
                .with("roles/c/tasks/main.yml", "[]")
                .with("roles/d/meta/main.yml", "dependencies: [c, b]");
            format!("a cycle\n    {}", load(&["a"], &files, &empty).unwrap_err())
        },
    ];
    insta::assert_snapshot!(all.join("\n"));
}

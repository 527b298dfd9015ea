//! `yes` and `no` in variables: wherever one is set, the word is refused before any host is touched.

use converge::config::{MemoryFiles, Vault};
use converge::controller::{LintOptions, LoadOptions, Project, lint};
use converge::report::snippet::{Severity, render};
use converge::text::{Diagnostic, Sources};
use std::path::Path;

fn project(path: &str, text: &str) -> MemoryFiles {
    [
        ("hosts.yml", "all: {hosts: {h: }, roles: [r]}\n"),
        ("roles/r/tasks/main.yml", "- debug: {msg: hi}\n"),
        ("roles/r/tasks/other.yml", "- debug: {msg: hi}\n"),
        ("roles/other/tasks/main.yml", "- debug: {msg: hi}\n"),
    ]
    .into_iter()
    .chain([(path, text)])
    .fold(MemoryFiles::default(), |files, (path, text)| files.with(path, text))
}

fn shown(errors: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let show = |error: &Diagnostic| {
        let place = error.span.map_or_else(|| "-".into(), |span| sources.locate(span));
        format!("{place} {}", error.message)
    };
    errors.iter().map(show).collect()
}

fn loaded(files: &MemoryFiles) -> Vec<String> {
    let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
    match Project::load(&options, files, &Vault::default()) {
        Ok(_) => Vec::new(),
        Err(errors) => shown(&errors.diagnostics, &errors.sources),
    }
}

fn linted(files: &MemoryFiles) -> Vec<String> {
    let options = LintOptions { inventory: "hosts.yml".into(), ..LintOptions::default() };
    let found = lint(&options, files, &Vault::default()).unwrap();
    found.roles.iter().flat_map(|role| shown(&role.needs, &found.sources)).collect()
}

#[test]
fn wherever_a_variable_is_set_such_a_word_is_refused() {
    let tasks = "roles/r/tasks/main.yml";
    for (path, text, places) in [
        ("hosts.yml", "all: {hosts: {h: {x: no}}}", &["1:22"][..]),
        ("hosts.yml", "all: {hosts: {'h[1:9]': {x: no}}}", &["1:29"]),
        ("hosts.yml", "all: {hosts: {h: }, vars: {x: {y: [1, no]}, z: no}}", &["1:39", "1:48"]),
        ("group_vars/all.yml", "x: no", &["1:4"]),
        ("group_vars/all/x.yml", "- x\n- no", &[]),
        ("host_vars/h.yml", "x:\n- a: 1\n  b: no\n", &["3:6"]),
        ("roles/r/defaults/main.yml", "x: no\ny: \"no\"\nz: no\n", &["1:4", "3:4"]),
        ("roles/r/vars/main.yml", "x: &a no\ny: *a\n", &["1:7"]),
        ("roles/r/meta/main.yml", "dependencies: [{role: other, x: no}]", &["1:33"]),
        ("roles/r/meta/main.yml", "dependencies: [{role: other, vars: {x: no}}]", &["1:40"]),
        (
            "roles/r/meta/argument_specs.yml",
            "argument_specs: {main: {options: {x: {type: raw, default: no}}}}",
            &["1:59"],
        ),
        (tasks, "- {debug: {msg: x}, vars: {x: no}}", &["1:31"]),
        (tasks, "- {block: [{debug: {msg: x}}], vars: {x: {y: no}}}", &["1:46"]),
        (tasks, "- {include_tasks: other.yml, vars: {x: no}}", &["1:40"]),
        (tasks, "- {include_role: {name: other}, vars: {x: no}}", &["1:43"]),
        (tasks, "- ansible.builtin.set_fact: {x: no, y: [no]}", &["1:33", "1:41"]),
        (tasks, "- {debug: {msg: x}, loop: [{x: no}]}", &["1:32"]),
        (tasks, "- {debug: {msg: x}, with_items: [[no]]}", &["1:35"]),
        (tasks, "- {debug: {msg: x}, with_dict: {a: {x: no}}}", &["1:40"]),
        (tasks, "- {uri: {url: 'http://h/', body_format: json, body: {x: no}}}", &["1:57"]),
        ("roles/r/handlers/main.yml", "- {name: h, debug: {msg: x}, vars: {x: no}}", &["1:40"]),
        // What is text to both, or has a type that refuses or takes it.
        (tasks, "- {debug: {msg: no}, environment: {X: 'no'}, vars: {x: 'no', y: \"on\"}}", &[]),
        (tasks, "- postfix_main: {set: {smtpd_sasl_auth_enable: yes}}", &[]),
    ] {
        let files = project(path, text);
        let word = "`no` is text here, and `false` to Ansible";
        let expected: Vec<String> =
            places.iter().map(|place| format!("{path}:{place} {word}")).collect();
        let words = |said: Vec<String>| -> Vec<String> {
            said.into_iter().filter(|line| line.contains("to Ansible")).collect()
        };
        assert_eq!(words(loaded(&files)), expected, "{path}: {text}");
        if path.starts_with("roles/") {
            assert_eq!(words(linted(&files)), expected, "lint, {path}: {text}");
        }
    }
}

#[test]
fn what_to_write_is_said_and_a_vaulted_word_is_not() {
    let files = project("host_vars/h.yml", "x: On");
    let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
    let errors = Project::load(&options, &files, &Vault::default()).err().unwrap();
    assert_eq!(
        errors.diagnostics[0].help.as_deref(),
        Some("write `true`, or \"On\" in quotes if the word is meant")
    );
    let mut vault = Vault::default();
    vault.add("default", b"correct horse".to_vec());
    let vaulted = crate::disk::read(Path::new("tests/integration/fixtures/vault/word.yml"));
    let files = project("hosts.yml", "all: {hosts: {h: }}").with("host_vars/h.yml", vaulted);
    let errors = Project::load(&options, &files, &vault).err().unwrap();
    assert_eq!(
        render(&errors.diagnostics[0], &errors.sources, Severity::Error, false),
        "error: a word that is text here and a boolean to Ansible\n --> host_vars/h.yml:2:13\n  \
         = help: write `true` or `false`, or the word in quotes if it is meant"
    );
}

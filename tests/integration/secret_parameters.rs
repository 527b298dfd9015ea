//! Every parameter of every kind of resource is given a secret, whole, within other text, or a part
//! of it that is too short to be searched for; nothing that is told shows it, errors included.

use crate::bench::{Bench, data, world};
use converge::resource::kinds;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each with the letters that are looked for: those of a whole word, and six that begin it.
const SECRETS: [&str; 3] = [
    "zqxjwk-canary/of+the=mine?42",
    "zqxjwk \"it's\" $50% {of} \\\\a <mine> & more",
    "zqxjwk-first: line\nzqxjwk = second\n  third of canary\n",
];
const PART: &str = "zqxjwk";

const WORLD: &str = r#"
users: [{name: ann, uid: 1000, group: ann, home: /home/ann, shell: /bin/sh}]
groups: [{name: ann, gid: 1000}]
files: {/etc/x: {file: {content: "a\nb\n"}}, /etc: {directory: {}}, /srv: {directory: {}}}
"#;

/// What examples and the template name.
const VARIABLES: &str = "x: ok\nrelayhost: r.lab.test\nrelay_password: another\n";

const KEYWORDS: [&str; 9] = [
    "name: \"for %\"",
    "loop: [\"%\"]",
    "loop: [{a: \"%\"}]\n  loop_control: {label: \"%\"}",
    "when: \"% == 'x'\"",
    "notify: \"%\"",
    "failed_when: \"% == 'x'\"",
    "environment: {A: \"%\"}",
    "vars: {inner: \"%\"}\n  name: \"for {{ inner }}\"",
    "register: said",
];

/// The task with one of its parameters replaced, once for each.
fn tasks() -> Vec<String> {
    let ways = ["{{ secret }}", "a {{ secret }} b", "{{ secret[:6] }}", "/etc/{{ secret[:6] }}"];
    let mut tasks = Vec::new();
    for kind in kinds() {
        let example = &data(kind.example)[0];
        let Some(given) = example.get(kind.name) else { continue };
        let mut given = match given {
            Value::Object(_) => given.clone(),
            text => json!({kind.free_form.unwrap_or("name"): text}),
        };
        let names: Vec<String> = kind.parameters().all.iter().map(|one| one.name.clone()).collect();
        for name in names {
            let before = given.get(&name).cloned();
            for way in ways {
                given[&name] = way.into();
                tasks.push(
                    json!([{"name": "it", kind.name: given, "ignore_errors": true}]).to_string(),
                );
            }
            match before {
                Some(before) => given[&name] = before,
                None => drop(given.as_object_mut().unwrap().remove(&name)),
            }
        }
    }
    for keyword in KEYWORDS {
        for way in ["{{ secret }}", "{{ secret[:6] }}"] {
            let bare = keyword.contains("when:");
            let way = if bare { way.trim_matches(['{', '}', ' ']) } else { way };
            tasks.push(format!(
                "- debug: {{msg: x}}\n  ignore_errors: true\n  {}\n",
                keyword.replace('%', way)
            ));
        }
    }
    for task in [
        "- include_tasks: \"%\"",
        "- include_role: {name: \"%\"}",
        "- set_fact: {\"a\": \"%\"}",
        "- set_fact: {a: \"%\"}\n- debug: {var: a}\n- debug: {msg: \"{{ a[:6] }}\"}",
        "- debug: {msg: \"{{ lookup_it }}\"}\n  vars: {lookup_it: \"%\"}",
    ] {
        for way in ["{{ secret }}", "{{ secret[:6] }}"] {
            tasks.push(task.replace('%', way) + "\n");
        }
    }
    // What templates complain of.
    for expression in [
        "secret | from_json",
        "secret | from_yaml",
        "secret | int(base='x')",
        "'x' | regex_search(secret ~ '(')",
        "secret.nothing",
        "secret + 1",
        "secret | b64decode",
        "{}[secret]",
        "{}[secret[:6]]",
        "[] | map(secret) | list",
        "(secret ~ '(') | regex_replace('a', 'b')",
        "'a' is match(secret[:6] ~ '(')",
        "secret | hash(secret[:6])",
        "secret | to_datetime",
        "undefined_name ~ secret",
        "secret | mandatory",
        "none | mandatory(secret[:6])",
        "[secret, secret[:6]] | zip(3) | list",
        "secret | ternary(1, 2) + secret",
        "secret[:6] + [secret]",
        "('x' ~ secret[:6]) | from_json",
        "('{' ~ secret[:6]) | from_yaml",
        "secret[:6] | int",
        "secret | bool",
    ] {
        tasks.push(format!(
            "- name: it\n  debug: {{msg: {}}}\n  ignore_errors: true\n",
            json!(format!("{{{{ {expression} }}}}"))
        ));
        tasks.push(format!(
            "- name: it\n  template: {{src: t.j2, dest: /etc/t}}\n  vars: {{x: {}}}\n",
            json!(format!("{{{{ {expression} }}}}"))
        ));
    }
    tasks
}

#[test]
fn whatever_is_given_a_secret_does_not_show_it() {
    let specs = "argument_specs: {main: {options: {secret: {type: str, no_log: true}}}}\n";
    let (mut ran, mut shown, mut refused) = (0, Vec::new(), BTreeSet::new());
    for (index, task) in tasks().into_iter().enumerate() {
        let secret = SECRETS[index % SECRETS.len()];
        let bench = Bench::new(world(WORLD), &task)
            .with("roles/r/meta/argument_specs.yml", specs)
            .with("roles/r/templates/main.cf.j2", "first\n")
            .with("roles/r/templates/t.j2", "first\n{{ x }}\nlast\n")
            .with("group_vars/all.yml", &format!("{VARIABLES}secret: {}\n", json!(secret)));
        let told = match bench.load() {
            Err(errors) => {
                refused.insert(errors.diagnostics[0].message.clone());
                format!("{:?}", errors.diagnostics)
            }
            Ok(_) => {
                ran += 1;
                let mut bench = bench;
                let (check, apply) = (bench.check(), bench.apply());
                let kept = serde_json::to_string(&bench.state).unwrap();
                serde_json::to_string(&(&check.events, &apply.events)).unwrap() + &kept
            }
        };
        if let Some(at) = told.find(PART) {
            let from = told.floor_char_boundary(at.saturating_sub(200));
            let to = told.ceil_char_boundary((at + 60).min(told.len()));
            shown.push(format!("{task}\n   {secret:?}: …{}\n", &told[from..to]));
        }
    }
    assert!(ran > 500, "only {ran} ran; refused: {refused:#?}");
    assert!(shown.is_empty(), "{} show it:\n{}", shown.len(), shown.join("\n"));
}

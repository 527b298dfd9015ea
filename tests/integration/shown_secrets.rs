//! A vaulted value and one that a role marks `no_log`, searched for in what every command shows.

use crate::bench::{Bench, Told, diff, world};
use crate::house::ROOT;
use crate::played_agents::Stage;
use converge::config::Vault;
use converge::controller::{LoadOptions, Project, RunOptions};
use converge::engine::Runner;
use converge::engine::bundle::Purpose;
use converge::engine::memory::Forgetful;
use converge::engine::state::State;
use converge::event::Diff;
use converge::host::Disk;
use converge::host::in_memory::{InMemory, World};
use converge::host::overlay::Overlay;
use converge::protocol::FromAgent;
use std::collections::HashSet;
use std::process::Command;

/// What `smtp_password` of the fixture holds.
const VAULTED: &str = "inline secret";
const MARKED: &str = "canary/token+4711=";

/// Never more than a part of what the role says.
const PART: &str = "warbler-in-the-shaft";

const TASKS: &str = r#"
- name: written out
  copy: {dest: /etc/open, content: "a {{ smtp_password }} b {{ site_token }}\n", mode: "0600"}
- name: "named after {{ site_token }}"
  copy: {dest: "/etc/{{ smtp_password | hash('sha1') }}", content: x, mode: "0600"}
- name: told
  debug: {msg: "{{ smtp_password | b64encode }} {{ site_token | urlencode }}"}
- name: sent
  command: {argv: [cat], stdin: "{{ smtp_password }}{{ site_token }}"}
- name: hidden
  copy: {dest: /etc/hidden, content: "canary/token+4711= once more", mode: "0600"}
  no_log: true
- name: a part of a file
  copy: {dest: /etc/part, content: "user: me\ntoken: {{ site_part }}\n", mode: "0600"}
- name: a part comes back
  command: {argv: [tail, -n, "1", /etc/part]}
  changed_when: false
  register: catted
- name: "a part is told: {{ catted.stdout | default('') }}"
  debug: {msg: "{{ catted.stdout | default('') }}"}
- name: derived
  set_fact: {both: "{{ smtp_password }}:{{ site_token }}"}
- name: each
  copy: {dest: "/etc/each.{{ item.name }}", content: "{{ item.of }}", mode: "0600"}
  loop: [{name: one, of: "{{ both }}"}, {name: two, of: "{{ site_token }}"}]
"#;

const VERIFY: &str = r#"
- name: a check that holds
  assert: {that: ["site_token == smtp_password or true"]}
- name: a check that does not
  assert: {that: ["site_token == smtp_password"], fail_msg: "{{ site_token }} {{ smtp_password }}"}
"#;

const SPECS: &str =
    "argument_specs: {main: {options: {site_token: {no_log: true}, site_part: {no_log: true}}}}\n";

const HOSTS: [&str; 2] = ["well", "other"];

pub(crate) fn stage() -> Stage {
    let stage = Stage::new(&HOSTS);
    let mut hosts = "all:\n  roles: [site]\n  hosts:\n".to_owned();
    HOSTS.iter().for_each(|host| hosts += &format!("    {host}:\n"));
    let vaulted = format!("{ROOT}/tests/integration/fixtures/vault/inline.yml");
    let vaulted = std::fs::read_to_string(vaulted).unwrap();
    let (vaulted, _) = vaulted.split_once("block:").unwrap();
    let put = |name: &str, text: &str| stage.put(name, text.as_bytes(), 0o644);
    put("hosts.yml", &hosts);
    put("group_vars/all.yml", &format!("{vaulted}site_part: {PART}\nsite_token: {MARKED}\n"));
    put("password", "battery staple\n");
    put("roles/site/tasks/main.yml", TASKS);
    put("roles/site/verify/main.yml", VERIFY);
    put("roles/site/meta/argument_specs.yml", SPECS);
    stage
}

/// What a host's agent says of the project as it stands there.
fn said(stage: &Stage, host: &str, purpose: Purpose) -> Vec<FromAgent> {
    let mut vault = Vault::default();
    vault.add("default", b"battery staple".to_vec());
    let inventory = stage.folder.path().join("hosts.yml");
    let load = LoadOptions { inventory: inventory.into(), ..LoadOptions::default() };
    let Ok(project) = Project::load(&load, &Disk, &vault) else { panic!("the project is right") };
    let options = RunOptions { run: "run".into(), purpose, forks: 1, hosts: None };
    let bundle = project.bundle(host, &options);
    let mut world = World::default();
    world
        .files
        .insert("/etc".into(), converge::host::in_memory::Entry::Directory(Default::default()));
    let memory = InMemory::new(world);
    let mut overlay = Overlay::new(&memory, HashSet::new());
    let (mut told, mut state) = (Told::default(), Forgetful::new(State::default(), b"k".to_vec()));
    Runner::new(&bundle, &mut state, &mut told).run(&mut overlay).unwrap();
    told.events.into_iter().map(FromAgent::Event).collect()
}

/// The secrets as they could be written.
fn forms() -> Vec<String> {
    let mut forms = vec![VAULTED.to_owned(), "inline%20secret".into(), "aW5saW5lIHNlY3JldA".into()];
    forms.push(PART.to_owned());
    forms.extend(["canary/token", "canary%2Ftoken", "Y2FuYXJ5L3Rva2VuKzQ3MTE9"].map(str::to_owned));
    forms
}

/// Fails if any of it shows a secret.
pub(crate) fn searched(what: &str, text: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{what} shows `{form}`:\n{text}");
    }
}

fn run(stage: &Stage, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    let vault = ["--vault-password-file", "password"];
    command.args(words).args(["-i", "hosts.yml"]).args(vault);
    let output = stage.over(command).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn commands_that_contact_no_host_show_no_secret() {
    let stage = stage();
    for (words, code, names) in [
        (&["inventory", "list"][..], 0, "site"),
        (&["inventory", "list", "--output", "json"], 0, "site_token"),
        (&["inventory", "list", "--output", "yaml"], 0, "site_token"),
        (&["inventory", "graph"], 0, "well"),
        (&["inventory", "host", "well"], 0, "smtp_password"),
        (&["explain", "well"], 0, "site_token"),
        (&["explain", "well", "site_token"], 0, "group_vars/all.yml"),
        (&["explain", "well", "smtp_password"], 0, "redacted"),
        (&["lint"], 0, "site"),
        (&["lint", "--output", "json"], 0, "site"),
    ] {
        let (ended, text) = run(&stage, words);
        assert!(ended == code && text.contains(names), "{words:?}: {ended} {text}");
        searched(&words.join(" "), &text);
    }
}

#[test]
fn mistakes_beside_secrets_do_not_show_them() {
    let stage = stage();
    let vars = std::fs::read_to_string(stage.folder.path().join("group_vars/all.yml")).unwrap();
    for (path, text) in [
        (
            "group_vars/all.yml",
            vars.replace("site_token: ", "site_token: [").trim_end().to_owned() + "]\n",
        ),
        ("group_vars/all.yml", format!("{vars}site_token: {MARKED}\n")),
        ("group_vars/all.yml", format!("{vars}a: {{site_token: {MARKED}, x\n")),
    ] {
        stage.put(path, text.as_bytes(), 0o644);
        for words in [&["--check"][..], &["explain", "well"], &["verify"], &["drift"]] {
            let (ended, text) = run(&stage, words);
            assert_eq!(ended, 65, "{words:?}: {text}");
            searched(&words.join(" "), &text);
        }
    }
}

#[test]
fn what_runs_and_the_question_show_no_secret() {
    let mut stage = stage();
    for (words, purpose, code) in [
        (&["--check", "--diff=full"][..], Purpose::Check, 0),
        (&["drift", "--diff=full"], Purpose::Check, 0),
        (&["verify"], Purpose::Verify, 1),
    ] {
        for host in HOSTS {
            let part = said(&stage, host, purpose);
            stage = stage.plays(host, &part);
            let part = std::fs::read(stage.folder.path().join(format!("{host}.part"))).unwrap();
            searched("the session", &String::from_utf8_lossy(&part));
        }
        for form in ["human", "json", "junit", "github", "events"] {
            let (ended, text) = run(&stage, &[words, &["-vvv", "--output", form]].concat());
            assert_eq!(ended, code, "{words:?} {form}: {text}");
            assert!(text.contains("well"), "{words:?} {form}: {text}");
            searched(&format!("{words:?} {form}"), &text);
        }
    }
    for host in HOSTS {
        let part = said(&stage, host, Purpose::Check);
        stage = stage.plays(host, &part);
    }
    let words = "--diff=full -vvv --vault-password-file password";
    let (code, screen) = stage.typed(words, "d\nn\n");
    assert!(code == 0 && screen.contains("/etc/open") && screen.contains("Apply to 2"), "{screen}");
    searched("the question", &screen);
}

/// What only the controller needs to make a token; whoever gets hold of a host finds none of it there.
#[test]
fn no_host_is_sent_the_key_of_mailu_s_api() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.yml");
    let variables = "{mail_root_alias: a@b.test, mailu_url: https://mail.test,\n  \
                     mailu_authorized_ip: [192.0.2.0/24], mailu_api_token: the-key-of-the-api}";
    let text = format!(
        "all:\n  hosts: {{h: {{ansible_connection: local}}}}\n  roles: [sys-svc-mail]\n  vars: {variables}\n"
    );
    std::fs::write(&hosts, text).unwrap();
    let roles_path = vec![format!("{ROOT}/roles").into()];
    let options = LoadOptions { inventory: hosts.into(), roles_path, ..LoadOptions::default() };
    let project = Project::load(&options, &Disk, &Vault::default()).unwrap();
    let options = RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
    let bundle = serde_json::to_string(&project.bundle("h", &options)).unwrap();
    assert!(bundle.contains("https://mail.test"));
    assert!(!bundle.contains("the-key-of-the-api"));
}

/// What was asked for openly is no secret in the answer, though the request holds one.
#[test]
fn what_is_written_of_an_answer_is_shown_where_it_was_asked_for_openly() {
    let host = world(
        r#"web: [{url: "https://m/token/h@lab.test", requires: [authorization, "Bearer the-key-of-it"],
                 headers: [[content-type, application/json]],
                 body: '[{"email": "h@lab.test", "token": "t0ken-4711", "Last edit": null}]'}]"#,
    );
    let tasks = r#"
- name: asked
  uri: {url: "https://m/token/{{ address }}", headers: {Authorization: "Bearer {{ key }}"}}
  register: asked
- name: of it
  copy: {dest: /etc/of, content: "{{ (asked.json | first).email }}\n"}
- name: its secret
  copy: {dest: /etc/token, content: "{{ (asked.json | first).token }}\n", mode: "0600"}
- name: "told: {{ address }}"
  debug: {msg: "{{ asked.json }}"}
- name: whole
  copy: {dest: /etc/whole, content: "{{ asked.json | to_json }}", mode: "0600"}
"#;
    let specs = "argument_specs: {main: {options: {key: {type: str, no_log: true}}}}\n";
    let bench = Bench::new(host, tasks)
        .with("roles/r/meta/argument_specs.yml", specs)
        .with("group_vars/all.yml", "{key: the-key-of-it, address: h@lab.test}\n");
    let told = bench.clone().apply();
    assert_eq!(told.errors(), Vec::<String>::new());
    assert_eq!(diff(&told.task("of it").actions[0]), "@@ -0,0 +1 @@\n+h@lab.test\n");
    for name in ["its secret", "whole"] {
        let action = &told.task(name).actions[0];
        assert!(matches!(action.diff, Some(Diff::Withheld { .. })), "{action:?}");
    }
    told.task("told: h@lab.test");
    let all = serde_json::to_string(&told.events).unwrap();
    assert!(!all.contains("t0ken-4711") && !all.contains("the-key-of-it"), "{all}");
}

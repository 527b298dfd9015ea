//! A secret is put to every use there is, and then searched for everywhere it must not be.

use crate::arguments::while_watched;
use crate::fleet::Fleet;
use crate::lab::lab;

/// With characters that its URL form escapes.
const CANARY: &str = "canary/of+the=coal mine?42";

/// Never more than a part of what the role says.
const PART: &str = "warbler-in-the-shaft";

/// Of several lines, the last of which are no key material by their looks.
const KEY: [&str; 5] = [
    "-----BEGIN PRIVATE KEY-----",
    "MC4CAQAwBQYDK2VwBCIEIGVZbm90YXJlYWxrZXlhdGFsbGJ1dGFjYW5hcnkh",
    "bGluZS4=",
    "PASSPHRASE=\"swordfish canary\"",
    "-----END PRIVATE KEY-----",
];

const TASKS: &str = r#"
- name: a template
  template: {src: secret.j2, dest: /etc/secret.template, mode: "0600"}
  register: templated
- name: a copy
  copy: {dest: /etc/secret.copy, content: "password={{ site_password }}\n", mode: "0600"}
  notify: with the secret
- name: a line
  lineinfile: {path: /etc/secret.lines, create: true, regexp: "^pass=", line: "pass={{ site_password }}", mode: "0600"}
- name: "a command for {{ site_password }}"
  command: {argv: [sh, -c, "cat > /etc/secret.stdin; cat /etc/secret.stdin; sleep 0.3"], stdin: "{{ site_password }}", creates: /etc/secret.stdin}
  register: said
- name: what it said
  copy: {dest: /etc/secret.said, content: "{{ said.stdout | default('') }} {{ site_password | b64encode }} {{ site_password | urlencode }}", mode: "0600"}
  when: said.stdout is defined
- name: each
  copy: {dest: "/etc/secret.{{ item.name }}", content: "{{ item.secret }}", mode: "0600"}
  loop: [{name: one, secret: "{{ site_password }}"}]
- name: told
  debug: {msg: "it is {{ site_password }}"}
- name: a fact
  set_fact: {derived: "user:{{ site_password }}"}
- name: the derived
  copy: {dest: /etc/secret.derived, content: "{{ derived }}", mode: "0600"}
- name: hidden by no_log
  copy: {dest: /etc/secret.hidden, content: "canary/of+the=coal mine?42 again", mode: "0600"}
  no_log: true
- name: a refusal
  assert: {that: ["site_password == 'x'"], fail_msg: "{{ site_password }} is wrong"}
  ignore_errors: true
- name: a part of a file
  template: {src: part.j2, dest: /etc/secret.config, mode: "0600"}
- name: what cat brings back
  command: {argv: [tail, -n, "1", /etc/secret.config]}
  changed_when: false
  register: catted
- name: "a part is told: {{ catted.stdout | default('') }}"
  debug: {msg: "{{ catted.stdout | default('') }} {{ catted.stdout_lines | default([]) }}"}
- name: a part is wrapped
  command: {argv: [sh, -c, "tail -n 1 /etc/secret.config | base64; tail -n 1 /etc/secret.config >&2; exit 1"]}
  ignore_errors: true
- name: a part is copied
  copy: {dest: /etc/secret.part, content: "of {{ catted.stdout | default('') }}\n", mode: "0600"}
- name: a part is a fact
  set_fact: {part: "{{ (catted.stdout | default('x')).split('token = ') | last }}"}
- name: "for {{ part }}"
  copy: {dest: /etc/secret.fact, content: "{{ part }}", mode: "0600"}
- name: a part is complained of
  copy: {dest: /etc/secret.refused, content: "key = {{ site_part }}\nother\n", validate: "sh -c 'head -n 1 $0; head -n 1 $0 >&2; exit 1' %s", mode: "0600"}
  ignore_errors: true
- name: a key
  copy: {dest: /etc/secret.key, content: "{{ site_key }}", mode: "0600"}
- name: its lines are shown with numbers
  command: {argv: [sh, -c, "nl /etc/secret.key; nl /etc/secret.key >&2; exit 3"]}
  ignore_errors: true
- name: a failure
  command: {argv: [sh, -c, "cat >&2; exit 3"], stdin: "{{ site_password }}"}
  when: site_fails
"#;

const HANDLERS: &str = r#"
- name: with the secret
  command: {argv: [sh, -c, "cat > /run/secret.handler"], stdin: "{{ site_password }}"}
"#;

const SPECS: &str = r#"
argument_specs:
  main:
    options:
      site_password: {type: str, required: true, no_log: true}
      site_part: {type: str, required: true, no_log: true}
      site_key: {type: str, required: true, no_log: true}
      site_fails: {type: bool, default: false}
"#;

#[test]
fn a_secret_shows_nowhere() {
    let lab = lab("s").debian("web1").pacman("arch1").up().unwrap();
    let fleet = Fleet::over(lab, &["web1", "arch1"], "site")
        .file("roles/site/tasks/main.yml", TASKS)
        .file("roles/site/handlers/main.yml", HANDLERS)
        .file("roles/site/meta/argument_specs.yml", SPECS)
        .file("roles/site/templates/secret.j2", "user=me\npassword={{ site_password }}\n")
        .set("site_password", &format!("{CANARY:?}"))
        .file("roles/site/templates/part.j2", "user = me\ntoken = {{ site_part }}\n")
        .set("site_part", PART)
        .set("site_key", &format!("{:?}", KEY.join("\n")))
        .set("site_fails", "false");
    let mut said = String::new();
    let (fleet, arguments) = while_watched(|| {
        let mut all = |fleet: &Fleet, code: i32| {
            for form in ["human", "json", "junit", "github", "events"] {
                for check in [&["--check"][..], &[]] {
                    let mut words =
                        vec!["-vvv", "--yes", "--diff=full", "--output", form, "--log", "trace"];
                    words.extend(check);
                    let run = fleet.run(&words);
                    // What fails is a command, which no dry run can know.
                    let expected = if check.is_empty() { code } else { 0 };
                    assert_eq!(run.code, expected, "{run:#?}");
                    said += &run.stdout;
                    said += &run.stderr;
                }
                for name in ["web1", "arch1"] {
                    // The next form shall have as much to tell of: drift.
                    let host = fleet.lab.host(name).unwrap();
                    host.sh(
                        "for f in /etc/secret.*; do echo other > $f; done; rm -f /etc/secret.stdin",
                    )
                    .unwrap();
                }
            }
        };
        all(&fleet, 0);
        let fleet = fleet.set("site_fails", "true");
        all(&fleet, 1);
        let explained = fleet.command(&["explain", "web1"]).output().unwrap();
        said += &String::from_utf8_lossy(&explained.stdout);
        said += &String::from_utf8_lossy(&explained.stderr);
        fleet
    });
    for span in [" load ", " session{", " host{", ":task{", ":action{", ":command{"] {
        assert!(said.contains(span), "nothing logged of `{span}`");
    }
    for name in ["web1", "arch1"] {
        let host = fleet.lab.host(name).unwrap();
        // It did arrive, so that its absence elsewhere means something.
        let written = host.sh("cat /run/secret.handler").unwrap().stdout;
        assert_eq!(written.trim_end(), CANARY, "{name}");
        said += &host.sh("cat /var/lib/converge/state.json /var/lib/converge/lock").unwrap().stdout;
        said += &host.sh("grep -r . /var/lib/converge/journal 2>/dev/null || true").unwrap().stdout;
        said += &host.sh("journalctl --no-pager -o json").unwrap().stdout;
        said += &host.sh("find / -xdev -name '*secret*' ! -path '/proc/*'").unwrap().stdout;
    }
    assert!(arguments.contains("secret.stdin"), "the command was seen");
    said += &arguments;
    for (form, text) in forms() {
        if let Some(at) = said.find(&text) {
            let mut from = at.saturating_sub(300);
            while !said.is_char_boundary(from) {
                from -= 1;
            }
            panic!("the secret shows, {form}: …{}", &said[from..at + text.len()]);
        }
    }
}

/// The secret as it could be written.
fn forms() -> Vec<(&'static str, String)> {
    let escaped: String = CANARY
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    vec![
        ("plain", CANARY.to_owned()),
        ("its beginning", "canary/of".to_owned()),
        ("base64", "Y2FuYXJ5L29mK3RoZT1jb2FsIG1pbmU/NDI".to_owned()),
        ("url", escaped.clone()),
        ("what is only a part", PART.to_owned()),
        ("a part in base64", "d2FyYmxlci1pbi10aGUtc2hhZnQ".to_owned()),
        ("a line of the key", KEY[1].to_owned()),
        ("a short line of the key", KEY[2].to_owned()),
        ("what the key assigns", "swordfish canary".to_owned()),
        ("url with slashes", escaped.replace("%2F", "/")),
    ]
}

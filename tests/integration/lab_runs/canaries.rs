//! Secrets of every shape, which programs of a host bring back in every form, searched for in all
//! that the command prints and in all that a host keeps.

use crate::arguments::while_watched;
use crate::fleet::Fleet;
use crate::lab::lab;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Each with a word that is nowhere else, by which its parts are found where it was broken.
const SECRETS: [(&str, &str); 5] = [
    ("plain", "wagtail/of+the=coal mine?42"),
    ("quotes", r#"it's "nuthatch" $of \the\ mine & <x> 50%"#),
    (
        "lines",
        "goldcrest: first line\n  second = treecreeper-line\ndGhpcmQgbGluZSBvZiBhIGtleSwgYSBjYW5hcnk=\n",
    ),
    ("letters", "rødstjert-og-blåmeis-ßßß"),
    (
        "long",
        "linnet-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789-siskin",
    ),
];

/// Prints a file in every form.
const SHOW: &str = r#"#!/bin/bash
# $1 the file
cat "$1"; nl "$1"; sed 's/^/  | /' "$1"; grep . "$1"
base64 "$1"; base64 -w0 "$1"; echo; (printf x; cat "$1") | base64; (printf xy; cat "$1") | base64 -w 20
fold -w 11 "$1"
perl -0777 -ne 's/([^A-Za-z0-9._~-])/sprintf "%%%02X", ord $1/ge; print "$_\n"' "$1"
perl -0777 -ne 's/([^A-Za-z0-9._~-])/sprintf "%%%02x", ord $1/ge; print "$_\n"' "$1"
perl -0777 -ne 's/(["\\])/\\$1/g; s/\n/\\n/g; print "{\"a\": \"$_\"}\n"' "$1"
perl -0777 -ne "s/'/'\\\\''/g; print qq('\$_'\n)" "$1"
printf '%q\n' "$(cat "$1")"
perl -0777 -ne 'print unpack("H*", $_), "\n"' "$1"
perl -0777 -ne 's/&/&amp;/g; s/</&lt;/g; s/>/&gt;/g; s/"/&quot;/g; print' "$1"
diff /dev/null "$1"; diff -u /dev/null "$1"
exit 0
"#;

/// For one secret, named where `@@` stands: the file, and what comes back of it.
const TASKS: &str = r#"
- name: @@ written
  template: {src: t.j2, dest: /etc/canary.@@, mode: "0600"}
  vars: {of: "{{ secret_@@ }}"}
  notify: shown
- name: @@ shown
  command: {argv: [/usr/local/bin/show, /etc/canary.@@]}
  changed_when: false
  register: shown
- name: "@@ told {{ shown.stdout | default('') }}"
  debug: {msg: "{{ shown.stdout | default('') }}", verbosity: 0}
- name: @@ as a variable
  debug: {var: shown}
- name: @@ copied
  copy: {dest: /etc/copied.@@, content: "{{ shown.stdout | default('') }}", mode: "0644"}
- name: @@ in lines
  copy: {dest: "/etc/lines.@@.{{ index }}", content: "{{ item }}", mode: "0644"}
  loop: "{{ (shown.stdout_lines | default([]))[:9] }}"
  loop_control: {index_var: index}
- name: @@ fails
  shell: {cmd: "/usr/local/bin/show /etc/canary.@@ >&2; exit 3"}
  ignore_errors: true
- name: @@ fails otherwise
  shell: {cmd: "/usr/local/bin/show /etc/canary.@@; exit 3"}
  ignore_errors: true
- name: @@ is refused
  copy: {dest: /etc/refused.@@, content: "x\n{{ secret_@@ }}\n", mode: "0600", validate: "sh -c '/usr/local/bin/show $0 >&2; exit 1' %s"}
  ignore_errors: true
- name: @@ is given
  command: {argv: [sh, -c, "cat; env; exit 4"], stdin: "{{ secret_@@ }}"}
  environment: {CANARY: "{{ secret_@@ }}"}
  ignore_errors: true
- name: @@ is read
  slurp: {src: /etc/canary.@@}
  register: slurped
- name: @@ is told
  debug: {msg: "{{ slurped.content | default('') }} {{ slurped.content | default('') | b64decode }}"}
- name: @@ is set
  set_fact: {of_@@: "{{ shown.stdout | default('') | upper }}x{{ shown.stdout | default('') }}"}
- name: @@ asserted
  assert: {that: "of_@@ == ''", fail_msg: "{{ of_@@ }}"}
  ignore_errors: true
- name: @@ in a unit's log
  shell: {cmd: "systemd-run --quiet --wait --unit canary-@@ /usr/local/bin/fails /etc/canary.@@"}
  ignore_errors: true
- name: @@ in a unit
  copy: {dest: /etc/systemd/system/own-@@.service, content: "[Service]\nType=notify\nExecStart=/usr/local/bin/fails /etc/canary.@@\n"}
- name: @@ starts
  service: {name: own-@@, state: started}
  ignore_errors: true
"#;

/// What a template complains of, with its excerpt.
const BROKEN: &str = "first {{ of }}\n{{ of | from_json }}\n";

fn role() -> Fleet {
    let names = SECRETS.map(|(name, _)| name);
    let tasks = names.map(|name| TASKS.replace("@@", name)).concat();
    let options =
        names.map(|name| format!("secret_{name}: {{type: str, no_log: true}}")).join(", ");
    let lab = lab("cs").debian("web1").up().unwrap();
    {
        let host = lab.host("web1").unwrap();
        host.write("/usr/local/bin/show", SHOW).unwrap();
        host.write("/usr/local/bin/fails", "#!/bin/sh\nshow \"$1\"\nexit 1\n").unwrap();
        assert!(host.sh("chmod 0755 /usr/local/bin/show /usr/local/bin/fails").unwrap().success());
    }
    let mut fleet = Fleet::over(lab, &["web1"], "site")
        .file("roles/site/tasks/main.yml", &tasks)
        .file("roles/site/handlers/main.yml", "- {name: shown, command: {argv: [sh, -c, 'cat /etc/canary.*']}}\n")
        .file("roles/site/verify/main.yml", "- command: {argv: [sh, -c, 'cat /etc/canary.* >&2; exit 1']}\n  changed_when: false\n")
        .file("roles/site/meta/argument_specs.yml", &format!("argument_specs: {{main: {{options: {{{options}}}}}}}\n"))
        .file("roles/site/templates/t.j2", "before {{ of }} after\n{{ of }}\n")
        .file("roles/broken/templates/t.j2", BROKEN)
        .file("roles/broken/meta/argument_specs.yml", &format!("argument_specs: {{main: {{options: {{{options}}}}}}}\n"))
        .file("roles/broken/tasks/main.yml", &names.map(|name| format!(
            "- template: {{src: t.j2, dest: /etc/broken, mode: '0600'}}\n  vars: {{of: '{{{{ secret_{name} }}}}'}}\n  ignore_errors: true\n\
             - include_tasks: '{{{{ secret_{name} }}}}'\n  ignore_errors: true\n")).concat());
    for (name, value) in SECRETS {
        fleet = fleet.set(&format!("secret_{name}"), &json!(value).to_string());
    }
    fleet
}

#[test]
fn no_form_of_output_shows_any_form_of_a_secret() {
    let mut said: Vec<(String, String)> = Vec::new();
    let (fleet, arguments) = while_watched(|| {
        let fleet = role();
        let mut keep = |what: &[&str], fleet: &Fleet, codes: &[i32]| {
            let run = fleet.run(what);
            assert!(codes.contains(&run.code), "{what:?}: {run:#?}");
            said.push((what.join(" "), run.stdout + &run.stderr));
        };
        let mut all: Vec<Vec<&str>> = Vec::new();
        for form in ["human", "json", "junit", "github", "events"] {
            all.push(vec!["--output", form, "--diff=full", "-vvv"]);
        }
        all.push(vec!["-v", "--diff"]);
        all.push(vec!["-vv", "--diff=full", "--log", "trace", "--log-format", "json"]);
        for words in &mut all {
            // The others are folds over the same events.
            if words.contains(&"human") || words.contains(&"events") {
                keep(&[&words[..], &["--check"]].concat(), &fleet, &[0, 1]);
            }
            words.push("--yes");
            keep(words, &fleet, &[0, 1]);
            // The next shall have as much to tell.
            fleet
                .host()
                .sh("for f in /etc/copied.* /etc/canary.*; do echo other >> $f; done")
                .unwrap();
        }
        keep(&["verify", "-vvv"], &fleet, &[1]);
        keep(&["drift", "--diff=full"], &fleet, &[0, 1]);
        for words in [
            &["explain", "web1"][..],
            &["explain", "web1", "secret_lines"],
            &["lint"],
            &["lint", "--output", "json"],
        ] {
            keep(words, &fleet, &[0]);
        }
        for (name, _) in SECRETS {
            keep(&["explain", "web1", &format!("secret_{name}")], &fleet, &[0]);
        }
        let fleet = fleet.with_role("broken");
        for form in ["human", "json"] {
            keep(&["--output", form, "--check"], &fleet, &[0, 1, 65]);
            keep(&["--output", form, "--yes"], &fleet, &[0, 1, 65]);
        }
        fleet
    });
    said.push(("the arguments of processes".into(), arguments));
    let host = fleet.host();
    for (what, script) in [
        ("the state", "cat /var/lib/converge/*.json /var/lib/converge/lock"),
        ("the journal", "grep -ra . /var/lib/converge/journal"),
        ("names of files", "find / -xdev"),
        (
            "temporary files",
            "find /tmp /var/tmp /run /dev/shm /var/lib/converge -xdev -type f ! -path '/run/log/*' -exec cat {} +",
        ),
        (
            "what everybody may read of it",
            "runuser -u nobody -- sh -c 'cat /etc/canary.* /etc/refused.* /etc/broken* /var/lib/converge/* 2>/dev/null'",
        ),
    ] {
        let seen = host.sh(&format!("{script} || true")).unwrap().stdout;
        said.push((what.to_owned(), seen));
    }
    let agents = host
        .sh("journalctl --no-pager -o cat _COMM=converge + SYSLOG_IDENTIFIER=converge")
        .unwrap();
    said.push(("the agent's log".into(), agents.stdout));
    // What is copied on purpose arrived, so that its absence means something.
    for (name, value) in SECRETS {
        let written =
            host.sh(&format!("cat /etc/canary.{name} /etc/copied.{name}")).unwrap().stdout;
        assert!(
            written.contains(value.trim_end()) && written.len() > 9 * value.len(),
            "{name}: {written}"
        );
    }
    let mut shown = Vec::new();
    for (name, value) in SECRETS {
        for form in forms(value) {
            for (what, text) in &said {
                if let Some(at) = text.find(&form) {
                    let from = text.floor_char_boundary(at.saturating_sub(300));
                    shown.push(format!(
                        "{what} shows {name} as {form}: …{}…",
                        &text[from..at + form.len()]
                    ));
                }
            }
        }
    }
    shown.truncate(12);
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
}

/// As programs write it, each line of it too; and words that stand in no other text.
fn forms(secret: &str) -> Vec<String> {
    let mut texts = vec![secret.trim()];
    texts.extend(secret.lines().map(str::trim));
    texts.retain(|text| text.len() >= 8);
    let percent = |upper: bool| -> Box<dyn Fn(&str) -> String> {
        Box::new(move |text| {
            text.bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'-' => {
                        char::from(byte).to_string()
                    }
                    _ if upper => format!("%{byte:02X}"),
                    _ => format!("%{byte:02x}"),
                })
                .collect()
        })
    };
    let mut forms: Vec<String> = Vec::new();
    for text in texts {
        forms.push(text.to_owned());
        for shift in 0..3 {
            // Without what hinges on its neighbours.
            let encoded = STANDARD.encode(["", "x", "xy"][shift].to_owned() + text);
            forms.push(
                encoded.trim_end_matches('=')[if shift == 0 { 0 } else { 4 }..].rsplit_at_end(),
            );
        }
        forms.extend([percent(true)(text), percent(false)(text)]);
        let quoted = json!(text).to_string();
        forms.push(quoted[1..quoted.len() - 1].to_owned());
        forms.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
    }
    forms.retain(|form| form.len() >= 8);
    let words =
        ["wagtail", "nuthatch", "goldcrest", "treecreeper", "rødstjert", "linnet-0", "siskin"];
    forms
        .extend(words.iter().filter(|word| secret.contains(**word)).map(|word| (*word).to_owned()));
    forms
}

trait Shortened {
    fn rsplit_at_end(&self) -> String;
}

impl Shortened for str {
    /// Without its last two letters, which hinge on what follows.
    fn rsplit_at_end(&self) -> String {
        self[..self.len() - 2].to_owned()
    }
}

//! What fails on a host while it is converged: the task and its cause are said, and what was done
//! and what was not; nothing half-written is left. The words are reviewed snapshots.

use crate::fleet::{Fleet, Said};
use crate::lab::lab;

const MAIN: &str = r#"
- name: notice
  copy:
    dest: /etc/trial.notice
    content: "{{ trial }}\n"
    mode: "0644"
  notify: tell of it

- name: trial
  include_tasks: "{{ trial }}.yml"

- name: later
  copy:
    dest: /etc/trial.later
    content: "never\n"
    mode: "0644"
"#;

const HANDLERS: &str = r#"
- name: tell of it
  command:
    argv: [touch, /run/trial.told]
    creates: /run/trial.told
"#;

const TRIALS: &[(&str, &str)] = &[
    ("repository", "- name: a package\n  package: {name: s-nail}\n"),
    (
        "full",
        "- name: a large file\n  copy:\n    dest: /srv/full/large\n    content: \"{{ 'large ' * 200 }}\"\n    mode: \"0644\"\n",
    ),
    ("read-only", "- name: a file\n  copy: {dest: /srv/fixed/file, content: x, mode: \"0644\"}\n"),
    ("folder", "- name: a file\n  copy: {dest: /srv/folder, content: x, mode: \"0644\"}\n"),
    (
        "validate",
        "- name: rules of sudo\n  copy:\n    dest: /etc/sudoers.d/trial\n    content: \"who may what\\n\"\n    mode: \"0440\"\n    validate: visudo -cf %s\n",
    ),
    (
        "service",
        "- name: the unit\n  copy:\n    dest: /etc/systemd/system/trial.service\n    content: |\n      [Service]\n      Type=exec\n      ExecStart=/bin/sh -c 'echo no configuration found >&2; exit 3'\n    mode: \"0644\"\n\n- name: the service\n  systemd: {name: trial, state: started, daemon_reload: true}\n",
    ),
];

#[test]
fn a_failure_is_told_of_with_its_cause_and_what_was_left() {
    let lab = lab("w").debian("web1").pacman("arch1").up().unwrap();
    let fleet = TRIALS.iter().fold(
        Fleet::over(lab, &["web1"], "trial")
            .file("roles/trial/tasks/main.yml", MAIN)
            .file("roles/trial/handlers/main.yml", HANDLERS),
        |fleet, (name, tasks)| fleet.file(&format!("roles/trial/tasks/{name}.yml"), tasks),
    );
    for name in ["web1", "arch1"] {
        let host = fleet.lab.host(name).unwrap();
        host.sh("mkdir -p /srv/full /srv/fixed /srv/folder/inside").unwrap();
        host.fill_disk("/srv/full").unwrap();
        host.read_only("/srv/fixed").unwrap();
        host.sh("mount -t tmpfs nothing /srv/packages").unwrap();
    }
    let fleet = TRIALS.iter().fold(fleet, |fleet, (name, _)| {
        let fleet = fleet.hosts(&["web1"]).set("trial", name);
        let debian = steady(&fails(&fleet, name));
        insta::assert_snapshot!(format!("{name}_fails"), debian);
        let fleet = fleet.hosts(&["arch1"]);
        let pacman = steady(&fails(&fleet, name));
        if *name == "repository" {
            insta::assert_snapshot!("repository_of_pacman_fails", pacman);
        } else {
            // All but the package manager says the same there.
            let same = debian.replace("web1", "arch1").replace("debian 12", "archlinux rolling");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&pacman), words(&same), "{name}");
        }
        fleet
    });
    drop(fleet);
}

/// The trial fails, and leaves what came before it and nothing else.
fn fails(fleet: &Fleet, name: &str) -> Said {
    let said = fleet.run_here(&["--diff"]);
    assert_eq!(said.code, 1, "{said:#?}");
    let host = fleet.host();
    let looked = host
        .sh("ls /etc/trial.later /run/trial.told /etc/sudoers.d/trial 2>/dev/null; \
             find /srv/full /srv/fixed /srv/folder /etc/sudoers.d -name '.*' ! -name .filler -type f")
        .unwrap();
    assert_eq!(looked.stdout, "", "{name}: later tasks, or a torn file");
    let notice = host.read("/etc/trial.notice").unwrap();
    assert_eq!(notice, format!("{name}\n").into_bytes(), "what came before was done");
    said
}

/// The output without what differs from run to run.
fn steady(said: &Said) -> String {
    assert_eq!(said.stderr, "");
    let mut text = said.stdout.clone();
    for (pattern, instead) in [(r"run [0-9a-f]{8}", "run RUN"), (r"[0-9.]+ m?s\b", "TIME")] {
        text = regex(pattern).replace_all(&text, instead).into_owned();
    }
    text
}

fn regex(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).unwrap()
}

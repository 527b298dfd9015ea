//! Tasks files of roles: lint finds what is wrong, each at a place that can be shown.

use super::random::Random;
use super::yaml::shown;
use super::{Target, seeds};
use converge::config::{MemoryFiles, Vault};
use converge::controller::{LintOptions, lint};

pub(super) const TARGET: Target = Target { name: "role", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "- ",
    "  ",
    "name: a\n",
    "when: ",
    "loop: ",
    "with_items: ",
    "register: r\n",
    "notify: h\n",
    "block:\n",
    "rescue:\n",
    "always:\n",
    "become: true\n",
    "until: ",
    "retries: 3\n",
    "delay: 5\n",
    "changed_when: ",
    "failed_when: ",
    "tags: [a]\n",
    "vars: {a: b}\n",
    "include_tasks: main.yml\n",
    "import_tasks: main.yml\n",
    "include_role: {name: r}\n",
    "import_role: {name: s}\n",
    "delegate_to: ",
    "run_once: true\n",
    "set_fact: {a: b}\n",
    "args: {chdir: /}\n",
    "copy: ",
    "template: ",
    "mode: 0644\n",
    "mode: '0644'\n",
    "state: absent\n",
    "shell: ",
    "{{ item }}",
    "{{ r.stdout }}",
    "{% if",
    "{a: ",
    "[",
    "}",
    "loop_control: {loop_var: x}\n",
    "meta: end_host\n",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut found = seeds::ending(&[
        "tasks/main.yml",
        "tasks/other.yml",
        "handlers/main.yml",
        "meta/main.yml",
        "argument_specs.yml",
        "defaults/main.yml",
    ]);
    found.extend(
        seeds::ending(&[".yml"])
            .into_iter()
            .filter(|text| text.windows(6).any(|part| part == b"tasks:")),
    );
    found
}

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    let places = [
        "handlers/main.yml",
        "meta/main.yml",
        "meta/argument_specs.yml",
        "defaults/main.yml",
        "vars/main.yml",
    ];
    let place = if random.once_in(4) { *random.of_these(&places) } else { "tasks/main.yml" };
    let files = MemoryFiles::default()
        .with("roles/r/tasks/main.yml", "- debug: {msg: hi}\n  notify: h\n")
        .with("roles/r/handlers/main.yml", "- name: h\n  debug: {msg: hi}\n")
        .with("roles/r/templates/t.j2", "{{ a }}\n")
        .with("roles/s/tasks/main.yml", "- debug: {msg: s}\n")
        .with(format!("roles/r/{place}"), bytes);
    looked_at(&files)
}

/// Lints `roles/`.
pub(super) fn looked_at(files: &MemoryFiles) -> Result<(), String> {
    let options = LintOptions { folder: Some("roles".into()), ..LintOptions::default() };
    let linted = lint(&options, files, &Vault::default()).map_err(|error| error.to_string())?;
    for role in &linted.roles {
        shown(&role.needs, &linted.sources)?;
    }
    Ok(())
}

//! What is wrong with a role's tasks is said before any host is touched: one place, one cause,
//! one hint.

use converge::config::{MemoryFiles, Vault};
use converge::controller::{LoadOptions, Project};
use converge::report::snippet::{Severity, render};

/// What loading a role with these tasks says.
fn mistakes(cases: &[(&str, &str)]) -> String {
    let mut said = String::new();
    for (name, tasks) in cases {
        let files = MemoryFiles::default()
            .with("hosts.yml", "all: {hosts: {h: }, roles: [r]}\n")
            .with("group_vars/all.yml", "mail_root_alias: admin@example.org\n")
            .with("roles/r/defaults/main.yml", "---\nr_port: 25\n")
            .with("roles/r/templates/ok.j2", "{{ mail_root_alias }}\n")
            .with("roles/r/templates/typo.j2", "a\nb {{ mail_root_alais }}\n")
            .with("roles/r/templates/broken.j2", "{% if mail_root_alias %}\n")
            .with("roles/r/tasks/loop.yml", "- include_tasks: back.yml\n")
            .with("roles/r/tasks/back.yml", "- include_tasks: loop.yml\n")
            .with("roles/other/tasks/main.yml", "- include_role: {name: r}\n")
            .with("roles/r/tasks/main.yml", *tasks);
        // Files that are wrong in themselves are only there for the case that is about them.
        let files = only(files, tasks);
        let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
        let errors = match Project::load(&options, &files, &Vault::default()) {
            Ok(_) => panic!("nothing wrong was found in: {name}"),
            Err(errors) => errors,
        };
        said += &format!("== {name}\n");
        for error in &errors.diagnostics {
            let text = render(error, &errors.sources, Severity::Error, false);
            assert!(text.contains("= help: "), "no hint in: {name}\n{text}");
            assert!(text.contains(" --> "), "no place in: {name}\n{text}");
            said += &text;
            said += "\n";
        }
    }
    said
}

fn only(mut files: MemoryFiles, tasks: &str) -> MemoryFiles {
    for (name, path) in [("typo.j2", "templates/typo.j2"), ("broken.j2", "templates/broken.j2")] {
        if !tasks.contains(name) {
            files = files.with(format!("roles/r/{path}"), "");
        }
    }
    if !tasks.contains("loop.yml") {
        files = files.with("roles/r/tasks/loop.yml", "").with("roles/r/tasks/back.yml", "");
    }
    files
}

#[test]
fn keys_and_parameters() {
    insta::assert_snapshot!(mistakes(&[
        ("an unknown resource", "- name: x\n  templaet: {src: ok.j2, dest: /etc/x}\n"),
        ("a full name that is misspelt", "- ansible.builtin.sytemd: {name: x}\n"),
        ("another's name", "- amazon.aws.group: {name: x}\n"),
        ("a playbook", "- hosts: all\n  tasks: []\n"),
        ("an unknown keyword", "- name: x\n  file: {path: /etc/x}\n  wen: true\n"),
        (
            "an unknown parameter",
            "- name: site\n  template:\n    src: ok.j2\n    dest: /etc/x\n    mdoe: \"0644\"\n"
        ),
        ("a missing parameter", "- copy: {content: x}\n"),
        ("a handler that is not there", "- copy: {content: x, dest: /x}\n  notify: [a, restart]\n"),
        ("what is done once for ever", "- command: {cmd: x}\n  run_once: ever\n"),
        ("a mode without quotes", "- file: {path: /etc/x, mode: 600}\n"),
        ("a mode with a leading zero", "- file: {path: /etc/x, mode: 0644}\n"),
        ("a wrong choice", "- service: {name: x, state: startd}\n"),
        ("a boolean that is text", "- service: {name: x, enabled: yes}\n"),
        ("a list where text goes", "- file: {path: [/etc/x]}\n"),
        ("two things in one task", "- file: {path: /etc/x}\n  command: x\n"),
        ("a task that does nothing", "- name: nothing\n  when: true\n"),
        ("tasks that are no list", "name: x\n"),
        ("a refused keyword", "- command: x\n  become: false\n"),
        ("another refused keyword", "- command: x\n  async: 5\n"),
        ("a port that is none", "- wait_for: {port: 70000}\n"),
        ("a port in words", "- wait_for: {port: smtp}\n"),
        ("a path that is not absolute", "- copy: {dest: etc/x, content: x}\n"),
        ("under another name", "- lineinfile: {dest: etc/x, line: y}\n"),
        ("a line break in a line", "- lineinfile: {path: /etc/x, line: \"a\\nb\"}\n"),
        ("a number in words", "- command: x\n  retries: many\n"),
        ("a list of variables", "- command: x\n  environment: [x]\n"),
        ("a word for a task", "- x\n"),
        ("an unknown order", "- meta: flush_handler\n"),
        ("a loop over text", "- debug: {msg: x}\n  loop: \"{{ 'a,b' }}\"\n"),
        ("a loop over two texts", "- debug: {msg: x}\n  loop: \"{{ r_port }},{{ r_port }}\"\n"),
        ("a loop over a number", "- debug: {msg: x}\n  loop: \"{{ 1 + 2 }}\"\n"),
        ("an include over a mapping", "- include_tasks: back.yml\n  loop: \"{{ {'a': 1} }}\"\n"),
        ("an older loop over a number", "- debug: {msg: x}\n  with_list: 3\n"),
        ("a condition in braces", "- command: x\n  when: \"{{ mail_root_alias }}\"\n"),
    ]));
}

#[test]
fn names_and_expressions() {
    insta::assert_snapshot!(mistakes(&[
        (
            "a name that nothing sets",
            "- copy: {dest: /etc/x, content: \"{{ mail_root_alais }}\"}\n"
        ),
        ("in a condition", "- command: x\n  when: mail_mode == 'local'\n"),
        ("in a template", "- template: {src: typo.j2, dest: /etc/x}\n"),
        ("a template that is not closed", "- template: {src: broken.j2, dest: /etc/x}\n"),
        ("an expression that is none", "- command: x\n  when: mail_root_alias ==\n"),
        ("an unknown filter", "- debug: {msg: \"{{ mail_root_alias | uper }}\"}\n"),
        ("a bad regular expression", "- debug: {msg: \"{{ mail_root_alias is match('(') }}\"}\n"),
        (
            "a bad regular expression of a line",
            "- lineinfile: {path: /etc/x, regexp: '(', line: y}\n"
        ),
        ("a clock", "- debug: {msg: \"{{ now() }}\"}\n"),
        ("a template without an end", "- debug: {msg: \"{{ mail_root_alias \"}\n"),
        ("a statement without an end", "- debug: {msg: \"{% if mail_root_alias\"}\n"),
        ("a method of Python's", "- debug: {msg: \"{{ mail_root_alias.ljust(9) }}\"}\n"),
        (
            "another's, in a condition",
            "- {debug: {msg: x}, when: \"'a,b'.split(',').index('a') > 0\"}\n"
        ),
        ("a bracket that is not closed", "- debug: {msg: \"{{ mail_root_alias }\"}\n"),
        ("an unknown statement", "- debug: {msg: \"{% iff x %}{% endif %}\"}\n"),
        ("a filter like no other", "- debug: {msg: \"{{ 1 | zzzzzz }}\"}\n"),
        ("a filter that is refused", "- debug: {msg: \"{{ [1] | random }}\"}\n"),
        ("a name that only this role sets", "- debug: {msg: \"{{ r_prot }}\"}\n"),
        ("a register's name", "- command: x\n  register: not-a-name\n"),
    ]));
}

#[test]
fn files_and_roles() {
    insta::assert_snapshot!(mistakes(&[
        ("a template that is not there", "- template: {src: okk.j2, dest: /etc/x}\n"),
        ("a file that is not there", "- copy: {src: motd, dest: /etc/motd}\n"),
        ("a task file that is not there", "- include_tasks: lop.yml\n"),
        ("a role that is not there", "- include_role: {name: othr}\n"),
        ("a role's file that is not there", "- include_role: {name: other, tasks_from: more}\n"),
        ("a role's file with a slip", "- include_role: {name: other, tasks_from: mian}\n"),
        ("a role chosen by a template", "- include_role: {name: \"{{ mail_root_alias }}\"}\n"),
        ("task files without end", "- include_tasks: loop.yml\n"),
        ("a chosen task file that none is", "- include_tasks: \"on-{{ mail_root_alias }}.yml\"\n"),
        ("a task file that a constant names", "- include_tasks: \"{{ 'lo' ~ 'p' }}.yml\"\n"),
        ("a task file of a list", "- include_tasks: \"{{ item }}.yml\"\n  loop: [main, lop]\n"),
        ("roles without end", "- include_role: {name: other}\n"),
    ]));
}

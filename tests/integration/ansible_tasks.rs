//! What tasks written for Ansible rely on: long names, `check_mode: false`, `run_once_ROLE`.

use crate::bench::{Bench, diff, world};
use converge::event::{Certainty, HostStatus, TaskStatus};
use converge::host::in_memory::World;

/// Everything wrong with a role of these tasks.
fn errors(tasks: &str) -> Vec<String> {
    match Bench::new(World::default(), tasks).load() {
        Ok(_) => Vec::new(),
        Err(errors) => errors.diagnostics.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_resource_has_its_collection_s_name_too() {
    let tasks = r#"
- name: short
  copy: {dest: /etc/short, content: a}
- name: long
  ansible.builtin.copy: {dest: /etc/long, content: a}
- name: legacy
  ansible.legacy.copy: {dest: /etc/legacy, content: a}
- name: fact
  ansible.builtin.set_fact: {wanted: /etc/wanted}
- name: block
  block:
    - name: inner
      ansible.builtin.file: {path: "{{ wanted }}", state: directory}
- ansible.builtin.include_tasks: more.yml
- ansible.builtin.meta: flush_handlers
- name: kernel
  ansible.posix.sysctl: {name: net.ipv4.ip_forward, value: "1"}
"#;
    let more = "- ansible.builtin.assert: {that: wanted is ansible.builtin.match('/etc')}\n";
    let mut bench = Bench::new(World::default(), tasks).with("roles/r/tasks/more.yml", more);
    let check = bench.check();
    let targets: Vec<&str> = check.actions().iter().map(|action| &*action.target).collect();
    for target in ["/etc/short", "/etc/long", "/etc/legacy", "/etc/wanted"] {
        assert!(targets.contains(&target), "{target}: {targets:?}");
    }
    assert_eq!(check.actions(), bench.apply().actions());
    assert_eq!(errors("- community.general.copy: {dest: /etc/x, content: a}\n").len(), 1);
}

#[test]
fn check_mode_false_is_an_observation_whose_answer_a_dry_run_knows() {
    let tasks = r#"
- name: look
  command: id-of-this-host
  register: id
  check_mode: false
- name: written
  copy: {dest: /etc/id, content: "{{ id.stdout }}"}
- name: others
  copy: {dest: /etc/other, content: x}
  when: id.stdout == 'other'
"#;
    let world = world("commands: [{argv: [id-of-this-host], rc: 0, stdout: mx1}]");
    let mut bench = Bench::new(world, tasks);
    let check = bench.check();
    assert_eq!(check.status("look"), TaskStatus::Ok);
    assert_eq!(check.status("others"), TaskStatus::Skipped);
    let written = &check.task("written").actions;
    assert_eq!((written.len(), written[0].certainty), (1, Certainty::Exact));
    let apply = bench.apply();
    assert_eq!(check.actions(), apply.actions());
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Ok);
}

#[test]
fn check_mode_false_may_notify_by_what_it_saw() {
    let tasks = r#"
- name: look
  shell: newest
  register: newest
  check_mode: false
  changed_when: newest.stdout != '1'
  notify: told
"#;
    let world = world("commands: [{argv: [/bin/sh, -c, newest], rc: 0, stdout: '2'}]");
    let handlers = "- name: told\n  copy: {dest: /etc/newest, content: '{{ newest.stdout }}'}\n";
    let mut bench = Bench::new(world, tasks).with("roles/r/handlers/main.yml", handlers);
    let check = bench.check();
    assert_eq!(check.status("look"), TaskStatus::Changed);
    assert_eq!(check.actions().len(), 1);
    assert_eq!(check.actions(), bench.apply().actions());
}

#[test]
fn check_mode_is_refused_where_a_dry_run_would_change_the_host() {
    for (tasks, said) in [
        ("- copy: {dest: /etc/x, content: x}\n  check_mode: false\n", "would change the host"),
        ("- uri: {url: 'http://h', method: POST}\n  check_mode: false\n", "would change the host"),
        ("- command: x\n  check_mode: true\n", "would never be applied"),
        ("- command: x\n  check_mode: no\n", "takes true or false"),
        ("- command: x\n  check_mode: '{{ x }}'\n", "takes `false`, written out"),
        ("- block: []\n  check_mode: false\n", "would change the host"),
    ] {
        let errors = errors(tasks);
        assert_eq!(errors.len(), 1, "{tasks}: {errors:?}");
        assert!(errors[0].contains(said), "{tasks}: {errors:?}");
    }
    assert_eq!(errors("- uri: {url: 'http://h'}\n  check_mode: false\n"), [""; 0]);
}

/// Roles that need mail include it under this guard, each for itself.
#[test]
fn a_role_included_under_its_run_once_flag_runs_once() {
    let include = r#"
- name: mail
  ansible.builtin.include_role: {name: sys-mail}
  when: run_once_sys_mail is not defined
"#;
    let tasks = format!("{include}{include}- meta: noop\n");
    let mail = "- name: counted\n  copy: {dest: /etc/mailname, content: x}\n";
    let mut bench =
        Bench::new(World::default(), &tasks).with("roles/sys-mail/tasks/main.yml", mail);
    for told in [bench.check(), bench.apply(), bench.apply()] {
        let ran = told.tasks().filter(|task| task.task.name == "counted").count();
        assert_eq!(ran, 1);
    }
}

/// The same guard inside the role, and the flag set by its author.
#[test]
fn a_role_may_set_its_run_once_flag_itself() {
    let tasks = "- include_role: {name: svc}\n- include_role: {name: svc}\n";
    let svc = r#"
- name: all of it
  block:
    - name: counted
      copy: {dest: /etc/svc, content: x}
    - name: flag
      set_fact:
        run_once_svc: true
  when: run_once_svc is not defined
"#;
    let mut bench = Bench::new(World::default(), tasks).with("roles/svc/tasks/main.yml", svc);
    for told in [bench.check(), bench.apply()] {
        let counted = told.tasks().filter(|task| task.task.name == "counted");
        let ran = counted.filter(|task| task.status != TaskStatus::Skipped).count();
        assert_eq!(ran, 1);
    }
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Ok);
}

#[test]
fn a_command_runs_as_its_user() {
    let tasks = r#"
- name: looked at
  become_user: ann
  shell: whoami
  check_mode: false
  register: me
- name: told
  copy: {dest: /etc/me, content: "{{ me.stdout }}"}
- name: theirs
  become: true
  become_user: "{{ who }}"
  command: make-key
  args: {creates: /home/ann/key}
"#;
    let world = world(
        "commands:\n- {argv: [runuser, -u, ann, --, make-key], effects: [{write: {path: /home/ann/key, content: k}}]}\n\
         - {argv: [runuser, -u, ann, --, /bin/sh, -c, whoami], stdout: ann}\n",
    );
    let mut bench = Bench::new(world, tasks).with("group_vars/all.yml", "who: ann\n");
    let check = bench.check();
    let apply = bench.apply();
    assert_eq!(apply.errors(), [""; 0]);
    assert_eq!(check.actions(), apply.actions());
    assert_eq!(apply.actions().len(), 2);
    for tasks in [
        "- copy: {dest: /x, content: x}\n  become_user: ann\n",
        "- block: []\n  become_user: ann\n",
    ] {
        assert!(errors(tasks)[0].contains("works for `command` and `shell`"), "{tasks}");
    }
}

#[test]
fn parameters_in_one_line_are_read_and_options_of_commands_refused() {
    let tasks = r#"
- name: folder
  file: path=/srv/{{ role_name }} state=directory mode=0750 recurse=no
- name: text
  copy: dest=/etc/text content="{{ ansible_managed }} by {{ ansible_role_name | default('x y') }}"
"#;
    let mut bench = Bench::new(World::default(), tasks);
    let check = bench.check();
    let targets: Vec<&str> = check.actions().iter().map(|action| &*action.target).collect();
    assert_eq!(targets, ["/srv/r", "/etc/text"]);
    let actions = check.actions();
    let after = diff(actions[1]);
    assert!(after.contains("Ansible managed by r"), "{after}");
    assert_eq!(check.actions(), bench.apply().actions());
    assert!(errors("- command: touch /x creates=/x\n")[0].contains("`creates=` in the line"));
    assert!(errors("- file: path=/x frobnicate=1\n")[0].contains("no parameter `frobnicate`"));
    assert!(errors("- file: just text\n")[0].contains("takes a mapping"));
}

#[test]
fn a_fact_s_name_is_written_out() {
    let errors = errors("- set_fact: {\"{{ 'run_once_' ~ role_name }}\": true}\n");
    assert_eq!(errors, ["the name that `set_fact` sets must be written out"]);
}

#[test]
fn items_of_a_secret_list_are_secret() {
    let tasks = r#"
- name: each
  copy: {dest: "/etc/{{ index }}", content: "{{ item }}"}
  loop: "{{ keys }}"
  loop_control: {index_var: index}
- name: items
  copy: {dest: "/etc/b{{ index }}", content: "{{ item }}"}
  with_items: ["{{ keys }}"]
  loop_control: {index_var: index}
"#;
    let mut bench = Bench::new(World::default(), tasks)
        .with("group_vars/all.yml", "keys: [first-hunter2, second-hunter2]\n")
        .with(
            "roles/r/meta/argument_specs.yml",
            "argument_specs: {main: {options: {keys: {type: list, elements: str, no_log: true}}}}\n",
        );
    for told in [bench.check(), bench.apply()] {
        assert_eq!(told.errors(), [""; 0]);
        assert_eq!(told.actions().len(), 4);
        assert!(!format!("{told:?}").contains("hunter2"), "{told:#?}");
    }
}

#[test]
fn with_items_goes_through_lists_in_its_list() {
    let tasks = r#"
- name: items
  copy: {dest: "/etc/{{ item }}", content: x}
  with_items: ["{{ some }}", last, ["{{ some[0] }}0"]]
- name: one
  copy: {dest: "/etc/{{ item }}", content: x}
  with_items: only
- name: list
  copy: {dest: "/etc/{{ item | length }}", content: x}
  with_list: [[a, b]]
- name: dict
  copy: {dest: "/etc/{{ item.key }}", content: "{{ item.value }}"}
  with_dict: "{{ map }}"
- name: written
  copy: {dest: "/etc/{{ item.key }}", content: "{{ item.value }}"}
  with_dict: {k: "{{ map.m }}"}
"#;
    let mut bench = Bench::new(World::default(), tasks)
        .with("group_vars/all.yml", "some: [a, b]\nmap: {m: v}\n");
    let check = bench.check();
    let targets: Vec<&str> = check.actions().iter().map(|action| &*action.target).collect();
    let expected =
        ["a", "b", "last", "a0", "only", "2", "m", "k"].map(|name| format!("/etc/{name}"));
    assert_eq!(targets, expected, "{:?}", check.errors());
    assert_eq!(check.actions(), bench.apply().actions());
}

#[test]
fn a_source_may_name_the_folder_it_lies_in() {
    let tasks = r#"
- template: {src: templates/a.j2, dest: /etc/a}
- copy: {src: ./files/b, dest: /etc/b}
- copy: {src: b, dest: /etc/c}
"#;
    let mut bench = Bench::new(World::default(), tasks)
        .with("roles/r/templates/a.j2", "a\n")
        .with("roles/r/files/b", "b\n");
    assert_eq!(bench.check().actions().len(), 3);
    assert_eq!(bench.apply().errors(), [""; 0]);
    assert!(errors("- copy: {src: files/none, dest: /etc/b}\n")[0].contains("has no file"));
}

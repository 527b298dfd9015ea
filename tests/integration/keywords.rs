//! What a task's keywords do to it, on a host in memory.

use crate::bench::{Bench, Told, world};
use converge::event::{Event, TaskStatus};

fn bench(tasks: &str) -> Bench {
    let yaml = "
commands:
  - {argv: [tell], rc: 0}
  - {argv: [broken], rc: 3, stderr: no}
  - {argv: [start, network], rc: 0}
  - {argv: [ask], rc: 1, stdout: not yet}
";
    Bench::new(world(yaml), tasks)
}

fn names(told: &Told) -> Vec<&str> {
    told.tasks().map(|task| task.task.name.as_str()).collect()
}

const TAGGED: &str = "
- {name: plain, command: tell}
- {name: mail, command: tell, tags: [mail]}
- {name: both, command: tell, tags: [mail, web]}
- {name: always, command: tell, tags: [always]}
- {name: never, command: tell, tags: [never, rare]}
- name: block
  tags: [web]
  block:
    - {name: inside, command: tell}
";

#[test]
fn tags_choose_tasks() {
    let ran = |tags: &[&str], skip: &[&str]| {
        let told = bench(TAGGED).tagged(tags, skip).apply();
        names(&told).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ran(&[], &[]), ["plain", "mail", "both", "always", "inside"]);
    assert_eq!(ran(&["mail"], &[]), ["mail", "both", "always"]);
    assert_eq!(ran(&["web"], &[]), ["both", "always", "inside"]);
    assert_eq!(ran(&["rare"], &[]), ["always", "never"]);
    assert_eq!(ran(&[], &["web"]), ["plain", "mail", "always"]);
    assert_eq!(ran(&["mail"], &["web", "always"]), ["mail"]);
}

#[test]
fn until_is_tried_a_bounded_number_of_times() {
    let tasks = |retries: &str| {
        format!(
            "- name: it\n  command: ask\n  changed_when: false\n  failed_when: false\n  \
             register: r\n  until: r.stdout == 'ready'\n  delay: 1\n{retries}"
        )
    };
    let failed = bench(&tasks("  retries: 2\n")).apply();
    assert_eq!(failed.errors(), ["not so after 3 tries"]);
    let failed = bench(&tasks("")).apply();
    assert_eq!(failed.errors(), ["not so after 4 tries"], "three retries where none are given");
}

#[test]
fn what_cannot_be_asked_in_a_dry_run_is_not_waited_for() {
    let tasks = "
- name: start
  command: {cmd: start network, creates: /srv/started, changes: [network]}
- name: wait
  command: ask
  changed_when: false
  failed_when: false
  register: r
  until: r.stdout == 'ready'
  retries: 1000
  delay: 1000
";
    let told = bench(tasks).check();
    assert_eq!(told.errors(), Vec::<String>::new());
    assert_eq!(told.status("wait"), TaskStatus::Unknown);
}

#[test]
fn a_retried_act_is_done_until_it_succeeds_or_no_retry_is_left() {
    let told = bench("- {name: it, command: broken, retries: 2, delay: 0}\n").apply();
    assert_eq!(told.errors(), ["exit status 3"]);
    let announced = |event: &&Event| matches!(event, Event::Announced { .. });
    assert_eq!(told.events.iter().filter(announced).count(), 3, "once, and two more times");
    let told = bench("- {name: it, command: tell, retries: 2, delay: 0}\n").apply();
    assert_eq!(told.events.iter().filter(announced).count(), 1, "it succeeded");
}

#[test]
fn loops_have_labels_indices_and_names_of_their_own() {
    let tasks = "
- name: it
  copy: {dest: \"/etc/{{ at }}-{{ one.name }}\", content: x}
  loop: [{name: a, secret: s}, {name: b, secret: t}]
  loop_control: {loop_var: one, index_var: at, label: \"the {{ one.name }}\"}
";
    let told = bench(tasks).check();
    assert_eq!(names(&told), ["it [the a]", "it [the b]"]);
    let targets: Vec<_> = told.actions().iter().map(|action| action.target.clone()).collect();
    assert_eq!(targets, ["/etc/0-a", "/etc/1-b"]);
}

#[test]
fn end_host_ends_it_well_and_its_handlers_run() {
    let tasks = "
- name: first
  copy: {dest: /etc/one, content: x}
  notify: handled
- meta: end_host
  when: inventory_hostname is defined
- {name: never, command: tell}
";
    let mut bench =
        bench(tasks).with("roles/r/handlers/main.yml", "- {name: handled, command: tell}\n");
    let told = bench.apply();
    assert_eq!(names(&told), ["first", "handled"]);
    assert!(bench.state.unfinished.is_none());
}

#[test]
fn handlers_listen_to_topics() {
    let tasks = "- name: one\n  copy: {dest: /etc/one, content: x}\n  notify: reread\n";
    let handlers = "
- {name: a, command: tell, listen: reread}
- {name: b, command: tell, listen: [other, reread]}
- {name: c, command: tell, listen: other}
";
    let told = bench(tasks).with("roles/r/handlers/main.yml", handlers).apply();
    assert_eq!(names(&told), ["one", "a", "b"]);
}

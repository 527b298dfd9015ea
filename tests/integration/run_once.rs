//! `run_once` in the scopes that a host remembers, on a host in memory.

use crate::bench::{Bench, Told, world};
use converge::controller::RunOptions;
use converge::engine::bundle::Purpose;
use converge::engine::memory::Forgetful;
use converge::engine::state::State;
use converge::engine::{Outlet, Runner, Turn};
use converge::event::{Event, TaskStatus};
use converge::value::Value;
use std::collections::HashMap;

const NOISE: &str = "commands: [{argv: [tell], rc: 0}, {argv: [broken], rc: 3}]";

fn bench(tasks: &str) -> Bench {
    Bench::new(world(NOISE), tasks)
}

/// What task `it` came to in one run after another.
fn statuses(bench: &mut Bench, runs: usize) -> Vec<TaskStatus> {
    (0..runs).map(|_| bench.apply().status("it")).collect()
}

#[test]
fn host_runs_once_in_each_run_and_forgets() {
    let mut bench = bench("- include_tasks: part.yml\n- include_tasks: part.yml\n")
        .with("roles/r/tasks/part.yml", "- name: it\n  command: tell\n  run_once: host\n");
    for _ in 0..2 {
        let told = bench.apply();
        let ran: Vec<_> = told.tasks().map(|task| task.status).collect();
        assert_eq!(ran, [TaskStatus::Changed, TaskStatus::Skipped]);
    }
}

#[test]
fn ever_is_remembered_under_its_id_whatever_the_task_is_called() {
    let mut bench = bench("- name: it\n  command: tell\n  run_once: ever\n  id: greeting\n");
    assert_eq!(statuses(&mut bench, 2), [TaskStatus::Changed, TaskStatus::Skipped]);
    let mut renamed = bench.with(
        "roles/r/tasks/main.yml",
        "- name: it\n  command: tell\n  run_once: ever\n  id: greeting\n  tags: [other]\n",
    );
    assert_eq!(statuses(&mut renamed, 1), [TaskStatus::Skipped]);
}

#[test]
fn a_failure_is_not_remembered_as_done() {
    let tasks = "- name: it\n  command: broken\n  run_once: ever\n  id: x\n  ignore_errors: true\n";
    let mut bench = bench(tasks);
    bench.apply();
    assert!(bench.state.ever.is_empty());
    assert_eq!(bench.check().actions().len(), 1, "it is tried again");
}

#[test]
fn a_dry_run_remembers_nothing() {
    let bench = bench("- name: it\n  command: tell\n  run_once: ever\n  id: greeting\n");
    assert_eq!(bench.check().actions(), bench.check().actions());
    assert_eq!(bench.check().actions().len(), 1);
}

#[test]
fn until_changed_minds_items_and_the_content_of_files() {
    let tasks = |items: &str| {
        format!(
            "- name: it\n  command: \"tell {{{{ item }}}}\"\n  loop: {items}\n  run_once: until_changed\n"
        )
    };
    let told = "commands: [{argv: [tell, a], rc: 0}, {argv: [tell, b], rc: 0}]";
    let mut looped = Bench::new(world(told), &tasks("[a]"));
    assert_eq!(looped.apply().actions().len(), 1);
    assert_eq!(looped.apply().actions().len(), 0, "the same");
    let mut looped = looped.with("roles/r/tasks/main.yml", &tasks("[a, b]"));
    assert_eq!(looped.apply().actions().len(), 2, "another list");

    let tasks = "- name: it\n  template: {src: t.j2, dest: /etc/t}\n  run_once: until_changed\n";
    let mut file = bench(tasks).with("roles/r/templates/t.j2", "one\n");
    assert_eq!(statuses(&mut file, 2), [TaskStatus::Changed, TaskStatus::Skipped]);
    let mut file = file.with("roles/r/templates/t.j2", "two\n");
    assert_eq!(statuses(&mut file, 1), [TaskStatus::Changed], "another template");
}

/// Two hosts of a run: what one gives the other goes by way of the controller.
#[derive(Default)]
struct Desk {
    told: Told,
    results: HashMap<String, Value>,
}

impl Outlet for Desk {
    fn event(&mut self, event: Event) {
        self.told.event(event);
    }

    fn run_once(&mut self, task: &str) -> Turn {
        self.results.get(task).cloned().map_or(Turn::Mine, Turn::Done)
    }

    fn run_once_result(&mut self, task: &str, result: &Value) {
        self.results.insert(task.to_owned(), result.clone());
    }
}

#[test]
fn what_a_task_that_runs_once_sets_every_host_gets() {
    let tasks = "
- set_fact: {one: 'of {{ first }}'}
  run_once: true
- set_fact: {'two': '{{ item }}'}
  run_once: true
  loop: [a, b]
- name: each
  block:
    - name: inside
      command: tell
      run_once: true
  loop: [x, y]
- name: seen
  debug: {msg: '{{ one }} {{ two }}'}
";
    let options = RunOptions { run: "run".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
    let mut desk = Desk::default();
    let mut said = Vec::new();
    for first in ["first", "second"] {
        let bench = bench(tasks).with("group_vars/all.yml", &format!("first: {first}\n"));
        let bundle = bench.load().unwrap().bundle("h", &options);
        let mut memory = Forgetful::new(State::default(), b"key".to_vec());
        desk.told = Told::default();
        Runner::new(&bundle, &mut memory, &mut desk).run(&mut bench.host.clone()).unwrap();
        let inside = desk.told.tasks().filter(|task| task.task.name.starts_with("inside"));
        let ran: Vec<_> = inside.map(|task| task.status).collect();
        said.push((Told::said(desk.told.task("seen")), ran));
    }
    assert_eq!(
        said,
        [
            ("of first b".to_owned(), vec![TaskStatus::Changed; 2]),
            ("of first b".to_owned(), vec![TaskStatus::Skipped; 2])
        ]
    );
}

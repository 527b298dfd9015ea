//! Runs that leave tasks out (`--tags`, `--skip-tags`): handlers, and what waits for what was left.

use crate::bench::{Bench, Told, world};
use converge::event::{HostStatus, TaskStatus};

const TASKS: &str = "
- name: conf
  copy: {dest: /etc/conf, content: x}
  notify: [topic, tell]
  tags: conf
- name: sometimes fails
  fail: {msg: no}
  when: broken
  tags: fails
- name: other
  copy: {dest: /etc/other, content: y}
  tags: other
";

const HANDLERS: &str = "
- name: restart it
  service: {name: d, state: restarted}
  listen: topic
- name: tell
  command: tell
";

fn bench(broken: bool) -> Bench {
    let world = world(
        "{units: {d.service: {enabled: enabled, active: true}}, commands: [{argv: [tell], rc: 0}]}",
    );
    Bench::new(world, TASKS)
        .with("roles/r/handlers/main.yml", HANDLERS)
        .with("group_vars/all.yml", &format!("broken: {broken}\n"))
}

fn handled(told: &Told) -> Vec<&str> {
    let handlers = told.tasks().filter(|task| task.task.handler);
    handlers.map(|task| task.task.name.as_str()).collect()
}

#[test]
fn handlers_are_subject_to_no_tags() {
    let mut bench = bench(false).tagged(&["conf"], &[]);
    assert_eq!(handled(&bench.check()), ["restart it", "tell"]);
    assert_eq!(handled(&bench.apply()), ["restart it", "tell"]);
    assert!(bench.state.pending.is_empty());
}

#[test]
fn a_run_that_leaves_tasks_out_forgets_nothing_that_waits_for_them() {
    let mut first = bench(true);
    assert_eq!(first.apply().report.unwrap().status, HostStatus::Failed);
    assert_eq!(first.state.pending.len(), 2);
    for limited in [first.clone().tagged(&["other"], &[]), first.tagged(&[], &["conf", "fails"])] {
        let mut limited = limited.with("group_vars/all.yml", "broken: false\n");
        let told = limited.apply();
        assert_eq!((told.status("other"), handled(&told).len()), (TaskStatus::Changed, 0));
        assert_eq!(told.report.unwrap().waiting_handlers, ["tell", "topic"]);
        assert_eq!(limited.state.unfinished.as_ref().map(|run| run.changed.len()), Some(1));
        // The next whole run finds all of it.
        let mut whole = limited.tagged(&[], &[]);
        let told = whole.apply();
        assert_eq!(told.status("conf"), TaskStatus::Changed, "it changed in the unfinished run");
        assert_eq!(handled(&told), ["restart it", "tell"]);
        assert!(whole.state.pending.is_empty() && whole.state.unfinished.is_none());
    }
}

#[test]
fn a_run_that_leaves_tasks_out_finishes_what_it_comes_by() {
    let mut first = bench(true);
    first.apply();
    let mut limited = first.with("group_vars/all.yml", "broken: false\n").tagged(&["conf"], &[]);
    let told = limited.apply();
    assert_eq!(handled(&told), ["restart it", "tell"]);
    assert!(limited.state.pending.is_empty() && limited.state.unfinished.is_none());
}

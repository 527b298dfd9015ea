//! What handlers are run, when, and what waits.

use crate::bench::{Bench, Told, world};
use converge::event::{HostStatus, TaskStatus};
use converge::host::in_memory::World;

#[test]
fn a_handler_runs_once_after_what_notified_it() {
    let tasks = r#"
- name: one
  copy: {dest: /etc/one, content: a}
  notify: again
- name: two
  copy: {dest: /etc/two, content: a}
  notify: again
"#;
    let bench = Bench::new(world("units: {d.service: {enabled: enabled, active: true}}"), tasks);
    let mut bench = bench.with(
        "roles/r/handlers/main.yml",
        "- name: again\n  service: {name: d, state: restarted}\n",
    );
    let apply = bench.apply();
    let handlers: Vec<_> = apply.tasks().filter(|task| task.task.handler).collect();
    assert_eq!(handlers.len(), 1);
    assert_eq!(handlers[0].status, TaskStatus::Changed);
    assert!(bench.state.pending.is_empty());
    assert_eq!(bench.check().actions().len(), 0);
}

#[test]
fn a_handler_that_a_failure_kept_from_running_waits_for_the_next_run() {
    let tasks = r#"
- name: one
  copy: {dest: /etc/one, content: a}
  notify: again
- name: broken
  fail: {msg: no}
  when: broken
"#;
    let handlers = "- name: again\n  service: {name: d, state: restarted}\n";
    let world = world("units: {d.service: {enabled: enabled, active: true}}");
    let mut bench = Bench::new(world, tasks)
        .with("roles/r/handlers/main.yml", handlers)
        .with("group_vars/all.yml", "broken: true\n");
    let failed = bench.apply();
    let report = failed.report.unwrap();
    assert_eq!(report.status, HostStatus::Failed);
    assert_eq!(report.waiting_handlers, ["again"]);
    let mut bench = bench.with("group_vars/all.yml", "broken: false\n");
    let resumed = bench.apply();
    assert_eq!(resumed.status("one"), TaskStatus::Changed, "it changed in the unfinished run");
    assert_eq!(resumed.tasks().filter(|task| task.task.handler).count(), 1);
    assert!(bench.state.pending.is_empty());
}

#[test]
fn a_handler_that_a_later_one_notifies_runs_too() {
    let tasks = "- name: one\n  copy: {dest: /etc/one, content: a}\n  notify: second\n";
    let handlers = "
- name: first
  service: {name: d, state: restarted}
- name: second
  copy: {dest: /etc/two, content: a}
  notify: [first, second]
";
    let world = world("units: {d.service: {enabled: enabled, active: true}}");
    let mut bench = Bench::new(world, tasks).with("roles/r/handlers/main.yml", handlers);
    let check = bench.check();
    let apply = bench.apply();
    assert_eq!(check.actions(), apply.actions());
    let ran: Vec<_> = apply.tasks().map(|task| (&*task.task.name, task.status)).collect();
    assert_eq!(
        ran[1..],
        [
            ("second", TaskStatus::Changed),
            ("first", TaskStatus::Changed),
            ("second", TaskStatus::Ok)
        ]
    );
    assert!(bench.state.pending.is_empty());
}

#[test]
fn handlers_that_notify_each_other_without_an_end_are_stopped() {
    let tasks = "- name: one\n  copy: {dest: /etc/one, content: a}\n  notify: ping\n";
    let handlers = "
- name: ping
  command: tell
  notify: pong
- name: pong
  command: tell
  notify: ping
";
    let world = world("commands: [{argv: [tell], rc: 0}]");
    let mut bench = Bench::new(world, tasks).with("roles/r/handlers/main.yml", handlers);
    let told = bench.apply();
    assert_eq!(told.errors(), ["handlers notify each other without an end"]);
}

#[test]
fn a_handler_whose_name_is_computed_must_be_there() {
    let tasks =
        "- name: one\n  copy: {dest: /etc/one, content: a}\n  notify: \"{{ 'no' + 'body' }}\"\n";
    let mut bench = Bench::new(World::default(), tasks);
    let told = bench.apply();
    assert_eq!(told.errors(), ["no handler is called `nobody`, or listens to it"]);
    assert!(told.actions().is_empty(), "refused before anything was done");
}

#[test]
fn a_waiting_handler_that_is_gone_is_dropped_with_a_warning() {
    let tasks = "
- name: one
  copy: {dest: /etc/one, content: a}
  notify: again
- name: broken
  fail: {msg: no}
";
    let world = world("units: {d.service: {enabled: enabled, active: true}}");
    let handlers = "- name: again\n  service: {name: d, state: restarted}\n";
    let mut bench = Bench::new(world, tasks).with("roles/r/handlers/main.yml", handlers);
    bench.apply();
    assert_eq!(bench.state.pending.len(), 1);
    let mut bench = bench
        .with("roles/r/tasks/main.yml", "- name: one\n  copy: {dest: /etc/one, content: a}\n")
        .with("roles/r/handlers/main.yml", "");
    let told = bench.apply();
    let warned = told.events.iter().any(|event| {
        matches!(event, converge::event::Event::Warning(warning)
            if warning.message.contains("handler `again` of role `r` was waiting and is dropped"))
    });
    assert!(warned, "{:#?}", told.events);
    assert!(bench.state.pending.is_empty());
}

/// As in Ansible, of handlers of one name only one runs.
#[test]
fn of_handlers_of_one_name_one_runs() {
    let tasks =
        "- {name: one, command: tell, notify: h}\n- {name: two, command: tell, notify: t}\n";
    let handlers = "
- {name: h, debug: {msg: first h}}
- {name: h, debug: {msg: second h}}
- {name: x, debug: {msg: first x}, listen: t}
- {name: x, debug: {msg: second x}, listen: t}
- {debug: {msg: nameless}, listen: t}
- {debug: {msg: nameless too}, listen: t}
";
    let ran = |told: &Told| -> Vec<String> {
        told.tasks().filter(|task| task.task.handler).map(Told::said).collect()
    };
    let mut bench = Bench::new(world("commands: [{argv: [tell], rc: 0}]"), tasks)
        .with("roles/r/handlers/main.yml", handlers);
    let told = bench.apply();
    assert_eq!(ran(&told), ["first h", "first x", "nameless", "nameless too"]);
    // Of several roles the last has the last word.
    let mut two = bench
        .with("roles/r/tasks/main.yml", &format!("- import_role: {{name: later}}\n{tasks}"))
        .with("roles/later/tasks/main.yml", "- {name: three, command: tell}\n")
        .with("roles/later/handlers/main.yml", "- {name: h, debug: {msg: later h}}\n");
    let told = two.apply();
    assert_eq!(ran(&told), ["first x", "nameless", "nameless too", "later h"]);
}

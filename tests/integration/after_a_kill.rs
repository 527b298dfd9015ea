//! A run that did not end well, and the next one: nothing goes on with half of what was done.

use crate::bench::{Bench, world};
use converge::event::{HostStatus, TaskStatus};
use converge::host::in_memory::Fault;
use std::path::Path;

const MINTS: &str = r#"
- name: minted
  command: {argv: [mint], creates: /etc/minted}
  register: x
- name: broken
  fail: {msg: no}
  when: broken
- name: written
  copy: {dest: /etc/token, content: "token={{ x.stdout | default('') }}"}
  when: x is changed
"#;

fn bench(tasks: &str) -> Bench {
    let mint = "commands: [{argv: [mint], stdout: canary-4711, effects: [{write: {path: /etc/minted, content: x}}]}]";
    Bench::new(world(mint), tasks).with("group_vars/all.yml", "broken: true\n")
}

fn whole(bench: Bench) -> Bench {
    bench.with("group_vars/all.yml", "broken: false\n")
}

fn content(bench: &Bench, path: &str) -> Option<String> {
    use converge::host::View;
    let read = bench.host.read(Path::new(path)).ok()?.known()?;
    Some(String::from_utf8(read).unwrap())
}

#[test]
fn what_an_act_brought_back_is_there_in_the_next_run_and_sealed_until_then() {
    let mut bench = bench(MINTS);
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Failed);
    let kept = serde_json::to_string(&bench.state).unwrap();
    assert!(kept.contains("\"result\":\"") && !kept.contains("canary"), "{kept}");
    let mut bench = whole(bench);
    let (check, apply) = (bench.check(), bench.apply());
    assert_eq!(check.actions(), apply.actions());
    assert_eq!(apply.status("minted"), TaskStatus::Changed, "it changed in the unfinished run");
    assert_eq!(content(&bench, "/etc/token").unwrap(), "token=canary-4711");
    assert!(bench.state.unfinished.is_none());
    assert_eq!(bench.apply().actions(), Vec::<&_>::new());
}

#[test]
fn what_a_kill_lost_of_an_act_is_nothing_to_go_on_with() {
    let mut bench = whole(bench(MINTS));
    bench.host.fail(Fault { at: 1, after: true, message: "killed".into() });
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Failed);
    for _ in 0..2 {
        let (check, apply) = (bench.check(), bench.apply());
        for told in [&check, &apply] {
            assert_eq!(told.report.as_ref().unwrap().status, HostStatus::Failed);
            let [error] = &told.errors()[..] else { panic!("{:#?}", told.errors()) };
            assert!(error.contains("what `r/main:minted` brought back is lost"), "{error}");
        }
        assert_eq!(content(&bench, "/etc/token"), None);
    }
    // Undone by hand, it is done again.
    bench.host.world_mut().files.remove(Path::new("/etc/minted"));
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Changed);
    assert_eq!(content(&bench, "/etc/token").unwrap(), "token=canary-4711");
}

#[test]
fn that_it_changed_is_enough_where_nobody_asks_for_more() {
    let tasks = MINTS.replace("{{ x.stdout | default('') }}", "new");
    let mut bench = whole(bench(&tasks));
    bench.host.fail(Fault { at: 1, after: true, message: "killed".into() });
    bench.apply();
    let apply = bench.apply();
    assert_eq!(apply.report.unwrap().status, HostStatus::Changed);
    assert_eq!(content(&bench, "/etc/token").unwrap(), "token=new");
}

#[test]
fn a_change_is_that_of_what_was_declared_wherever_the_item_stands_next_time() {
    let one = r#"
- name: one of them
  copy: {dest: "/etc/{{ item.of }}", content: x, mode: "0644"}
  loop: "{{ list }}"
  register: x
- name: broken
  fail: {msg: no}
  when: broken
"#;
    let block = r#"
- block:
    - name: one of them
      copy: {dest: "/etc/{{ item.of }}", content: x, mode: "0644"}
  loop: "{{ list }}"
- name: broken
  fail: {msg: no}
  when: broken
"#;
    is_changed_wherever_it_stands(one);
    is_changed_wherever_it_stands(block);
}

fn is_changed_wherever_it_stands(tasks: &str) {
    let there = world("files: {/etc/b: {file: {content: x, mode: \"0644\"}}}");
    let list = |bench: Bench, broken: bool, list: &str| {
        bench.with("group_vars/all.yml", &format!("broken: {broken}\nlist: {list}\n"))
    };
    let mut bench = list(Bench::new(there, tasks), true, "[{of: a}, {of: c}]");
    bench.apply();
    let mut bench = list(bench, false, "[{of: b}, {of: c}, {of: a}]");
    let apply = bench.apply();
    let statuses: Vec<_> = apply.tasks().take(3).map(|task| task.status).collect();
    assert_eq!(statuses, [TaskStatus::Ok, TaskStatus::Changed, TaskStatus::Changed]);
}

#[test]
fn no_key_of_the_memory_shows_a_secret() {
    let tasks = r#"
- copy: {dest: "/etc/{{ name }}", content: x}
  notify: again
- copy: {dest: /etc/canary-unlogged, content: x}
  no_log: true
- copy: {dest: "/etc/x-{{ item }}", content: x}
  loop: ["{{ name }}"]
- fail: {msg: no}
"#;
    let specs = "argument_specs: {main: {options: {name: {type: str, no_log: true}}}}\n";
    let mut bench = Bench::new(world("{}"), tasks)
        .with("roles/r/meta/argument_specs.yml", specs)
        .with("roles/r/handlers/main.yml", "- {name: again, debug: {msg: x}}\n")
        .with("group_vars/all.yml", "name: canary-4711\n");
    bench.apply();
    assert_eq!(bench.host.performed().len(), 3);
    let kept = serde_json::to_string(&bench.state).unwrap();
    assert!(kept.contains("again") && !kept.contains("canary"), "{kept}");
}

#[test]
fn what_turned_its_own_condition_off_still_counts_as_changed() {
    let tasks = MINTS
        .replace("creates: /etc/minted}", "}\n  when: not there.stat.exists")
        .replacen('\n', "\n- stat: {path: /etc/minted}\n  register: there\n", 1);
    let mut bench = bench(&tasks);
    assert_eq!(bench.apply().report.unwrap().status, HostStatus::Failed);
    assert_eq!(content(&bench, "/etc/minted").unwrap(), "x");
    let mut bench = whole(bench);
    let (check, apply) = (bench.check(), bench.apply());
    assert_eq!(check.actions(), apply.actions());
    assert_eq!(apply.status("minted"), TaskStatus::Changed, "it changed in the unfinished run");
    assert_eq!(content(&bench, "/etc/token").unwrap(), "token=canary-4711");
    assert_eq!(bench.apply().status("minted"), TaskStatus::Skipped);
}

const READS: &str = "
- name: configured
  copy: {dest: /etc/d.conf, content: '{{ told }}'}
  notify: read
- name: serves
  service: {name: d, state: started}
- name: broken
  fail: {msg: no}
  when: broken
";

/// The handlers that acted in the next run, after one that failed or was killed once it had
/// started the unit.
fn handled(mut bench: Bench, next: &str, between: impl FnOnce(&mut Bench)) -> Vec<String> {
    bench.apply();
    assert_eq!(bench.state.pending.len(), 1, "{:#?}", bench.state);
    between(&mut bench);
    let mut bench = bench.with("group_vars/all.yml", next);
    let (check, apply) = (bench.check(), bench.apply());
    assert_ne!(apply.report.as_ref().unwrap().status, HostStatus::Failed);
    assert_eq!(check.actions(), apply.actions());
    assert!(bench.state.pending.is_empty());
    let acted = apply.tasks().filter(|task| task.task.handler && !task.actions.is_empty());
    acted.map(|task| task.task.name.clone()).collect()
}

fn reads(state: &str, killed: bool) -> Bench {
    let handlers = format!("- name: read\n  service: {{name: d, state: {state}}}\n");
    let mut bench = Bench::new(world("units: {d.service: {enabled: enabled}}"), READS)
        .with("roles/r/handlers/main.yml", &handlers)
        .with("group_vars/all.yml", "{broken: true, told: one}\n");
    if killed {
        bench.host.fail(Fault { at: 2, after: true, message: "killed".into() });
    }
    bench
}

#[test]
fn a_unit_that_an_earlier_run_started_has_read_what_it_changed() {
    for state in ["reloaded", "restarted"] {
        for killed in [false, true] {
            let same = "{broken: false, told: one}\n";
            let acted = handled(reads(state, killed), same, |_| {});
            assert_eq!(acted, Vec::<String>::new(), "{state}, killed: {killed}");
            let other = "{broken: false, told: another}\n";
            let acted = handled(reads(state, killed), other, |_| {});
            assert_eq!(acted, ["read"], "it changed again: {state}, killed: {killed}");
        }
    }
}

#[test]
fn a_unit_that_a_killed_run_was_to_restart_may_not_have_read_it() {
    let tasks = READS.replace("state: started", "state: restarted");
    let running = world("units: {d.service: {enabled: enabled, active: true}}");
    let mut bench = Bench::new(running, &tasks)
        .with("roles/r/handlers/main.yml", "- name: read\n  service: {name: d, state: reloaded}\n")
        .with("group_vars/all.yml", "{broken: true, told: one}\n");
    bench.host.fail(Fault { at: 2, after: false, message: "killed".into() });
    bench.apply();
    assert!(bench.state.pending[0].started.is_empty(), "{:#?}", bench.state.pending);
}

//! A failure that is certain ends the dry run as it ends the apply; one that only may come is
//! told, and ends nothing.

use crate::bench::{Bench, world};
use converge::event::{HostStatus, Reason, TaskStatus};

/// `ask` ends with what the host says; nothing of the role is known before it.
fn bench(tasks: &str, rc: u8) -> Bench {
    let ask = "- {name: ask, command: {cmd: ask}, register: asked, failed_when: false}\n";
    let after = "- {name: after, debug: {msg: hi}}\n";
    let world = world(&format!("commands: [{{argv: [ask], rc: {rc}}}, {{argv: [act], rc: 0}}]"));
    let more = "- {name: listed, debug: {msg: x}, loop: '{{ inventory_hostname | length }}'}\n";
    Bench::new(world, &format!("{ask}{tasks}{after}")).with("roles/r/tasks/more.yml", more)
}

#[test]
fn a_certain_failure_fails_the_dry_run_as_it_fails_the_apply() {
    for (tasks, culprit) in [
        ("- {name: x, fail: {msg: no}}\n", "x"),
        ("- {name: x, service: {name: nonesuch, state: started}}\n", "x"),
        ("- {name: x, command: {cmd: act}, failed_when: true}\n", "x"),
        ("- {name: x, copy: {dest: /none/such, content: a}}\n", "x"),
        ("- {name: x, debug: {msg: a}, loop: '{{ inventory_hostname | length }}'}\n", "x"),
        ("- {include_tasks: more.yml}\n", "listed"),
        ("- block: [{name: a, fail: {msg: a}}]\n  rescue: [{name: x, fail: {msg: b}}]\n", "x"),
        ("- block: [{name: a, command: act}]\n  always: [{name: x, fail: {msg: b}}]\n", "x"),
    ] {
        let mut bench = bench(tasks, 0);
        let (check, apply) = (bench.check(), bench.apply());
        for told in [&check, &apply] {
            let report = told.report.as_ref().unwrap();
            assert_eq!((report.status, report.not_run), (HostStatus::Failed, 1), "{tasks}");
            let failed = told.tasks().filter(|task| task.status == TaskStatus::Failed).last();
            assert_eq!(failed.unwrap().task.name, culprit, "{tasks}");
        }
        assert_eq!(check.errors().len(), apply.errors().len(), "{tasks}");
    }
}

#[test]
fn a_failure_that_does_not_count_ends_neither() {
    for tasks in [
        "- {name: x, fail: {msg: no}, ignore_errors: true}\n",
        "- {name: x, service: {name: nonesuch, state: started}, failed_when: false}\n",
        "- block: [{name: a, fail: {msg: a}}]\n  rescue: [{name: x, debug: {msg: b}}]\n",
        "- {name: x, debug: {msg: a}, loop: '{{ inventory_hostname | length }}', when: inventory_hostname == 'z'}\n",
    ] {
        let mut bench = bench(tasks, 0);
        for told in [bench.check(), bench.apply()] {
            assert_ne!(told.report.as_ref().unwrap().status, HostStatus::Failed, "{tasks}");
            assert_eq!(told.status("after"), TaskStatus::Ok, "{tasks}");
        }
    }
}

/// Where the condition says no, apply ends well: the dry run must not have failed then.
#[test]
fn a_failure_that_may_come_is_told_and_the_dry_run_goes_on() {
    let listed = "debug: {msg: a}, loop: '{{ inventory_hostname | length }}'";
    for (tasks, name) in [
        ("- {name: x, service: {name: nonesuch, state: started}, when: asked.rc == 1}\n", "x"),
        ("- {name: x, copy: {dest: /none/such, content: a}, when: asked.rc == 1}\n", "x"),
        (&format!("- {{name: x, {listed}, when: asked.rc == 1, register: y}}\n"), "x"),
        ("- {include_tasks: more.yml, when: asked.rc == 1}\n", "listed"),
        ("- {name: x, include_tasks: '{{ inventory_hostname }}.yml', when: asked.rc == 1}\n", "x"),
        ("- block: [{name: a, command: ask}]\n  rescue: [{name: x, fail: {msg: no}}]\n", "x"),
        (
            &format!("- block: [{{name: a, command: ask}}]\n  rescue: [{{name: x, {listed}}}]\n"),
            "x",
        ),
    ] {
        let check = bench(tasks, 0).check();
        assert_ne!(check.report.as_ref().unwrap().status, HostStatus::Failed, "{tasks}");
        assert_eq!(check.status("after"), TaskStatus::Ok, "{tasks}");
        let told = check.task(name);
        let Some(Reason::WouldFail { only_if, .. }) = &told.reason else {
            panic!("{tasks}: {:?}", told.reason)
        };
        assert_eq!(only_if.is_none(), tasks.contains("rescue"), "{tasks}: {only_if:?}");
        assert_eq!((told.status, &told.error), (TaskStatus::Unknown, &None), "{tasks}");
        let (mut well, mut ill) = (bench(tasks, 0), bench(tasks, 1));
        assert_ne!(well.apply().report.unwrap().status, HostStatus::Failed, "{tasks}");
        assert_eq!(ill.apply().report.unwrap().status, HostStatus::Failed, "{tasks}");
    }
}

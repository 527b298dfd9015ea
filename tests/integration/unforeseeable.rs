//! Tasks whose parameters hinge on what a dry run cannot know: what is told of them follows from
//! what their kinds say of themselves.

use crate::bench::{Bench, Told, world};
use converge::event::{Certainty, TaskStatus};

/// A dry run of a task after one whose answer is known after apply.
fn check(task: &str) -> Told {
    let mint = "- {name: mint, command: {cmd: mint}, register: minted, when: true}\n";
    let bench =
        Bench::new(world("commands: [{argv: [mint], stdout: t}]"), &format!("{mint}{task}"));
    bench.check()
}

#[test]
fn a_request_that_acts_is_announced_and_one_that_only_asks_is_assumed_to_answer() {
    let uri = |method: &str| {
        format!("- name: it\n  uri: {{url: 'http://h/{{{{ minted.stdout }}}}'{method}}}\n")
    };
    let told = check(&uri(", method: POST"));
    let [action] = told.task("it").actions.as_slice() else { panic!("{:?}", told.task("it")) };
    assert_eq!((action.kind.as_str(), action.certainty), ("uri", Certainty::Open));
    for asks in ["", ", method: get"] {
        let told = check(&uri(asks));
        assert!(told.task("it").actions.is_empty(), "{:?}", told.task("it"));
        assert_ne!(told.status("it"), TaskStatus::Failed);
    }
}

#[test]
fn a_command_that_only_looks_is_not_announced() {
    let command = "- name: it\n  command: {argv: [look, '{{ minted.stdout }}']}\n";
    assert_eq!(check(command).task("it").actions.len(), 1);
    let told = check(&format!("{command}  changed_when: false\n"));
    assert!(told.task("it").actions.is_empty(), "{:?}", told.task("it"));
}

#[test]
fn what_is_registered_has_the_members_of_its_kind_and_no_others() {
    let find = "- find: {paths: '/srv/{{ minted.stdout }}'}\n  register: found\n";
    let say = |what: &str| format!("{find}- name: say\n  debug: {{msg: '{{{{ {what} }}}}'}}\n");
    assert_ne!(check(&say("found.files | length")).status("say"), TaskStatus::Failed);
    let told = check(&say("found.stdout"));
    assert_eq!(told.status("say"), TaskStatus::Failed, "{:?}", told.task("say"));
}

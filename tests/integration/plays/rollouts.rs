//! Rollouts: in which batches hosts are come to, what stops them, and what is left then.

use super::stage::{Stage, Told};
use converge::event::HostStatus;

const HOSTS: &str = "all: {hosts: {a: , b: , c: , d: , e: }}\n";

/// A role that writes a file, and whose check fails where `ill` says so.
fn checked(keys: &str, ill: &str) -> Stage {
    let site = format!("- hosts: all\n  {keys}\n  roles: [web]\n");
    let tasks = "- copy: {dest: /etc/web, content: web}\n";
    let verify = format!("- assert: {{that: \"inventory_hostname not in {ill}\"}}\n");
    Stage::new([
        ("hosts.yml", HOSTS),
        ("site.yml", site.as_str()),
        ("roles/web/tasks/main.yml", tasks),
        ("roles/web/verify/main.yml", verify.as_str()),
    ])
}

fn touched(told: &Told) -> Vec<&str> {
    ["a", "b", "c", "d", "e"].into_iter().filter(|host| !told.actions(host).is_empty()).collect()
}

fn undone(told: &Told) -> Vec<&str> {
    told.outcome.undone().collect()
}

#[test]
fn a_batch_that_is_not_well_keeps_the_others_from_being_begun() {
    let quick = "health: {retries: 0}";
    let stage = checked(&format!("serial: [1, 2, \"100%\"]\n  {quick}"), "['b', 'c']");
    let told = stage.apply();
    assert_eq!(touched(&told), ["a", "b", "c"]);
    assert_eq!(told.failed(), ["b", "c"]);
    assert!(told.outcome.stopped);
    assert_eq!(
        (told.status("d"), told.status("e")),
        (HostStatus::Interrupted, HostStatus::Interrupted)
    );
    assert_eq!(undone(&told), ["b", "c", "d", "e"]);
    // Nothing is known of what a check would say before there is something to check.
    assert!(stage.check().failed().is_empty());
    for keys in ["serial: 1\n  health: false", "serial: 5\n  health: false", "order: inventory"] {
        let told = checked(keys, "['b', 'c']").apply();
        assert_eq!((touched(&told).len(), told.failed()), (5, vec![]), "{keys}");
    }
    let told = checked("health: {retries: 0, delay: 0}", "['b']").apply();
    assert_eq!((undone(&told), told.outcome.stopped), (vec!["b"], false));
}

#[test]
fn what_was_not_well_at_first_may_be_at_the_next_try() {
    let site = "
- hosts: all
  serial: 1
  health: {retries: 1, delay: 0}
  roles: [web]
";
    let verify = "
- set_fact: {tries: '{{ tries | default(0) + 1 }}'}
- assert: {that: tries | int == 2}
";
    let stage = Stage::new([
        ("hosts.yml", HOSTS),
        ("site.yml", site),
        ("roles/web/tasks/main.yml", "- debug: {msg: up}\n"),
        ("roles/web/verify/main.yml", verify),
    ]);
    let told = stage.apply();
    assert!(told.failed().is_empty(), "{}", told.everything());
    assert!(undone(&told).is_empty());
}

#[test]
fn so_many_hosts_may_fail_in_all_batches_together() {
    let keys = |most: u32| format!("serial: 2\n  health: {{retries: 0}}\n  max_fail: {most}");
    for (most, begun) in [(0, 2), (1, 4), (2, 5)] {
        let told = checked(&keys(most), "['a', 'c']").apply();
        assert_eq!(touched(&told).len(), begun, "max_fail: {most}");
        assert_eq!(told.outcome.stopped, begun < 5, "max_fail: {most}");
    }
}

#[test]
fn a_play_that_was_not_begun_is_left_to_be_run_again_on_hosts_that_ended_well() {
    let site = "
- hosts: a:b
  any_errors_fatal: true
  tasks:
    - fail: {msg: no}
      when: inventory_hostname == 'b'
- hosts: a:c
  tasks:
    - debug: {msg: later}
";
    let told = Stage::new([("hosts.yml", HOSTS), ("site.yml", site)]).apply();
    assert_eq!(told.status("a"), HostStatus::Ok);
    assert_eq!(undone(&told), ["a", "b", "c"]);
}

#[test]
fn keys_of_a_rollout_take_what_they_take() {
    for (keys, said) in [
        ("max_fail: 10%", "`max_fail` takes a number of hosts"),
        ("max_fail: -1", "`max_fail` takes a number of hosts"),
        ("pause: long", "`pause` takes seconds"),
        ("health: {tries: 3}", "`tries`"),
        ("health: {retries: many}", "`retries` takes a number"),
    ] {
        let mistakes = checked(keys, "[]").mistakes();
        assert!(mistakes.iter().any(|told| told.contains(said)), "{keys}: {mistakes:?}");
    }
}

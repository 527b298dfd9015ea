//! What hosts have others do.

use super::stage::{Stage, Told};
use converge::event::{Event, HostStatus};

const HOSTS: &str = "
all:
  children:
    web: {hosts: {w1: , w2: , w3: , w4: }}
    db: {hosts: {db1: }}
";

fn stage(site: &str) -> Stage {
    Stage::new([("hosts.yml", HOSTS), ("site.yml", site)])
}

/// For whom a host did what, in the order in which it did.
fn done_for(told: &Told, host: &str) -> Vec<String> {
    let mut done = Vec::new();
    for (name, event) in &told.events {
        if let (true, Event::TaskFinished(task)) = (name == host, event)
            && let Some(other) = &task.task.on_behalf
        {
            done.extend(task.actions.iter().map(|action| format!("{other}: {}", action.target)));
        }
    }
    done
}

const LINES: &str = "
- hosts: web
  tasks:
    - name: say that {{ inventory_hostname }} is there
      lineinfile: {path: /etc/web, line: \"{{ inventory_hostname }}\", create: true}
      delegate_to: db1
      register: said
    - copy: {dest: /etc/own, content: \"{{ said.changed }}\"}
";

#[test]
fn what_many_have_one_do_is_done_one_after_the_other_in_a_fixed_order() {
    for forks in [1, 2, 8] {
        let stage = stage(LINES).forks(forks);
        let check = stage.check();
        let apply = stage.apply();
        let all = ["w1: /etc/web", "w2: /etc/web", "w3: /etc/web", "w4: /etc/web"];
        assert_eq!(done_for(&apply, "db1"), all, "{forks}: {}", apply.everything());
        for host in ["w1", "w2", "w3", "w4", "db1"] {
            assert_eq!(check.actions(host), apply.actions(host), "{forks} {host}");
        }
        // What is done for others is theirs who do it: told of once, and counted there.
        assert_eq!(apply.actions("w1").len(), 1);
        assert_eq!(apply.status("db1"), HostStatus::Changed);
        let again = stage.apply();
        assert!(done_for(&again, "db1").is_empty());
        assert_eq!(again.status("db1"), HostStatus::Ok, "{}", again.everything());
    }
}

#[test]
fn a_delegate_does_its_own_part_first() {
    let site = "
- hosts: all
  tasks:
    - copy: {dest: /etc/first, content: \"{{ inventory_hostname }}\"}
      when: inventory_hostname == 'db1'
    - command: {cmd: 'cat /etc/first'}
      when: false
    - copy: {dest: /etc/then, content: \"{{ inventory_hostname }}\"}
      delegate_to: db1
      when: inventory_hostname in ['w1', 'w2']
";
    for forks in [1, 8] {
        let stage = stage(site).forks(forks);
        let (check, apply) = (stage.check(), stage.apply());
        let of_db: Vec<&str> = apply
            .events
            .iter()
            .filter_map(|(host, event)| match event {
                Event::TaskFinished(task) if host == "db1" => task.actions.first(),
                _ => None,
            })
            .map(|action| action.target.as_str())
            .collect();
        assert_eq!(of_db, ["/etc/first", "/etc/then", "/etc/then"], "{}", apply.everything());
        assert_eq!(check.actions("db1"), apply.actions("db1"));
    }
}

#[test]
fn a_host_that_is_its_own_delegate_does_it_itself() {
    let site = "
- hosts: web
  tasks:
    - copy: {dest: /etc/first, content: \"{{ inventory_hostname }}\"}
      delegate_to: \"{{ groups.web[0] }}\"
      run_once: true
    - copy: {dest: \"/etc/{{ item }}\", content: \"{{ inventory_hostname }}\"}
      delegate_to: \"{{ item }}\"
      loop: \"{{ groups.web }}\"
      when: inventory_hostname == 'w2'
";
    let stage = stage(site);
    let (check, apply) = (stage.check(), stage.apply());
    assert!(apply.failed().is_empty(), "{}", apply.everything());
    assert_eq!(apply.actions("w1").len(), 2, "{}", apply.everything());
    assert_eq!(done_for(&apply, "w1"), ["w2: /etc/w1"]);
    assert_eq!((apply.actions("w2").len(), done_for(&apply, "w2").len()), (1, 0));
    for host in ["w1", "w2", "w3", "w4"] {
        assert_eq!(check.actions(host), apply.actions(host), "{host}");
    }
}

#[test]
fn facts_may_be_set_on_the_delegate() {
    let site = "
- hosts: w1:w2
  tasks:
    - set_fact: {\"of_{{ 'x' }}\": 1, told: \"{{ inventory_hostname }}\"}
      delegate_to: db1
      delegate_facts: true
      when: inventory_hostname == 'w2'
    - set_fact: {mine: \"{{ inventory_hostname }}\"}
      delegate_to: db1
- hosts: all
  tasks:
    - debug: {msg: \"{{ hostvars['db1'].told }} {{ hostvars['w1'].mine }}\"}
";
    let site = site.replace("\"of_{{ 'x' }}\": 1, ", "");
    let told = stage(&site).apply();
    assert_eq!(told.said()["w1"], ["w2 w1"], "{}", told.everything());
    assert_eq!(told.said()["db1"], ["w2 w1"]);
}

#[test]
fn the_controller_is_a_delegate_like_any_other() {
    let site = "
- hosts: web
  tasks:
    - local_action: {module: copy, dest: \"/tmp/{{ inventory_hostname }}\", content: x}
    - block:
        - local_action: copy dest=/tmp/once content=x
          run_once: true
        - debug: {msg: here}
      delegate_to: localhost
";
    let stage = stage(site);
    let apply = stage.apply();
    assert!(apply.failed().is_empty(), "{}", apply.everything());
    assert_eq!(done_for(&apply, "localhost").len(), 5, "{}", apply.everything());
    assert_eq!(apply.said().len(), 4);
}

#[test]
fn two_that_wait_for_each_other_are_told_so() {
    let site = "
- hosts: w1:w2
  tasks:
    - copy: {dest: /etc/x, content: x}
      delegate_to: \"{{ 'w2' if inventory_hostname == 'w1' else 'w1' }}\"
";
    for _ in 0..8 {
        let told = stage(site).apply();
        // The one that closes the circle fails, and with it whoever waits for it.
        assert_eq!(told.failed(), ["w1", "w2"], "{}", told.everything());
        assert!(told.everything().contains("`w2` and `w1` wait for each other"));
        assert!(told.everything().contains("the delegate `w2` has failed"));
    }
}

/// The delegate waits for the result of what it is to do: whichever comes first, the one who asks is told.
#[test]
fn who_waits_for_a_task_that_runs_once_cannot_be_its_delegate() {
    let site = "
- hosts: w1:w2:w3
  tasks:
    - copy: {dest: /etc/x, content: '{{ inventory_hostname }}'}
      run_once: true
      delegate_to: w2
";
    for forks in [1, 2, 8, 8, 8, 8] {
        let told = stage(site).forks(forks).apply();
        assert_eq!(told.failed(), ["w1"], "{}", told.everything());
        assert!(told.everything().contains("`w1` and `w2` wait for each other"));
    }
}

/// A host that waits for another at a task that runs once is no obstacle to what that one asks others.
#[test]
fn few_hosts_at_once_wait_for_each_other_all_the_same() {
    let site = "
- hosts: w1:w2
  tasks:
    - copy: {dest: /etc/x, content: x}
      delegate_to: db1
      when: inventory_hostname == 'w1'
    - copy: {dest: /etc/y, content: y}
      run_once: true
";
    let told = stage(site).forks(1).apply();
    assert!(told.failed().is_empty(), "{}", told.everything());
}

#[test]
fn a_delegate_that_is_gone_fails_those_who_ask() {
    let site = "
- hosts: all
  tasks:
    - fail: {msg: ill}
      when: inventory_hostname == 'db1'
    - copy: {dest: /etc/x, content: x}
      delegate_to: db1
      when: inventory_hostname == 'w3'
";
    let told = stage(site).apply();
    assert_eq!(told.failed(), ["db1", "w3"], "{}", told.everything());
    assert!(told.everything().contains("the delegate `db1` has failed"));
}

#[test]
fn who_cannot_be_a_delegate_is_said_before_any_host_is_touched() {
    for (task, said) in [
        ("copy: {dest: /x, content: x}\n      delegate_to: db2", "did you mean `db1`?"),
        ("include_tasks: other.yml\n      delegate_to: db1", "cannot be delegated as a whole"),
        ("meta: flush_handlers\n      delegate_to: db1", "cannot be delegated"),
        ("local_action: {cmd: date}", "names no resource"),
    ] {
        let site = format!("- hosts: web\n  tasks:\n    - {task}\n");
        let mistakes = stage(&site).mistakes();
        assert!(mistakes.iter().any(|told| told.contains(said)), "{task}: {mistakes:?}");
    }
    // What only the host knows cannot say who does it.
    let site = "
- hosts: web
  tasks:
    - set_fact: {who: db1}
    - copy: {dest: /x, content: x}
      delegate_to: \"{{ who }}\"
";
    let told = stage(site).apply();
    assert_eq!(told.failed().len(), 4);
    assert!(told.everything().contains("can say who does it"), "{}", told.everything());
}

//! Playbooks.

mod ad_hoc;
mod delegation;
mod hostvars;
mod judged;
mod rollouts;
mod sizes;
mod stage;

use converge::controller::RunOptions;
use converge::engine::bundle::Purpose;
use converge::event::HostStatus;
use stage::Stage;

const HOSTS: &str =
    "all: {hosts: {a: , b: , c: }, children: {web: {hosts: {a: , b: }}, db: {hosts: {c: }}}}\n";

fn stage(site: &str) -> Stage {
    Stage::new([("hosts.yml", HOSTS), ("site.yml", site)])
}

#[test]
fn a_play_waits_for_the_one_before_on_every_host() {
    let site = "
- hosts: all
  tasks:
    - debug: {msg: one}
- hosts: [db, a]
  tasks:
    - debug: {msg: two}
";
    for forks in [1, 2, 8] {
        let stage = stage(site).forks(forks);
        for told in [stage.check(), stage.apply()] {
            let order = told.in_order();
            let last_one = order.iter().rposition(|said| said.ends_with("one")).unwrap();
            let first_two = order.iter().position(|said| said.ends_with("two")).unwrap();
            assert!(last_one < first_two, "{forks} forks: {order:?}");
            assert_eq!(order.len(), 5);
            assert!(told.failed().is_empty());
        }
    }
}

#[test]
fn a_dry_run_foretells_a_later_play_over_what_an_earlier_one_would_do() {
    let site = "
- hosts: web
  tasks:
    - copy: {dest: /etc/one, content: \"1\\n\"}
      register: one
- hosts: all
  handlers:
    - {name: told, copy: {dest: /etc/told, content: x}}
  tasks:
    - slurp: {src: /etc/one}
      register: read
      when: one is defined
    - copy: {dest: /etc/two, content: '{{ read.content | b64decode }}{{ one is defined }}'}
      when: one is defined
      notify: told
";
    let stage = stage(site);
    let check = stage.check();
    let apply = stage.apply();
    for host in ["a", "b", "c"] {
        assert_eq!(check.actions(host), apply.actions(host), "{host}");
    }
    assert_eq!(apply.actions("a").len(), 3);
    assert!(apply.actions("c").is_empty());
    let again = stage.apply();
    assert!(again.actions("a").is_empty());
}

#[test]
fn a_failed_host_is_out_of_the_later_plays_and_the_others_go_on() {
    let site = "
- hosts: all
  tasks:
    - fail: {msg: no}
      when: inventory_hostname == 'b'
- hosts: all
  tasks:
    - debug: {msg: '{{ ansible_play_hosts }} of {{ ansible_play_hosts_all }}'}
";
    let told = stage(site).apply();
    assert_eq!(told.failed(), ["b"]);
    let said = told.said();
    assert_eq!(said["a"], ["['a', 'c'] of ['a', 'b', 'c']"]);
    assert_eq!(said.keys().collect::<Vec<_>>(), ["a", "c"]);
    assert!(!told.outcome.stopped);
}

#[test]
fn a_rollout_stops_where_too_many_have_failed() {
    let fails = "  tasks:\n    - fail: {msg: no}\n      when: inventory_hostname == 'b'\n- hosts: all\n  tasks:\n    - debug: {msg: later}\n";
    for (keys, begun) in [
        ("serial: 1", vec!["a", "b"]),
        ("serial: 2\n  any_errors_fatal: true", vec!["a", "b"]),
        ("serial: 2\n  max_fail_percentage: 30", vec!["a", "b"]),
        ("any_errors_fatal: true", vec!["a", "b", "c"]),
    ] {
        let told = stage(&format!("- hosts: all\n  {keys}\n{fails}")).apply();
        assert_eq!(told.failed(), ["b"], "{keys}");
        assert!(told.outcome.stopped, "{keys}");
        assert!(told.said().is_empty(), "{keys}: {:?}", told.said());
        let status = if begun.contains(&"c") { HostStatus::Ok } else { HostStatus::Interrupted };
        assert_eq!(told.status("c"), status, "{keys}");
    }
    for keys in ["serial: 2", "max_fail_percentage: 34"] {
        let told = stage(&format!("- hosts: all\n  {keys}\n{fails}")).apply();
        assert_eq!(told.said().len(), 2, "{keys}");
        assert!(!told.outcome.stopped, "{keys}");
    }
}

#[test]
fn a_task_that_runs_once_runs_once_in_each_play() {
    let site = "
- hosts: all
  serial: 1
  tasks:
    - debug: {msg: first}
      run_once: true
- hosts: [c, b]
  tasks:
    - debug: {msg: second}
      run_once: true
";
    let stage = stage(site).forks(1);
    assert_eq!(stage.apply().in_order(), ["a: first", "b: second"]);
}

#[test]
fn a_host_is_sent_the_variables_of_a_play_that_its_tasks_reach() {
    let site = "
- hosts: all
  vars: {named: '{{ through }}', through: 1, unused: 2}
  tasks:
    - debug: {msg: '{{ named }}'}
";
    let options = RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
    let bundle = stage(site).load().unwrap_or_else(|_| panic!("it loads")).bundle("a", &options);
    let names: Vec<&str> = bundle.library["play all of site.yml"]
        .vars
        .iter()
        .map(|(key, _)| key.name.as_str())
        .collect();
    assert_eq!(names, ["named", "through"]);
}

#[test]
fn what_one_play_sets_a_later_one_may_name_where_a_condition_leaves_it_out() {
    let site = "
- hosts: web
  tasks:
    - set_fact: {set: 1}
- hosts: all
  tasks:
    - debug: {msg: 'is {{ set }}'}
      when: inventory_hostname in groups.web
";
    let told = stage(site).apply();
    assert_eq!(told.said().keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(told.said()["a"], ["is 1"]);
}

#[test]
fn plays_are_told_apart_by_their_playbook_and_its_order() {
    let play = "- hosts: a\n  tasks: [{debug: {msg: x}}]\n";
    let site = format!("{play}{play}- import_playbook: other.yml\n");
    let stage = Stage::new([("hosts.yml", HOSTS), ("site.yml", &site), ("other.yml", play)]);
    let options = RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
    let bundle = stage.load().unwrap_or_else(|_| panic!("it loads")).bundle("a", &options);
    let mut names: Vec<&str> = bundle.library.keys().map(String::as_str).collect();
    names.sort_unstable();
    // What waits on a host, a handler or a change, is known by these names.
    assert_eq!(names, ["play a of other.yml", "play a of site.yml", "play a of site.yml #2"]);
}

#[test]
fn no_log_hides_what_a_task_says_and_why_it_fails() {
    for (task, keyword) in [
        ("debug: {msg: 'shown {{ 40 + 2 }}7'}", "no_log: true"),
        ("debug: {msg: 'shown {{ 40 + 2 }}7'}", "no_log: '{{ yes_or_no }}'"),
        ("fail: {msg: 'shown {{ 40 + 2 }}7'}", "no_log: true"),
        ("assert: {that: 1 == 2, fail_msg: 'shown {{ 40 + 2 }}7'}", "no_log: true"),
    ] {
        let site = format!(
            "- hosts: a\n  vars: {{yes_or_no: true}}\n  tasks:\n    - {{{task}, {keyword}}}\n"
        );
        let told = stage(&site).apply();
        let shown = told.everything();
        assert!(!shown.contains("427") && shown.contains("no_log"), "{task}: {shown}");
    }
}

#[test]
fn what_a_private_prompt_would_ask_for_is_secret_where_an_option_gives_it() {
    let site = "
- hosts: a
  vars_prompt: [{name: word}]
  tasks:
    - {copy: {dest: /etc/word, content: 'it is {{ word }}'}}
    - {debug: {msg: 'it is {{ word }}'}}
    - {fail: {msg: 'not {{ word }}'}}
";
    for shown in ["{name: word}", "{name: word, private: false}"] {
        let mut stage = stage(&site.replace("{name: word}", shown));
        stage.options.extra = vec!["word=wagtail".into()];
        let told = stage.apply();
        let (actions, all) = (told.actions("a").join(""), told.everything());
        assert!(actions.contains("/etc/word"), "{all}");
        assert_eq!(all.contains("wagtail"), shown.contains("false"), "{all}");
    }
}

#[test]
fn files_lie_beside_the_playbook() {
    let site = "
- hosts: a
  vars_files: [known.yml]
  module_defaults:
    copy: {mode: \"0600\"}
    template: {mode: \"0604\", owner: root}
  tasks:
    - copy: {src: one.conf, dest: /etc/one}
    - copy: {src: files/two.conf, dest: /etc/two, mode: \"0644\"}
    - template: {src: three.j2, dest: /etc/three}
    - include_tasks: more/first.yml
    - include_tasks: 'more/{{ kind }}.yml'
";
    let files = [
        ("hosts.yml", HOSTS),
        ("site.yml", site),
        ("vars/known.yml", "kind: third\n"),
        ("one.conf", "1\n"),
        ("files/two.conf", "2\n"),
        ("templates/three.j2", "{{ kind }}\n"),
        ("more/first.yml", "- import_tasks: second.yml\n"),
        ("more/second.yml", "- debug: {msg: second}\n"),
        ("more/third.yml", "- debug: {msg: third}\n"),
    ];
    let told = Stage::new(files).apply();
    assert_eq!(told.said()["a"], ["second", "third"]);
    let actions = told.actions("a").join("\n");
    for target in ["/etc/one", "/etc/two", "/etc/three"] {
        assert!(actions.contains(target), "{actions}");
    }
    assert!(actions.contains("+third") && actions.contains("+1") && actions.contains("+2"));
    assert_eq!(told.modes("a"), ["0600", "0644", "0604"]);
}

#[test]
fn a_play_for_this_machine_needs_no_inventory_entry() {
    let site = "- hosts: localhost\n  connection: local\n  tasks:\n    - debug: {msg: here}\n- hosts: a\n  tasks:\n    - debug: {msg: there}\n";
    let told = stage(site).apply();
    assert_eq!(told.in_order(), ["localhost: here", "a: there"]);
}

#[test]
fn what_is_wrong_with_a_play_is_said_with_what_to_do() {
    for (site, said) in [
        ("- hosts: all\n  taskss: []\n", ["a play has no key `taskss`", "did you mean `tasks`"]),
        ("- hosts: nope\n  tasks: []\n", ["nope", ""]),
        ("- tasks: []\n", ["which `hosts` it is for", "hosts: web"]),
        ("- hosts: all\n  become: false\n", ["can only be `true`", "leave it out"]),
        ("- hosts: all\n  gather_subset: [min]\n", ["`gather_subset` of a play", "leave it out"]),
        ("- hosts: all\n  strategy: debug\n", ["`strategy` takes", "side by side"]),
        ("- hosts: all\n  serial: some\n", ["`serial` takes", "10%"]),
        ("- hosts: '{{ target }}'\n", ["target", "-e"]),
        ("- hosts: all\n  roles: [nope]\n", ["there is no role `nope`", ""]),
        ("- hosts: all\n  vars_files: [nope.yml]\n", ["no file of variables nope.yml", "beside"]),
        ("- hosts: all\n  vars_prompt: [{name: release}]\n", ["asked for `release`", "-e release"]),
        ("- hosts: all\n  tasks: [{debug: {msg: '{{ nope }}'}}]\n", ["undefined", "nope"]),
        ("- hosts: all\n  tasks: [{debug: {msg: x}, notify: nope}]\n", ["no handler", ""]),
        ("- hosts: all\n  tasks: [{include_tasks: nope.yml}]\n", ["nope.yml", "beside"]),
        ("- hosts: all\n  tasks: [{include_tasks: ../nope.yml}]\n", ["leads out", ""]),
        ("- import_playbook: site.yml\n", ["without end", "take one"]),
        ("- import_playbook: nope.yml\n", ["there is no playbook at nope.yml", ""]),
        (
            "- hosts: all\n  module_defaults: {copy: {nope: 1}}\n",
            ["no parameter `nope`", "doc copy"],
        ),
        ("hosts: all\n", ["a playbook is a list of plays", "- hosts"]),
    ] {
        let mistakes = stage(site).mistakes();
        assert_eq!(mistakes.len(), 1, "{site}: {mistakes:?}");
        assert!(said.iter().all(|said| mistakes[0].contains(said)), "{site}: {mistakes:?}");
    }
}

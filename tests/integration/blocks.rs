//! Blocks as one thing: loops over them, tries of them, and what may not be come to.

use crate::bench::{Bench, Told, world};
use converge::event::{Certainty, Expected, HostStatus, Reason, TaskStatus};
use converge::host::View as _;
use converge::value::Known;
use std::path::Path;

const SCRIPTS: &str = "
commands:
  - {argv: [tell], rc: 0}
  - {argv: [broken], rc: 3}
  - {argv: [step], when: {absent: /srv/one}, effects: [{write: {path: /srv/one, content: x}}]}
  - {argv: [step], effects: [{write: {path: /srv/two, content: x}}]}
  - {argv: [ask], when: {file: /srv/two}, stdout: ready}
  - {argv: [ask], rc: 1, stdout: waiting}
";

fn bench(tasks: &str) -> Bench {
    Bench::new(world(SCRIPTS), tasks)
}

/// Each task's name and what it came to.
fn story(told: &Told) -> Vec<(&str, TaskStatus)> {
    told.tasks().map(|task| (task.task.name.as_str(), task.status)).collect()
}

fn said(told: &Told, task: &str) -> String {
    Told::said(told.task(task))
}

#[test]
fn a_block_is_run_for_every_item_of_its_loop() {
    let tasks = "
- block:
    - name: file
      copy: {dest: '/etc/{{ site.name }}', content: 'n{{ place }}'}
      register: file
    - name: broken
      command: broken
      when: site.name == 'b'
  rescue:
    - name: rescued
      copy: {dest: '/etc/{{ site.name }}.failed', content: x}
  always:
    - name: after
      copy: {dest: /etc/last, content: '{{ site.name }}'}
  loop: [{name: a}, {name: b}]
  loop_control: {loop_var: site, index_var: place}
  register: sites
- name: counted
  debug: {msg: \"{{ sites.results | map(attribute='changed') | list }} {{ sites.changed }}\"}
";
    let mut bench = bench(tasks);
    let check = bench.check();
    let apply = bench.apply();
    let file = |path: &str| bench.host.read(Path::new(path)).ok().and_then(Known::known);
    let written = ["/etc/a", "/etc/b", "/etc/a.failed", "/etc/b.failed", "/etc/last"].map(file);
    assert_eq!(
        written.map(|bytes| bytes.map(|bytes| String::from_utf8(bytes).unwrap())),
        [Some("n0"), Some("n1"), None, Some("x"), Some("b")].map(|text| text.map(str::to_owned))
    );
    assert_eq!(
        story(&apply),
        [
            ("file [a]", TaskStatus::Changed),
            ("broken [a]", TaskStatus::Skipped),
            ("after [a]", TaskStatus::Changed),
            ("file [b]", TaskStatus::Changed),
            ("broken [b]", TaskStatus::Failed),
            ("rescued [b]", TaskStatus::Changed),
            ("after [b]", TaskStatus::Changed),
            ("counted", TaskStatus::Ok),
        ]
    );
    assert_eq!(apply.task("file [b]").task.id, "r/main:file[b]");
    assert_eq!(said(&apply, "counted"), "[True, True] True");
    assert_eq!(check.task("file [b]").actions, apply.task("file [b]").actions);
    assert_eq!(apply.report.unwrap().status, HostStatus::Changed);
}

#[test]
fn older_loops_and_nested_ones_work_on_blocks_too() {
    let tasks = "
- block:
    - block:
        - name: pair
          debug: {msg: '{{ item }}{{ inner.value }}'}
          loop: [x]
          loop_control: {loop_var: own}
      with_dict: {k: 1}
      loop_control: {loop_var: inner, label: '{{ inner.key }}'}
  with_items: [a, [b]]
";
    let told = bench(tasks).apply();
    let ids: Vec<_> = told.tasks().map(|task| (&*task.task.id, Told::said(task))).collect();
    assert_eq!(
        ids,
        [("r/main:pair[a][k][x]", "a1".to_owned()), ("r/main:pair[b][k][x]", "b1".to_owned())]
    );
}

#[test]
fn a_loop_over_what_is_not_known_announces_the_block() {
    let tasks = "
- name: names
  command: {cmd: tell, creates: /srv/names}
  register: names
- block:
    - copy: {dest: '/etc/{{ item }}', content: x}
  loop: '{{ names.stdout_lines }}'
- name: later
  copy: {dest: /etc/later, content: x}
";
    let check = bench(tasks).check();
    let open = check.task("block");
    assert_eq!((open.status, open.actions[0].certainty), (TaskStatus::Unknown, Certainty::Open));
    assert_eq!(check.task("later").actions[0].certainty, Certainty::UnlessSo);
}

#[test]
fn a_block_is_tried_again_until_it_is_so() {
    let tasks = "
- block:
    - name: step
      command: step
    - name: ask
      command: ask
      register: answer
      failed_when: false
      changed_when: false
  until: answer.stdout == 'ready'
  retries: 3
  delay: 0
  register: all
- name: said
  debug: {msg: '{{ all.attempts }} {{ all.changed }} {{ answer.stdout }}'}
";
    let mut bench = bench(tasks);
    let check = bench.check();
    // What a second try would do is said, and that there may be one.
    let again = check.task("step [again]");
    assert_eq!(again.actions[0].certainty, Certainty::OnlyIf);
    let assumed = &check.task("block").reason;
    assert!(matches!(assumed, Some(Reason::Assumed { to: Expected::Hold, .. })), "{assumed:?}");
    let apply = bench.apply();
    assert_eq!(
        story(&apply),
        [
            ("step", TaskStatus::Changed),
            ("ask", TaskStatus::Ok),
            ("step [again]", TaskStatus::Changed),
            ("ask [again]", TaskStatus::Ok),
            ("said", TaskStatus::Ok),
        ]
    );
    assert_eq!(said(&apply, "said"), "2 True ready");
}

#[test]
fn a_block_that_fails_is_tried_again_and_its_rescue_comes_after_the_last_try() {
    let tasks = |tries: &str| {
        format!(
            "
- block:
    - name: step
      command: step
    - name: ask
      command: ask
      changed_when: false
  {tries}
  delay: 0
  rescue:
    - name: rescued
      debug: {{msg: '{{{{ ansible_failed_task.name }}}}'}}
  always:
    - name: always
      command: tell
"
        )
    };
    let apply = bench(&tasks("retries: 1")).apply();
    assert_eq!(
        story(&apply),
        [
            ("step", TaskStatus::Changed),
            ("ask", TaskStatus::Failed),
            ("step [again]", TaskStatus::Changed),
            ("ask [again]", TaskStatus::Ok),
            ("always", TaskStatus::Changed),
        ]
    );
    let report = apply.report.unwrap();
    assert_eq!((report.status, report.not_run), (HostStatus::Changed, 0));
    let apply = bench(&tasks("until: false\n  retries: 1")).apply();
    let errors = apply.errors();
    assert_eq!(errors.last().map(String::as_str), Some("not so after 2 tries"), "{errors:?}");
    assert_eq!(said(&apply, "rescued"), "block");
    assert_eq!(apply.status("always"), TaskStatus::Changed);
}

#[test]
fn tries_that_a_dry_run_can_foretell_are_foretold() {
    let tasks = "
- block:
    - name: file
      copy: {dest: /etc/one, content: x}
      register: file
    - name: act
      command: tell
  until: file is not changed
  delay: 0
";
    let mut bench = bench(tasks);
    let check = bench.check();
    let apply = bench.apply();
    // That the act may fail, and there would be a third try, is said besides.
    let mut foretold = story(&check);
    foretold.retain(|(_, status)| *status != TaskStatus::Unknown);
    assert_eq!(foretold, story(&apply));
    assert_eq!(check.task("act [again]").actions[0].certainty, Certainty::Exact);
}

#[test]
fn a_block_s_keywords_are_typed_on_loading() {
    let errors = |keyword: &str| -> Vec<String> {
        let tasks = format!("- block:\n    - command: tell\n  {keyword}\n");
        let errors = bench(&tasks).load().err();
        errors.map(|errors| errors.diagnostics.iter().map(ToString::to_string).collect()).unwrap()
    };
    assert_eq!(
        errors("loop: 5"),
        ["`loop` takes a list or one `{{ expression }}` that gives a list, not an integer"]
    );
    assert_eq!(errors("retries: many"), ["`retries` takes a number, not text"]);
    assert_eq!(errors("until: missing.rc == 0"), ["undefined variable `missing`"]);
    assert_eq!(errors("loop_control: {lop_var: x}").len(), 1);
    assert_eq!(errors("register: 5x").len(), 1);
}

#[test]
fn tags_choose_what_a_looped_block_runs() {
    let tasks = "
- block:
    - name: chosen
      command: tell
      tags: [wanted]
    - name: other
      command: tell
  loop: [a, b]
- block:
    - command: tell
  loop: '{{ missing_result.stdout_lines }}'
- name: missing
  command: tell
  register: missing_result
";
    let told = bench(tasks).tagged(&["wanted"], &[]).apply();
    assert_eq!(
        story(&told),
        [("chosen [a]", TaskStatus::Changed), ("chosen [b]", TaskStatus::Changed)]
    );
}

#[test]
fn what_is_included_under_an_unknown_condition_knows_what_it_sets_itself() {
    let tasks = "
- name: asked
  command: {cmd: tell, creates: /srv/asked}
  register: asked
- include_tasks: part.yml
  when: asked.stdout == 'yes'
- name: after
  debug: {msg: '{{ own }}'}
";
    let part = "
- name: set
  set_fact: {own: inside}
- name: write
  copy: {dest: /etc/part, content: '{{ own }}'}
- name: seen
  stat: {path: /etc/part}
  register: part
- name: follows
  copy: {dest: /etc/follows, content: x}
  when: part.stat.exists
- name: not this
  copy: {dest: /etc/never, content: x}
  when: not part.stat.exists
";
    let bench = bench(tasks)
        .with("roles/r/tasks/part.yml", part)
        .with("roles/r/defaults/main.yml", "own: outside\n");
    let check = bench.check();
    for task in ["write", "follows"] {
        let action = &check.task(task).actions[0];
        assert_eq!((&*action.kind, action.certainty), ("write_file", Certainty::OnlyIf), "{task}");
    }
    assert_eq!(check.status("not this"), TaskStatus::Skipped);
    assert_eq!(check.status("after"), TaskStatus::Ok);
    assert!(!said(&check, "after").contains("side"), "{}", said(&check, "after"));
}

#[test]
fn a_way_that_would_fail_is_no_failure_of_the_run() {
    let tasks = "
- name: asked
  command: {cmd: tell, creates: /srv/asked}
  register: asked
- include_tasks: part.yml
  when: asked.stdout == 'yes'
- name: after
  copy: {dest: /etc/after, content: x}
";
    let part = "
- name: no
  fail: {msg: not here}
- name: never
  copy: {dest: /etc/never, content: x}
";
    let bench = bench(tasks).with("roles/r/tasks/part.yml", part);
    let check = bench.check();
    assert_eq!(check.status("no"), TaskStatus::Unknown);
    let would = &check.task("no").reason;
    assert!(
        matches!(would, Some(Reason::WouldFail { error, only_if: Some(_) }) if error == "not here"),
        "{would:?}"
    );
    assert!(check.tasks().all(|task| task.task.name != "never"));
    assert_eq!(check.task("after").actions[0].certainty, Certainty::Exact);
    assert_eq!(check.report.unwrap().status, HostStatus::Changed);
}

#[test]
fn a_host_that_may_end_is_told_the_rest_as_a_way_it_may_not_go() {
    let tasks = "
- name: asked
  command: tell
  register: asked
- meta: end_host
  when: asked.stdout == 'yes'
- name: rest
  copy: {dest: /etc/rest, content: x}
";
    let mut bench = bench(tasks);
    assert_eq!(bench.check().task("rest").actions[0].certainty, Certainty::OnlyIf);
    assert_eq!(bench.apply().status("rest"), TaskStatus::Changed);
    let ending = "commands: [{argv: [tell], stdout: 'yes'}]";
    let told = Bench::new(world(ending), tasks).apply();
    assert_eq!(story(&told), [("asked", TaskStatus::Changed)]);
    assert_eq!(told.report.unwrap().status, HostStatus::Changed);
}

#[test]
fn what_a_failing_rescue_notifies_is_known_to_the_rescue_around_it() {
    let tasks = "
- block:
    - block:
        - name: risky
          command: broken
      rescue:
        - name: inner
          copy: {dest: /etc/inner, content: x}
          notify: told
        - name: fails
          fail: {msg: no}
  rescue:
    - name: outer
      stat: {path: /etc/inner}
      register: inner
    - name: it is there
      copy: {dest: /etc/outer, content: x}
      when: inner.stat.exists
";
    let mut bench =
        bench(tasks).with("roles/r/handlers/main.yml", "- name: told\n  command: tell\n");
    let check = bench.check();
    assert_eq!(check.task("told").actions[0].certainty, Certainty::OnlyIf);
    assert_eq!(check.task("it is there").actions[0].certainty, Certainty::OnFailure);
    let apply = bench.apply();
    assert_eq!(apply.status("it is there"), TaskStatus::Changed);
    assert_eq!(apply.status("told"), TaskStatus::Changed);
}

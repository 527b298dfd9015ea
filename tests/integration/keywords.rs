//! What a task's keywords do to it, on a host in memory.

use crate::bench::{Bench, Told, world};
use converge::event::{Event, Reason, TaskStatus};
use converge::host::View as _;

fn bench(tasks: &str) -> Bench {
    let yaml = "
commands:
  - {argv: [tell], rc: 0}
  - {argv: [broken], rc: 3, stderr: no}
  - {argv: [start, network], rc: 0}
  - {argv: [ask], rc: 1, stdout: not yet}
";
    Bench::new(world(yaml), tasks)
}

fn names(told: &Told) -> Vec<&str> {
    told.tasks().map(|task| task.task.name.as_str()).collect()
}

const TAGGED: &str = "
- {name: plain, command: tell}
- {name: mail, command: tell, tags: [mail]}
- {name: both, command: tell, tags: [mail, web]}
- {name: always, command: tell, tags: [always]}
- {name: never, command: tell, tags: [never, rare]}
- name: block
  tags: [web]
  block:
    - {name: inside, command: tell}
";

#[test]
fn tags_choose_tasks() {
    let ran = |tags: &[&str], skip: &[&str]| {
        let told = bench(TAGGED).tagged(tags, skip).apply();
        names(&told).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ran(&[], &[]), ["plain", "mail", "both", "always", "inside"]);
    assert_eq!(ran(&["mail"], &[]), ["mail", "both", "always"]);
    assert_eq!(ran(&["web"], &[]), ["both", "always", "inside"]);
    assert_eq!(ran(&["rare"], &[]), ["always", "never"]);
    assert_eq!(ran(&[], &["web"]), ["plain", "mail", "always"]);
    assert_eq!(ran(&["mail"], &["web", "always"]), ["mail"]);
    assert_eq!(ran(&["all"], &[]), ["plain", "mail", "both", "always", "inside"]);
    assert_eq!(ran(&["tagged"], &[]), ["mail", "both", "always", "inside"]);
    assert_eq!(ran(&["untagged"], &[]), ["plain", "always"]);
    assert_eq!(ran(&["rare", "all"], &["tagged"]), ["plain"]);
    assert_eq!(ran(&[], &["untagged"]), ["mail", "both", "always", "inside"]);
    assert_eq!(ran(&[], &["all"]), ["always"]);
}

#[test]
fn handlers_are_not_subject_to_tags() {
    let tasks =
        "- name: one\n  copy: {dest: /etc/one, content: x}\n  notify: [a, b]\n  tags: mail\n";
    let handlers = "- {name: a, command: tell}\n- {name: b, command: tell, tags: [web]}\n";
    for (tags, skip) in [(vec!["mail"], vec![]), (vec![], vec!["web"])] {
        let bench = bench(tasks).with("roles/r/handlers/main.yml", handlers);
        assert_eq!(names(&bench.tagged(&tags, &skip).apply()), ["one", "a", "b"]);
    }
}

#[test]
fn until_is_tried_a_bounded_number_of_times() {
    let tasks = |retries: &str| {
        format!(
            "- name: it\n  command: tell\n  changed_when: false\n  \
             register: r\n  until: r.stdout == 'ready'\n  delay: 1\n{retries}"
        )
    };
    let failed = bench(&tasks("  retries: 2\n")).apply();
    assert_eq!(failed.errors(), ["not so after 3 tries"]);
    let failed = bench(&tasks("")).apply();
    assert_eq!(failed.errors(), ["not so after 4 tries"], "three retries where none are given");
}

/// As ansible-core 2.19 does it: `attempts` after the last try are those before it, and what
/// `failed_when` does not count as a failure does not stop the run, though it is registered as one.
#[test]
fn what_was_tried_in_vain_is_registered_as_ansible_does() {
    let tasks = "
- {name: a, command: ask, changed_when: false, failed_when: false, register: a, until: a.rc == 0, retries: 2, delay: 0}
- {name: b, command: ask, changed_when: false, ignore_errors: true, register: b, retries: 2, delay: 0}
- {name: c, command: tell, register: c, until: c.rc == 0, retries: 2, delay: 0}
- name: told
  assert:
    that:
      - a.attempts == 2 and a.failed and a is failed and a.failed_when_result is false
      - b.attempts == 2 and b.failed
      - c.attempts == 1 and not c.failed
";
    let told = bench(tasks).apply();
    assert_eq!(told.errors(), ["`ask` ended with 1"], "of `b`, which is ignored");
    assert_eq!(
        told.task("a").reason,
        Some(Reason::FailureNotCounted { error: "not so after 3 tries".into() })
    );
}

/// The first try's work is told, and its handler runs, where the second finds it done.
#[test]
fn what_an_earlier_try_did_is_told_and_notifies() {
    let scripts = "
commands:
  - {argv: [half], when: {absent: /srv/half}, effects: [{write: {path: /srv/half, content: x}}]}
  - {argv: [ask], when: {file: /srv/half}, stdout: ready}
  - {argv: [tell], rc: 0}
";
    let tasks = "
- name: it
  command: {cmd: half, creates: /srv/half}
  register: it
  until: it is not changed
  delay: 0
  notify: told
";
    let mut bench = Bench::new(world(scripts), tasks)
        .with("roles/r/handlers/main.yml", "- {name: told, command: tell}\n");
    let told = bench.apply();
    assert_eq!(told.task("it").actions.len(), 1);
    assert_eq!(told.status("it"), TaskStatus::Changed);
    assert_eq!(told.status("told"), TaskStatus::Changed);
    assert!(bench.state.pending.is_empty());
}

#[test]
fn end_play_says_what_it_would_be() {
    let errors = bench("- meta: end_play\n").load().err().unwrap();
    let error = &errors.diagnostics[0];
    assert_eq!(error.message, "`meta: end_play` would end the run of every host");
    assert!(error.help.as_deref().unwrap().contains("end_host"));
}

/// `attempts` and `failed_when_result` are there as in Ansible, and only where they are asked for.
#[test]
fn a_result_tells_how_often_it_was_tried_and_what_failed_when_said() {
    let tasks = "
- {name: a, command: ask, changed_when: false, failed_when: false, register: a, until: a.attempts > 2, retries: 5, delay: 0}
- {name: b, command: ask, changed_when: false, failed_when: b.rc == 1, ignore_errors: true, register: b}
- {name: c, command: tell, changed_when: false, register: c}
- name: told
  assert:
    that:
      - a.attempts == 3 and a.failed_when_result is false and not a.failed
      - b.failed_when_result is true and b.failed and b.attempts is not defined
      - c.attempts is not defined and c.failed_when_result is not defined
";
    let told = bench(tasks).apply();
    assert_eq!(told.status("told"), TaskStatus::Ok, "{:?}", told.errors());
}

#[test]
fn what_cannot_be_asked_in_a_dry_run_is_not_waited_for() {
    let tasks = "
- name: start
  command: {cmd: start network, creates: /srv/started, changes: [network]}
- name: wait
  command: ask
  changed_when: false
  failed_when: false
  register: r
  until: r.stdout == 'ready'
  retries: 1000
  delay: 1000
";
    let told = bench(tasks).check();
    assert_eq!(told.errors(), Vec::<String>::new());
    assert_eq!(told.status("wait"), TaskStatus::Unknown);
}

#[test]
fn a_retried_act_is_done_until_it_succeeds_or_no_retry_is_left() {
    let told = bench("- {name: it, command: broken, retries: 2, delay: 0}\n").apply();
    assert_eq!(told.errors(), ["exit status 3"]);
    let announced = |event: &&Event| matches!(event, Event::Announced { .. });
    assert_eq!(told.events.iter().filter(announced).count(), 3, "once, and two more times");
    let told = bench("- {name: it, command: tell, retries: 2, delay: 0}\n").apply();
    assert_eq!(told.events.iter().filter(announced).count(), 1, "it succeeded");
}

#[test]
fn loops_have_labels_indices_and_names_of_their_own() {
    let tasks = "
- name: it
  copy: {dest: \"/etc/{{ at }}-{{ one.name }}\", content: x}
  loop: [{name: a, secret: s}, {name: b, secret: t}]
  loop_control: {loop_var: one, index_var: at, label: \"the {{ one.name }}\"}
";
    let told = bench(tasks).check();
    assert_eq!(names(&told), ["it [the a]", "it [the b]"]);
    let targets: Vec<_> = told.actions().iter().map(|action| action.target.clone()).collect();
    assert_eq!(targets, ["/etc/0-a", "/etc/1-b"]);
}

#[test]
fn end_host_ends_it_well_and_its_handlers_run() {
    let tasks = "
- name: first
  copy: {dest: /etc/one, content: x}
  notify: handled
- meta: end_host
  when: inventory_hostname is defined
- {name: never, command: tell}
";
    let mut bench =
        bench(tasks).with("roles/r/handlers/main.yml", "- {name: handled, command: tell}\n");
    let told = bench.apply();
    assert_eq!(names(&told), ["first", "handled"]);
    assert!(bench.state.unfinished.is_none());
}

#[test]
fn handlers_listen_to_topics() {
    let tasks = "- name: one\n  copy: {dest: /etc/one, content: x}\n  notify: reread\n";
    let handlers = "
- {name: a, command: tell, listen: reread}
- {name: b, command: tell, listen: [other, reread]}
- {name: c, command: tell, listen: other}
";
    let told = bench(tasks).with("roles/r/handlers/main.yml", handlers).apply();
    assert_eq!(names(&told), ["one", "a", "b"]);
}

/// As ansible-core 2.19 does.
#[test]
fn an_include_is_chosen_by_its_own_tags_and_hands_on_only_what_it_applies() {
    let tasks = "
- include_tasks: untagged.yml
- {include_tasks: tagged.yml, tags: [t]}
- {import_tasks: imported.yml, tags: [t]}
- include_tasks: {file: applied.yml, apply: {tags: [t], when: wanted}}
  vars: {wanted: true}
  tags: [t]
- include_role: {name: other, apply: {tags: [t], vars: {what: applied}}}
  tags: [t]
- tags: [t]
  block:
    - include_tasks: inside.yml
";
    let ran = |tags: &[&str]| {
        let other = "- {name: \"role {{ what }}\", command: tell}\n";
        let mut bench = bench(tasks).with("roles/other/tasks/main.yml", other);
        for file in ["untagged", "tagged", "imported", "applied", "inside"] {
            let text = format!(
                "- {{name: {file}, command: tell}}\n- {{name: {file} t, command: tell, tags: [t]}}\n"
            );
            bench = bench.with(&format!("roles/r/tasks/{file}.yml"), &text);
        }
        let told = bench.tagged(tags, &[]).apply();
        assert_eq!(told.errors(), Vec::<String>::new());
        names(&told).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let chosen = [
        "tagged t",
        "imported",
        "imported t",
        "applied",
        "applied t",
        "role applied",
        "inside",
        "inside t",
    ];
    assert_eq!(ran(&["t"]), chosen);
    assert_eq!(ran(&[]).len(), 11);
}

#[test]
fn what_ansible_has_and_nothing_here_is_said_to_be_missing_where_it_is_asked_for() {
    for (asked, name) in [
        ("when: ansible_env is defined", "ansible_env"),
        ("when: ansible_mounts is defined and ansible_mounts | length > 0", "ansible_mounts"),
        ("when: ansible_facts.python_version is defined", "python_version"),
        ("vars: {x: \"{{ inventory_dir | default({}) }}\"}", "inventory_dir"),
        ("when: playbook_dir is not defined", "playbook_dir"),
        ("when: (template_path | default('')) == ''", "template_path"),
    ] {
        let errors = bench(&format!("- command: tell\n  {asked}\n")).load().err();
        let errors = errors.unwrap_or_else(|| panic!("{asked}")).diagnostics;
        assert!(errors[0].message.contains(&format!("`{name}`")), "{asked}: {errors:?}");
    }
    for fine in [
        "when: ansible_check_mode | default(false)",
        "when: ansible_default_ipv4 is defined and own is not defined",
        "vars: {ansible_env: {}, x: \"{{ ansible_env | default({}) }}\"}",
    ] {
        assert!(bench(&format!("- command: tell\n  {fine}\n")).load().is_ok(), "{fine}");
    }
}

/// As ansible-core 2.19 does when the role is entered.
#[test]
fn a_role_s_own_value_that_its_specification_cannot_mean_is_refused() {
    let specs = |kind: &str| {
        format!("argument_specs:\n  main:\n    options:\n      own: {{type: {kind}}}\n")
    };
    for (value, kind, fine) in [
        ("[{a: 1}]", "int", false),
        ("many", "int", false),
        ("{a: 1}", "list", false),
        ("[a]", "str", false),
        ("maybe", "bool", false),
        ("'25'", "int", true),
        ("25", "str", true),
        ("'yes'", "bool", true),
        ("a,b", "list", true),
        ("'{{ other }}'", "int", true),
        ("null", "int", true),
    ] {
        let bench = bench("- command: tell\n")
            .with("roles/r/defaults/main.yml", &format!("own: {value}\nother: 1\n"))
            .with("roles/r/meta/argument_specs.yml", &specs(kind));
        let errors = bench.load().err().map(|errors| errors.diagnostics.len());
        assert_eq!(errors, (!fine).then_some(1), "{value} as {kind}");
    }
}

#[test]
fn an_include_is_gone_through_for_every_item() {
    let tasks = "
- name: each
  include_tasks: more.yml
  loop: [a, b, c]
  loop_control: {loop_var: one, index_var: at}
  vars: {dest: \"/etc/{{ at }}-{{ one }}\"}
  when: one != 'b'
- include_role: {name: other}
  loop: \"{{ ['x', 'y'] }}\"
- include_tasks: more.yml
  loop: []
  vars: {dest: /never}
";
    let more = "- {name: more, copy: {dest: \"{{ dest }}\", content: x}}\n\
                - {name: inner, debug: {msg: \"{{ item }}\"}, loop: [1]}\n";
    let other = "- {name: other, copy: {dest: \"/srv/{{ item }}\", content: x}}\n";
    let mut bench =
        bench(tasks).with("roles/r/tasks/more.yml", more).with("roles/other/tasks/main.yml", other);
    for told in [bench.check(), bench.apply()] {
        assert_eq!(told.errors(), Vec::<String>::new());
        let targets: Vec<_> = told.actions().iter().map(|action| action.target.clone()).collect();
        assert_eq!(targets, ["/etc/0-a", "/etc/2-c", "/srv/x", "/srv/y"]);
    }
    assert!(bench.apply().actions().is_empty(), "a second run");
}

#[test]
fn an_include_over_what_is_not_known_yet_is_open() {
    let tasks = "
- {name: ask, command: tell, register: r}
- include_tasks: more.yml
  loop: \"{{ r.stdout_lines }}\"
";
    let more = "- {name: more, copy: {dest: \"/etc/{{ item }}\", content: x}}\n";
    let told = bench(tasks).with("roles/r/tasks/more.yml", more).check();
    assert_eq!(told.errors(), Vec::<String>::new());
    assert_eq!(told.status("include_tasks"), TaskStatus::Unknown);
    assert_eq!(names(&told), ["ask", "include_tasks"]);
}

#[test]
fn a_loop_pauses_between_its_items() {
    let mut bench = bench(
        "- {name: it, command: tell, loop: [1, 2, 3], loop_control: {pause: \"{{ 1.5 }}\"}}\n",
    );
    bench.apply();
    assert_eq!(bench.host.clock(), std::time::Duration::from_secs(3));
}

#[test]
fn a_keyword_that_would_do_nothing_is_refused() {
    let refused = [
        ("block: [{command: tell}]", "notify: h"),
        ("block: [{command: tell}]", "run_once: true"),
        ("block: [{command: tell}]", "timeout: 5"),
        ("block: [{command: tell}]", "changed_when: false"),
        ("import_tasks: more.yml", "loop: [1]"),
        ("import_tasks: more.yml", "with_items: [1]"),
        ("import_role: {name: r, tasks_from: more}", "loop: [1]"),
        ("include_tasks: more.yml", "register: x"),
        ("include_tasks: more.yml", "run_once: true"),
        ("meta: flush_handlers", "when: false"),
        ("meta: end_host", "loop: [1]"),
        ("command: tell", "rescue: [{command: tell}]"),
        ("command: tell", "loop_control: {extended: true}"),
    ];
    let told: Vec<String> = refused
        .into_iter()
        .map(|(action, keyword)| {
            let errors = bench(&format!("- {action}\n  {keyword}\n"))
                .with("roles/r/tasks/more.yml", "- command: tell\n")
                .load()
                .err();
            let error =
                errors.unwrap_or_else(|| panic!("{action} {keyword}")).diagnostics.remove(0);
            format!("{}; {}", error.message, error.help.unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

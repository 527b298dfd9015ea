//! The loop's rules, case by case, on a host in memory.

mod handlers;

use crate::bench::{Bench, diff, world};
use converge::event::{
    Certainty, Change, Diff, HostStatus, Note, Reason, TargetState, TaskStatus, Withheld,
};
use converge::host::in_memory::World;
use converge::host::{Assumption, Host as _, View as _};
use converge::value::Known;
use std::path::Path;

#[test]
fn a_file_is_foretold_written_and_then_as_declared() {
    let tasks = r#"
- name: greeting
  copy: {dest: /etc/motd, content: "hello\n", mode: "0644"}
"#;
    let mut bench = Bench::new(World::default(), tasks);
    let check = bench.check();
    let apply = bench.apply();
    assert_eq!(check.actions(), apply.actions());
    assert_eq!(apply.status("greeting"), TaskStatus::Changed);
    assert_eq!(apply.task("greeting").change, Some(Change::New));
    let again = bench.apply();
    assert_eq!(again.status("greeting"), TaskStatus::Ok);
    assert_eq!(again.report.unwrap().status, HostStatus::Ok);
}

/// `postmap` says that it succeeded, and the table does not hold what its source says.
#[test]
fn an_act_whose_end_can_be_seen_is_looked_at_again() {
    let tasks = "
- name: table
  postfix_map: {path: /etc/m, type: hash, content: 'a b'}
";
    let world = world(
        "
files: {/usr/sbin/postmap: {file: {}}}
commands: [{argv: [postmap, -s, 'hash:/etc/m'], rc: 1}, {argv: [postmap, 'hash:/etc/m'], rc: 0}]
",
    );
    let mut bench = Bench::new(world, tasks);
    assert_eq!(bench.check().status("table"), TaskStatus::Changed);
    let apply = bench.apply();
    assert_eq!(apply.status("table"), TaskStatus::Failed);
    let error = format!("{:?}", apply.task("table").error);
    assert!(
        error.contains("did not converge: `run postmap hash:/etc/m` is still to do"),
        "{error}"
    );
}

/// Its checker comes after the file: the unit does not start before it was asked.
#[test]
fn a_validate_that_comes_later_is_asked_before_a_unit_starts() {
    let tasks = "
- {name: conf, copy: {dest: /etc/app.conf, content: x, validate: /usr/sbin/app-check %s}}
- {name: checker, copy: {dest: /usr/sbin/app-check, content: y, mode: '0755'}}
- {name: on, service: {name: app, state: started}}
";
    let bench = |rc: u8| {
        let script = format!("argv: [/usr/sbin/app-check, /etc/app.conf], rc: {rc}");
        let units = "units: {app.service: {enabled: enabled}}";
        Bench::new(world(&format!("{units}\ncommands: [{{{script}}}]")), tasks)
    };
    let mut good = bench(0);
    let check = good.check();
    assert_eq!(check.report.as_ref().unwrap().status, HostStatus::Changed);
    let by = "/usr/sbin/app-check /etc/app.conf".to_owned();
    let assumptions = vec![Assumption::Accepted { by }];
    assert_eq!(check.task("on").reason, Some(Reason::AssumedSo { assumptions }));
    assert_eq!(good.apply().status("on"), TaskStatus::Changed);
    assert_eq!(good.apply().report.unwrap().status, HostStatus::Ok);
    let mut bad = bench(1);
    for _ in 0..2 {
        let told = bad.apply();
        assert_eq!(told.status("on"), TaskStatus::Failed);
        let error = format!("{:?}", told.task("on").error);
        assert!(error.contains("`/usr/sbin/app-check /etc/app.conf` does not accept"), "{error}");
    }
}

#[test]
fn a_validate_that_never_comes_is_an_error_before_anything_is_replaced() {
    let file = "{dest: /etc/sudoers.d/x, content: bad, validate: '/usr/sbin/visudoo -cf %s'}";
    let alone = format!("- {{name: rule, copy: {file}}}\n");
    let old = "files: {/etc/sudoers.d/x: {file: {content: good}}}";
    let mut bench = Bench::new(world(old), &alone);
    for told in [bench.check(), bench.apply()] {
        assert_eq!(told.status("rule"), TaskStatus::Failed);
        let error = format!("{:?}", told.task("rule").error);
        assert!(error.contains("there is no `/usr/sbin/visudoo` to validate"), "{error}");
    }
    let there = bench.host.view().read(std::path::Path::new("/etc/sudoers.d/x")).unwrap();
    assert_eq!(there, Known::Is(b"good".to_vec()));
    // A package may bring it, and does not.
    let package = format!("{alone}- {{name: tool, package: {{name: tool}}}}\n");
    let world = world(&format!("{old}\ncatalogue: {{tool: {{version: '1'}}}}"));
    let mut bench = Bench::new(world, &package);
    let told = bench.apply();
    assert_eq!(told.status("tool"), TaskStatus::Changed);
    assert_eq!(told.report.as_ref().unwrap().status, HostStatus::Failed);
    assert!(told.errors().concat().contains("nothing brought `/usr/sbin/visudoo`"));
}

#[test]
fn a_foreign_hand_is_drift_and_a_changed_role_is_intended() {
    let tasks =
        |text: &str| format!("- name: greeting\n  copy: {{dest: /etc/motd, content: {text}}}\n");
    let mut bench = Bench::new(World::default(), &tasks("one"));
    bench.apply();
    let mut drifted = bench.clone();
    drifted.host.world_mut().files.remove(std::path::Path::new("/etc/motd"));
    assert_eq!(drifted.check().task("greeting").change, Some(Change::Drift));
    let intended = bench.with("roles/r/tasks/main.yml", &tasks("two"));
    assert_eq!(intended.check().task("greeting").change, Some(Change::Intended));
}

/// A token that is made anew where it is missing is another one: still somebody removed the file.
#[test]
fn a_file_that_somebody_removed_is_drift_whatever_it_will_hold() {
    let tasks = |first: &str| {
        format!(
            "
- name: is it there
  stat: {{path: /etc/token}}
  register: kept
- name: kept
  slurp: {{path: /etc/token}}
  register: old
  when: kept.stat.exists
- name: mint
  command: {{cmd: mint}}
  register: minted
  when: not kept.stat.exists
- name: which
  set_fact:
    token: \"{{{{ (old.content | b64decode | trim) if kept.stat.exists else {first} }}}}\"
- name: token
  copy: {{dest: /etc/token, content: \"{{{{ token }}}}\\n\", mode: \"0600\"}}
"
        )
    };
    let world = || world("commands: [{argv: [mint], rc: 0, stdout: t0ken}]");
    let minted = "minted.stdout";
    let mut bench = Bench::new(world(), &tasks(minted));
    // What hinges on a command is known after it: nothing is said of a host that never had it.
    assert_eq!(bench.check().task("token").change, None);
    assert_eq!(bench.apply().task("token").change, Some(Change::New));
    assert_eq!(bench.check().actions().len(), 0);
    bench.host.world_mut().files.remove(std::path::Path::new("/etc/token"));
    let told = bench.check();
    assert_eq!(told.task("token").change, Some(Change::Drift));
    assert_eq!(told.task("token").actions[0].certainty, Certainty::Open);
    // The next one is not the one that was written.
    let mut bench = bench.with("roles/r/tasks/main.yml", &tasks("minted.stdout ~ 2"));
    assert_eq!(bench.apply().task("token").change, Some(Change::Drift));
    let bench =
        bench.with("roles/r/tasks/main.yml", "- copy: {dest: /etc/token, content: other}\n");
    assert_eq!(bench.check().tasks().next().unwrap().change, Some(Change::Intended));
}

#[test]
fn a_secret_file_that_somebody_removed_is_drift_and_not_shown() {
    let tasks = "- {name: a, copy: {dest: /etc/a, content: s3cret, mode: '0600'}, no_log: true}\n";
    let mut bench = Bench::new(World::default(), tasks);
    bench.apply();
    bench.host.world_mut().files.remove(std::path::Path::new("/etc/a"));
    let told = bench.check();
    assert_eq!(told.task("a").change, Some(Change::Drift));
    assert_eq!(told.task("a").actions[0].before, Some(TargetState::Absent));
    assert!(!format!("{:?}", told.events).contains("s3cret"));
}

#[test]
fn a_command_that_fails_says_its_last_words_unless_it_knows_a_secret() {
    let said = |rest: &str| {
        let tasks = format!("- name: act\n  command: {{cmd: broken}}\n{rest}");
        let world = world(
            "commands: [{argv: [broken], rc: 3, stdout: no, stderr: \"1\\n2\\n3\\n4\\n5\\n\\n6\\n\"}]",
        );
        let told = Bench::new(world, &tasks).apply();
        let error = told.tasks().find_map(|task| task.error.clone()).unwrap();
        (error.message, error.notes)
    };
    let (message, notes) = said("");
    assert_eq!((message.as_str(), notes.join(" ")), ("exit status 3", "2 3 4 5 6".to_owned()));
    assert_eq!(said("  no_log: true\n").1, Vec::<String>::new());
}

#[test]
fn what_hinges_on_an_unknown_is_announced_as_such() {
    let tasks = r#"
- name: token
  command: {cmd: make-token, creates: /etc/token}
  register: token
- name: used
  copy: {dest: /etc/used, content: "{{ token.stdout }}"}
- name: perhaps
  copy: {dest: /etc/perhaps, content: x}
  when: token.stdout == 'yes'
"#;
    let world = world(
        "commands: [{argv: [make-token], rc: 0, stdout: yes, effects: [{write: {path: /etc/token, content: t}}]}]",
    );
    let bench = Bench::new(world, tasks);
    let check = bench.check();
    assert_eq!(check.status("used"), TaskStatus::Unknown);
    assert_eq!(check.task("used").actions[0].certainty, Certainty::Open);
    assert_eq!(check.task("perhaps").actions[0].certainty, Certainty::OnlyIf);
}

#[test]
fn a_failure_stops_the_host_and_says_what_was_not_run() {
    let tasks = "
- name: stop
  fail: {msg: enough}
- name: never
  copy: {dest: /etc/never, content: x}
";
    let mut bench = Bench::new(World::default(), tasks);
    let told = bench.apply();
    assert_eq!(told.errors(), ["enough"]);
    assert_eq!(told.report.unwrap().not_run, 1);
}

#[test]
fn what_failed_does_not_count_as_done() {
    let scripts = "commands: [{argv: [broken], rc: 3}, {argv: [fine], rc: 0}]";
    let fine = "- {name: one, command: fine}\n";
    for (tasks, done, failed) in [
        ("- {name: two, command: broken}\n", 1, true),
        ("- {name: two, command: broken, ignore_errors: true}\n", 1, true),
        // It ended as the role takes it to end.
        ("- {name: two, command: broken, register: b, failed_when: b.rc > 3}\n", 2, false),
    ] {
        let mut bench = Bench::new(world(scripts), &format!("{fine}{tasks}"));
        assert_eq!(bench.check().report.unwrap().done, 2, "{tasks}");
        let apply = bench.apply();
        assert!(!apply.task("one").actions[0].failed);
        assert_eq!(apply.task("two").actions[0].failed, failed, "{tasks}");
        assert_eq!(apply.report.unwrap().done, done, "{tasks}");
    }
}

#[test]
fn rescue_is_announced_and_runs_when_the_block_fails() {
    let tasks = "
- block:
    - name: risky
      command: {cmd: risky, creates: /etc/done}
  rescue:
    - name: rescued
      copy: {dest: /etc/rescued, content: '{{ ansible_failed_task.name }}'}
";
    let world = world("commands: [{argv: [risky], rc: 3}]");
    let mut bench = Bench::new(world, tasks);
    let check = bench.check();
    let rescued = check.actions().into_iter().find(|action| action.target == "/etc/rescued");
    assert_eq!(rescued.map(|action| action.certainty), Some(Certainty::OnFailure));
    let apply = bench.apply();
    assert_eq!(apply.status("rescued"), TaskStatus::Changed);
    assert_eq!(apply.report.unwrap().status, HostStatus::Changed);
}

#[test]
fn what_is_no_longer_declared_is_said_once_and_a_skipped_task_still_declares() {
    let tasks = "
- name: each
  copy: {dest: '/etc/{{ item }}', content: x}
  loop: '{{ names }}'
- name: sometimes
  copy: {dest: /etc/sometimes, content: x}
  when: sometimes
";
    let vars = |names: &str, sometimes: bool| format!("names: {names}\nsometimes: {sometimes}\n");
    let mut bench =
        Bench::new(World::default(), tasks).with("group_vars/all.yml", &vars("[a, b]", true));
    bench.apply();
    let mut bench = bench.with("group_vars/all.yml", &vars("[a]", false));
    let warnings = |told: &crate::bench::Told| -> Vec<String> {
        let warnings = told.events.iter().filter_map(|event| match event {
            converge::event::Event::Warning(warning) => Some(warning.message.clone()),
            _ => None,
        });
        warnings.collect()
    };
    assert_eq!(warnings(&bench.apply()), ["file /etc/b is no longer declared; it stays as it is"]);
    assert!(warnings(&bench.apply()).is_empty());
}

#[test]
fn an_act_that_nothing_guards_is_said_to_be_done_in_every_run() {
    let tasks = "
- name: bare
  command: tell
- name: created
  command: {cmd: tell, creates: /nowhere}
- name: asked
  command: tell
  when: inventory_hostname is defined
- block:
    - name: inside
      command: tell
  when: true
- name: noticed
  copy: {dest: /etc/one, content: a}
  notify: handled
";
    let bench = Bench::new(world("commands: [{argv: [tell], rc: 0}]"), tasks)
        .with("roles/r/handlers/main.yml", "- name: handled\n  command: tell\n");
    let check = bench.check();
    let said = |task: &str| check.task(task).actions[0].notes.contains(&Note::EveryRun);
    let all = ["bare", "created", "asked", "inside", "noticed", "handled"];
    assert_eq!(all.map(said), [true, false, false, false, false, false]);
}

#[test]
fn what_becomes_of_a_user_is_told_but_no_secret() {
    let bob = "{name: bob, uid: 1001, group: bob, groups: [adm], comment: Bob, home: /home/bob, shell: /bin/sh}";
    let host = format!(
        "users: [{bob}]\ngroups: [{{name: bob, gid: 1001}}, {{name: adm, gid: 4}}, {{name: sudo, gid: 27}}]"
    );
    let tasks = "
- name: changed
  user: {name: bob, shell: /bin/bash, groups: [adm, sudo], uid: 1001}
- name: new
  user: {name: eve, comment: Eve, password: in-the-clear}
- name: private
  user: {name: ann, comment: Ann}
  no_log: true
";
    let told = Bench::new(world(&host), tasks).check();
    let action = |task: &str| &told.task(task).actions[0];
    let changed = action("changed");
    let fields = vec!["groups".to_owned(), "shell".to_owned()];
    assert_eq!(changed.notes, [Note::Sets { fields }]);
    let shown = diff(changed);
    for line in
        ["-groups: adm\n", "+groups: adm, sudo\n", "-shell: /bin/sh\n", "+shell: /bin/bash\n"]
    {
        assert!(shown.contains(line), "{shown}");
    }
    let new = diff(action("new"));
    assert!(new.contains("+comment: Eve\n") && !new.contains("in-the-clear"), "{new}");
    assert_eq!(action("private").diff, None);
}

#[test]
fn a_diff_that_is_not_shown_says_why() {
    let files = "files: {/etc/x: {file: {content: a, mode: '0640'}}, /etc/y: {file: {content: a}}}";
    let tasks = "- copy: {dest: /etc/x, content: b}\n- copy: {dest: /etc/y, content: b}\n";
    let told = Bench::new(world(files), tasks).check();
    let actions = told.actions();
    let withheld = Diff::Withheld { count: 2, why: Withheld::Unreadable };
    assert_eq!(actions[0].diff, Some(withheld));
    assert!(diff(actions[1]).contains("+b"), "{actions:?}");
}

#[test]
fn a_loop_over_what_is_no_list_says_how_to_write_one() {
    for (items, kind, help) in [
        ("group_names | length", "an integer", "to count, write `range(N) | list`"),
        ("{'a': group_names}", "a mapping", "add `| dict2items`"),
        (
            "'a,' ~ inventory_hostname",
            "text",
            "write the items in brackets, or take `text | split(',')`",
        ),
    ] {
        let tasks = format!("- debug: {{msg: x}}\n  loop: \"{{{{ {items} }}}}\"\n");
        let told = Bench::new(World::default(), &tasks).apply();
        assert_eq!(told.errors(), [format!("`loop` takes a list, not {kind}")]);
        let said = told.tasks().find_map(|task| task.error.clone()).unwrap();
        assert_eq!(said.help.as_deref(), Some(help));
    }
}

#[test]
fn facts_are_not_those_from_before_what_they_are_read_from_was_changed() {
    let tasks = "
- name: named
  copy: {dest: /etc/hostname, content: 'new\n'}
- name: used
  copy: {dest: /etc/used, content: '{{ ansible_hostname }}'}
- name: others
  copy: {dest: /etc/others, content: '{{ ansible_os_family }}'}
";
    let world = world(
        "{files: {/etc/hostname: {file: {content: 'old\n'}}}, facts: {ansible_os_family: Debian}}",
    );
    let mut bench = Bench::new(world, tasks);
    let check = bench.check();
    assert_eq!(check.task("used").actions[0].certainty, Certainty::Open);
    assert_eq!(check.task("others").actions[0].certainty, Certainty::Exact);
    bench.apply();
    let used = bench.host.read(Path::new("/etc/used")).unwrap().known().unwrap();
    assert_eq!(String::from_utf8(used).unwrap(), "new");
    assert_eq!(bench.check().actions().len(), 0);
}

/// What others answer says nothing of the host's own name and loopback; of its addresses it may.
#[test]
fn facts_of_the_host_itself_outlast_a_change_of_the_network() {
    let tasks = "
- name: started
  command: {cmd: start, creates: /srv/started, changes: [network]}
- name: itself
  copy: {dest: /etc/itself, content: '{{ ansible_fqdn }} {{ ansible_lo }}'}
- name: addresses
  copy: {dest: /etc/addresses, content: '{{ ansible_all_ipv4_addresses }}'}
";
    let world = world(
        "{commands: [{argv: [start], rc: 0}],
          facts: {ansible_fqdn: a.test, ansible_lo: x, ansible_all_ipv4_addresses: y}}",
    );
    let check = Bench::new(world, tasks).check();
    assert_eq!(check.task("itself").actions[0].certainty, Certainty::Exact);
    assert_eq!(check.task("addresses").actions[0].certainty, Certainty::Open);
}

/// What is asked with a value that is not known may be a change all the same.
#[test]
fn a_request_whose_body_is_not_known_is_announced() {
    let tasks = "
- name: token
  command: {cmd: tell, creates: /srv/token}
  register: token
- name: post
  uri: {url: 'http://192.0.2.9/', method: POST, body: '{{ token.stdout }}'}
- name: get
  uri: {url: 'http://192.0.2.9/{{ token.stdout }}'}
";
    let check = Bench::new(world("commands: [{argv: [tell], rc: 0}]"), tasks).check();
    assert_eq!(check.task("post").actions[0].certainty, Certainty::Open);
    assert!(check.task("get").actions.is_empty());
}

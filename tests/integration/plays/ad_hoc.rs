//! Tasks and commands that no file holds: the same run as a playbook's.

use super::stage::{Stage, Told};
use crate::bench::{Bench, world};
use converge::config::{AdHoc, AdHocTask};
use converge::event::{HostStatus, TaskStatus};
use converge::report::{DiffShow, Human, Mode, Outputs, Report, RunEnd, RunInfo, Style};

const HOSTS: &str = "all:
  hosts: {a: {word: one}, b: {word: two}, c: , d: }
  children: {web: {hosts: {a: , b: , c: }}, db: {hosts: {d: }}}
  vars: {word: three}
";

fn task(hosts: &str, task: &str) -> AdHoc {
    AdHoc { hosts: hosts.into(), what: AdHocTask::Tasks(task.into()) }
}

fn command(hosts: &str, words: &[&str]) -> AdHoc {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    AdHoc { hosts: hosts.into(), what: AdHocTask::Command(words) }
}

fn stage(written: AdHoc) -> Stage {
    let mut stage = Stage::new([("hosts.yml", HOSTS), ("./files/motd", "welcome\n")]);
    stage.options.playbooks.clear();
    stage.options.ad_hoc = Some(written);
    stage
}

/// What people read of it.
fn printed(stage: &Stage, told: &Told, only_command: bool) -> String {
    let project = stage.load().unwrap_or_else(|_| panic!("it loads"));
    let mut hosts: Vec<String> = told.events.iter().map(|(host, _)| host.clone()).collect();
    hosts.sort();
    hosts.dedup();
    let info = RunInfo {
        mode: Mode::Apply,
        hosts,
        sources: &project.sources,
        command: "converge run -i hosts.yml".into(),
        operands: " web -- it".into(),
        limit: None,
        kept: false,
    };
    let style = Style { colour: false, terminal: None, diff: DiffShow::Short, verbosity: 0 };
    let mut out = Vec::new();
    {
        let mut report: Box<dyn Report + '_> = match only_command {
            true => Box::new(Outputs::new(&mut out, style, info)),
            false => Box::new(Human::new(&mut out, style, info)),
        };
        for (host, event) in &told.events {
            report.event(host, event).unwrap();
        }
        report.finish(&RunEnd { run: "7f3a".into(), ms: 340 }).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_task_is_foretold_and_done_on_the_hosts_of_its_pattern() {
    let stage = stage(task(
        "web:!c",
        "[{copy: {dest: /etc/word, content: '{{ word }}'}}, {copy: {dest: /etc/motd, src: motd}}]",
    ));
    let check = stage.check();
    let apply = stage.apply();
    let hosts: Vec<&str> = apply.outcome.hosts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(hosts.len(), 2);
    for (host, word) in [("a", "one"), ("b", "two")] {
        assert_eq!(check.actions(host), apply.actions(host));
        let actions = apply.actions(host).join("\n");
        assert!(actions.contains(word) && actions.contains("welcome"), "{actions}");
        assert_eq!(stage.apply().status(host), HostStatus::Ok, "a second run has nothing to do");
    }
}

#[test]
fn a_mistake_is_shown_where_it_was_typed() {
    let cases = [
        (task("web", "copy: {dset: /x}"), "<task>:1:8", "dset"),
        (task("web", "copy: {dest: /x, content: '{{ wrod }}'}"), "<task>:1:31", "wrod"),
        (task("web", "{copy: {dest: /x, content: a}, notify: x}"), "<task>:1:40", "no handler"),
        (task("web", "copy: ["), "<task>:1:", ""),
        (task("web", "uptime -p"), "<task>:1:1", "`-- uptime -p`"),
        (task("wbe", "ping:"), "<hosts>:1:1", "wbe"),
        (command("web:", &[" "]), "<command>:1:1", "no command"),
    ];
    for (written, place, words) in cases {
        let stage = stage(written);
        let Err(errors) = stage.load() else { panic!("{place} {words} loads") };
        let told: Vec<String> = errors
            .diagnostics
            .iter()
            .map(|error| {
                let place = error.span.map(|span| errors.sources.locate(span));
                format!("{} {error} ({:?})", place.unwrap_or_default(), error.help)
            })
            .collect();
        let found = told.iter().any(|told| told.starts_with(place) && told.contains(words));
        assert!(found, "{place} {words}: {told:#?}");
    }
}

#[test]
fn what_a_command_says_is_shown_once_for_all_hosts_that_said_it() {
    let stage = stage(command("all", &["it", "{{ word }}", "$HOME"]));
    let answers = |stdout: &str, rc: u8, stderr: &str| {
        world(&format!(
            "{{commands: [{{argv: [it, '{{{{ word }}}}', $HOME], rc: {rc}, stdout: \"{stdout}\", stderr: \"{stderr}\"}}]}}"
        ))
    };
    stage.host("a", answers("up 3 days\\nload: 1\\n", 0, ""));
    stage.host("c", answers("up 3 days\\nload: 1\\n", 0, ""));
    stage.host("b", answers("down\\e[2J\\n", 3, "no such thing\\n"));
    // d has no such program.
    let told = stage.apply();
    assert_eq!(told.failed(), ["b", "d"]);
    insta::assert_snapshot!(printed(&stage, &told, true));
    let check = stage.check();
    assert!(!check.everything().contains("up 3 days"), "a dry run runs no command");
    assert_eq!(check.actions("a").len(), 1);
}

#[test]
fn a_single_word_is_a_line_for_a_shell() {
    let stage = stage(command("a", &["df -h | tail -1"]));
    stage.host("a", world("{commands: [{argv: [/bin/sh, -c, df -h | tail -1], stdout: full}]}"));
    assert!(printed(&stage, &stage.apply(), true).starts_with("a\n  full\n"));
}

#[test]
fn commands_among_tasks_are_told_with_what_they_said() {
    let stage = stage(task(
        "web",
        "[{name: first, command: it}, {name: second, command: it b, changed_when: false}]",
    ));
    let world = "{commands: [{argv: [it], stdout: one}, {argv: [it, b], stdout: two, stderr: hm}]}";
    for host in ["a", "b", "c"] {
        stage.host(host, crate::bench::world(world));
    }
    insta::assert_snapshot!(printed(&stage, &stage.apply(), false).replace(" ms", ""));
}

#[test]
fn what_is_secret_stays_so_in_what_a_command_says() {
    // The host is not sent it: no task names it.
    let vaulted = include_str!("../fixtures/vault/inline.yml");
    let (vaulted, _) = vaulted.split_once("block:").unwrap();
    let files = [("hosts.yml", HOSTS), ("group_vars/db.yml", vaulted)];
    let mut stage = Stage::new(files);
    stage.options.playbooks.clear();
    stage.options.ad_hoc = Some(command("d", &["cat", "/etc/it"]));
    stage.vault.add("default", b"battery staple".to_vec());
    stage.host("d", world("{commands: [{argv: [cat, /etc/it], stdout: 'it is: inline secret'}]}"));
    let told = stage.apply();
    assert!(!told.everything().contains("inline secret"));
    assert!(printed(&stage, &told, true).contains("  it is: [redacted]"));
}

#[test]
fn what_an_unfinished_run_left_waits_for_the_next_whole_one() {
    let tasks = "- {copy: {dest: /etc/conf, content: x}, notify: tell}\n- {fail: {msg: no}, when: broken}\n";
    let world = world("{commands: [{argv: [tell]}, {argv: [look, now], stdout: well}]}");
    let mut bench = Bench::new(world, tasks)
        .with("roles/r/handlers/main.yml", "- {name: tell, command: tell}\n")
        .with("group_vars/all.yml", "broken: true\n");
    bench.apply();
    let before = bench.state.clone();
    assert!(before.unfinished.is_some() && before.pending.len() == 1);
    let mut looked = bench.clone().ad_hoc(command("all", &["look", "now"]));
    let told = looked.apply();
    assert_eq!(told.status("look now"), TaskStatus::Changed);
    assert!(told.events.iter().all(|event| !format!("{event:?}").contains("Warning")));
    assert_eq!(looked.state.targets, bench.state.targets);
    // What fails in passing is nobody's to take up, and what it wrote is still as the role declared it.
    let other = "[{copy: {dest: /etc/conf, content: other}}, {command: look}]";
    looked = looked.ad_hoc(task("all", other));
    assert_eq!(looked.apply().status("command"), TaskStatus::Failed);
    assert_eq!(looked.state.unfinished, before.unfinished);
    assert_eq!(looked.state.targets, bench.state.targets);
    bench.state = looked.state;
    assert!(bench.state.unfinished.is_some() && bench.state.pending.len() == 1);
    let mut whole = bench.with("group_vars/all.yml", "broken: false\n");
    let told = whole.apply();
    assert_eq!(told.status("tell"), TaskStatus::Changed, "{:?}", told.errors());
}

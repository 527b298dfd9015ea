//! `--log`: where time goes, from loading to each action, in what form, and without secrets.

use crate::played_agents::{Stage, told};
use crate::shown_secrets::{searched, stage};
use converge::config::Vault;
use converge::controller::{LoadOptions, Project, RunOptions};
use converge::engine::bundle::Purpose;
use converge::engine::memory::Forgetful;
use converge::engine::state::State;
use converge::engine::{Outlet, Runner};
use converge::event::{Event, TaskStatus};
use converge::host::Disk;
use converge::host::in_memory::{Entry, InMemory, World};
use converge::host::overlay::Overlay;
use converge::log::{Log, Named, Record};
use converge::protocol::FromAgent;
use converge::text::Redactor;
use serde_json::Value;
use std::collections::HashSet;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use tracing::dispatcher::{self, Dispatch};

type Records = Arc<Mutex<Vec<Record>>>;

/// Passes records on as an agent does.
#[derive(Default)]
struct Agent {
    waiting: Records,
    sent: Vec<Record>,
}

impl Outlet for Agent {
    fn event(&mut self, _: Event) {}

    fn logged(&mut self, redactor: &Redactor) {
        for mut record in self.waiting.lock().unwrap().drain(..) {
            record.redact(redactor);
            self.sent.push(record);
        }
    }
}

fn log(filter: &str) -> (Log, Records) {
    // A place in the code that is first come by while no log is listened to would be passed over
    // for good if another test's log begins in that very moment: one always listens.
    static LISTENING: LazyLock<Dispatch> =
        LazyLock::new(|| Log::new("trace".parse().unwrap(), drop).dispatch());
    LazyLock::force(&LISTENING);
    tracing::callsite::rebuild_interest_cache();
    let records = Records::default();
    let keep = Arc::clone(&records);
    let log = Log::new(filter.parse().unwrap(), move |record| keep.lock().unwrap().push(record));
    (log, records)
}

/// What is logged of loading a project full of secrets, and of its run on one host.
fn logged(filter: &str) -> (Vec<Record>, Vec<Record>) {
    let stage = stage();
    let (log, waiting) = log(filter);
    let mut agent = Agent { waiting: Arc::clone(&waiting), sent: Vec::new() };
    let mut loaded = Vec::new();
    dispatcher::with_default(&log.dispatch(), || {
        let mut vault = Vault::default();
        vault.add("default", b"battery staple".to_vec());
        let inventory = stage.folder.path().join("hosts.yml");
        let load = LoadOptions { inventory: inventory.into(), ..LoadOptions::default() };
        let Ok(project) = Project::load(&load, &Disk, &vault) else { panic!("it is right") };
        loaded.append(&mut waiting.lock().unwrap());
        let options =
            RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
        let bundle = project.bundle("well", &options);
        let mut world = World::default();
        world.files.insert("/etc".into(), Entry::Directory(Default::default()));
        let mut state = Forgetful::new(State::default(), b"k".to_vec());
        let host = InMemory::new(world);
        let mut host = Overlay::new(&host, HashSet::new());
        Runner::new(&bundle, &mut state, &mut agent).run(&mut host).unwrap();
    });
    (loaded, agent.sent)
}

fn of<'r>(records: &'r [Record], name: &str) -> Vec<&'r Record> {
    records.iter().filter(|record| record.span.name == name).collect()
}

#[test]
fn loading_hosts_tasks_and_actions_say_how_long_they_took() {
    let (loaded, sent) = logged("debug");
    assert!(of(&loaded, "load")[0].ms.is_some(), "{loaded:?}");
    let [host] = of(&sent, "host")[..] else { panic!("{sent:#?}") };
    assert_eq!(host.span.fields["name"], "well");
    let tasks = of(&sent, "task");
    let first = tasks.iter().find(|task| task.span.fields["id"] == "site/main:written out");
    let first = first.unwrap_or_else(|| panic!("{sent:#?}"));
    assert_eq!((first.within[0].name.as_str(), first.level.as_str()), ("host", "debug"));
    let actions = of(&sent, "action");
    let action = actions.iter().find(|action| action.span.fields["target"] == "/etc/open");
    let action = action.unwrap_or_else(|| panic!("{sent:#?}"));
    assert_eq!(action.span.fields["kind"], "write_file");
    assert_eq!(action.within[1].fields, first.span.fields);
    assert!(action.ms <= first.ms && first.ms <= host.ms, "{action:?} {first:?} {host:?}");
    // The host is not told before its parts.
    assert_eq!(sent.last().unwrap().span.name, "host");
}

#[test]
fn the_filter_says_how_much() {
    let names = |filter: &str| -> Vec<String> {
        let (loaded, sent) = logged(filter);
        loaded.into_iter().chain(sent).map(|record| record.span.name).collect()
    };
    assert_eq!(names("info"), ["load", "host"]);
    assert_eq!(names("off"), [""; 0]);
    assert_eq!(names("controller=info"), ["load"]);
    let all = names("engine=trace");
    assert!(all.contains(&"render".into()) && all.contains(&"look".into()), "{all:?}");
    assert!(!all.contains(&"load".into()), "{all:?}");
}

#[test]
fn no_secret_is_logged_at_the_most_verbose() {
    let (loaded, sent) = logged("trace");
    let lines: Vec<String> =
        loaded.iter().chain(&sent).map(|record| serde_json::to_string(record).unwrap()).collect();
    assert!(lines.iter().any(|line| line.contains(r#""target":"[redacted]""#)), "{lines:#?}");
    searched("the log", &lines.join("\n"));
}

fn played() -> Stage {
    let task = Named {
        name: "task".into(),
        fields: [("id".to_owned(), "played/main:evil \u{1b}[2J".to_owned())].into(),
    };
    let record = Record {
        at: "2025-11-21T11:28:00.000001Z".into(),
        level: "debug".into(),
        target: "converge::engine::task_run".into(),
        span: task,
        within: vec![],
        ms: Some(7.125),
    };
    let mut messages = vec![FromAgent::Log(Box::new(record))];
    messages.extend(told(TaskStatus::Ok, None));
    Stage::new(&["well"]).plays("well", &messages)
}

/// The exit code, standard output and standard error.
fn run(stage: &Stage, words: &[&str], variable: Option<&str>) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    command.args(words);
    let mut command = stage.over(command);
    command.envs(variable.map(|filter| ("CONVERGE_LOG", filter)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_log_stands_on_standard_error_and_what_an_agent_logged_in_it() {
    let stage = played();
    let words = ["-i", "hosts.yml", "--check", "--log", "debug"];
    let (code, report, text) = run(&stage, &words, None);
    assert_eq!(code, 0, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let [load, task, session] = lines[..] else { panic!("{text}") };
    assert!(load.contains("  info load ") && load.ends_with(" ms (converge::controller::load)"));
    assert!(session.contains("  info session{host=well} ") && session.contains(" ms ("));
    assert_eq!(
        task,
        r#"2025-11-21T11:28:00.000001Z debug task{id="played/main:evil \u{1b}[2J"} 7.125 ms (converge::engine::task_run)"#
    );
    // What is reported stays as it is.
    let (_, quiet, nothing) = run(&stage, &words[..3], None);
    assert_eq!((report.lines().count(), nothing.as_str()), (quiet.lines().count(), ""));
}

#[test]
fn as_json_each_line_is_an_object() {
    let stage = played();
    let words = ["apply", "-i", "hosts.yml", "--check", "--log-format", "json"];
    let (code, _, text) = run(&stage, &words, Some("debug"));
    assert_eq!(code, 0, "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> =
        lines.iter().map(|line| line["span"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["load", "task", "session"]);
    assert_eq!(lines[2]["span"]["fields"]["host"], "well");
    assert!(lines.iter().all(|line| line["ms"].is_f64() && line["level"].is_string()), "{text}");
}

#[test]
fn the_option_is_stronger_than_the_variable_and_both_are_checked() {
    let stage = played();
    let (code, _, text) = run(&stage, &["lint", "-i", "hosts.yml", "--log", "off"], Some("trace"));
    assert_eq!((code, text.as_str()), (0, ""));
    let (code, _, text) = run(&stage, &["--log", "loud", "-i", "hosts.yml"], None);
    assert!(code == 64 && text.contains("`loud` is no log filter"), "{code}: {text}");
    let (code, _, text) = run(&stage, &["-i", "hosts.yml"], Some("engine=loud"));
    assert!(code == 64 && text.contains("`engine=loud` is no log filter"), "{code}: {text}");
}

//! `--limit @failed`: the hosts that the run before has left undone.

use crate::played_agents::{Stage, told};
use converge::event::TaskStatus;
use converge::text::Diagnostic;
use std::process::Command;

/// Exit code, and all that was said.
fn run(stage: &Stage, words: &str) -> (i32, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    command.args(["-i", "hosts.yml"]).args(words.split(' ').filter(|word| !word.is_empty()));
    let mut command = stage.over(command);
    let output = command.env("HOME", stage.folder.path()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

fn calls(stage: &Stage) -> Vec<String> {
    let calls = std::fs::read_to_string(stage.folder.path().join("calls")).unwrap();
    stage.put("calls", b"", 0o666);
    let host =
        |line: &str| line.split(" -- ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let mut hosts: Vec<String> = calls.lines().map(host).collect();
    hosts.sort();
    hosts
}

#[test]
fn the_next_run_takes_up_what_the_last_left_undone() {
    let failed = || told(TaskStatus::Failed, Some(Diagnostic::new("the disk is full")));
    let stage = Stage::new(&["well", "ill", "gone"]);
    let stage = stage.plays("well", &told(TaskStatus::Changed, None)).plays("ill", &failed());
    let (code, said) = run(&stage, "--limit @failed");
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("no run of this inventory and playbook is known"), "{said}");

    let (code, said) = run(&stage, "");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("resume: converge -i hosts.yml --limit ill,gone\n"), "{said}");
    calls(&stage);
    // A dry run leaves what is kept alone.
    run(&stage, "--check --limit well");
    calls(&stage);
    let stage = stage.plays("ill", &told(TaskStatus::Changed, None));
    let (code, said) = run(&stage, "--limit @failed");
    assert_eq!((code, calls(&stage)), (3, vec!["gone".to_owned(), "ill".to_owned()]), "{said}");
    let (_, said) = run(&stage, "--limit @failed:!gone");
    assert!(said.contains("leaves no host"), "{said}");

    let stage = stage.plays("gone", &told(TaskStatus::Changed, None));
    let (code, said) = run(&stage, "--limit @failed");
    assert_eq!((code, calls(&stage)), (0, vec!["gone".to_owned()]), "{said}");
    let (code, said) = run(&stage, "--limit @failed");
    assert_eq!((code, calls(&stage)), (64, vec![]), "{said}");
    assert!(said.contains("left no host to be run again"), "{said}");
}

//! Ctrl-C in the midst of a run: what was done is told, no agent leaves a task half done, and the
//! next run goes on.

use super::LONG;
use crate::fleet::Fleet;
use crate::lab::lab;
use crate::patience::until;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Runs it over both hosts, one after the other, and interrupts it at the first one's long task.
fn interrupted(fleet: &Fleet, form: &str) -> (i32, String, String) {
    let mut command = fleet.command(&["--yes", "--forks", "1", "--output", form]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let host = fleet.host();
    until("the long task is at work", || host.read("/run/at.it").is_ok());
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_interrupted_run_tells_what_was_done_and_the_next_goes_on() {
    let lab = lab("in").debian("web1").debian("web2").up().unwrap();
    let fleet = Fleet::over(lab, &["web1", "web2"], "long").file("roles/long/tasks/main.yml", LONG);
    let (host, other) = (fleet.host(), fleet.lab.host("web2").unwrap());
    let sh = |script: &str| host.sh(script).unwrap();
    for form in ["json", "human"] {
        let (code, out, error) = interrupted(&fleet, form);
        assert_eq!(code, 130, "{out}{error}");
        assert!(error.starts_with("stopping: "), "{error}");
        if form == "json" {
            let document: Value = serde_json::from_str(&out).unwrap();
            let [web1, web2] = &document["hosts"].as_array().unwrap()[..] else { panic!("{out}") };
            assert_eq!((&web1["interrupted"], &web2["interrupted"]), (&true.into(), &true.into()));
            let names: Vec<&str> = web1["tasks"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|task| task["status"] == "changed")
                .filter_map(|task| task["name"].as_str())
                .collect();
            assert_eq!((names, &web2["tasks"]), (vec!["the first"], &serde_json::json!([])));
        } else {
            for line in [
                "INTERRUPTED  web1   1 action done (file /etc/first); its agent ends what it is at, \
                 and stops: the long one",
                "INTERRUPTED  web2   not begun",
                "resume: converge ",
            ] {
                assert!(out.contains(line.trim_start()), "{line}: {out}");
            }
        }
        // What was begun comes to its end, and nothing is begun after it.
        sh("touch /run/go.on");
        until("the agent has ended", || !sh("pgrep -x converge").success());
        assert!(sh("[ -e /etc/second ] && [ ! -e /etc/third ]").success());
        other.sh("touch /run/go.on").unwrap();
        fleet.apply().assert_ok();
        fleet.assert_nothing_to_do();
        assert!(sh("[ -e /etc/third ]").success());
        for host in [&host, &other] {
            host.sh("rm -f /etc/first /etc/second /etc/third /run/at.it /run/go.on").unwrap();
        }
    }
}

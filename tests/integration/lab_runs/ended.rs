//! A command whose agent is killed ends with it, and the next run starts one alone.

use crate::fleet::in_both_families;
use crate::mail_smtp::kills::{Victims, kill_agent};
use crate::patience::until;
use std::process::Stdio;

const TASKS: &str = r#"
- name: what stays behind on purpose
  shell: "sleep 610 >/dev/null 2>&1 & touch /etc/first"
  args: {creates: /etc/first}
- name: the long one
  command: {argv: [sh, -c, "sleep 620 & touch /run/at.it; wait"], creates: /etc/never}
"#;

#[test]
fn a_command_ends_with_its_agent() {
    in_both_families("ed", |fleet| {
        let fleet = fleet.with_role("long").file("roles/long/tasks/main.yml", TASKS);
        let host = fleet.host();
        let running = |seconds: &str| {
            let found = host.run(["pgrep", "-fc", &format!("^sleep {seconds}")]).unwrap();
            found.stdout.trim().parse::<usize>().unwrap()
        };
        for _ in 0..2 {
            let mut command = fleet.command(&["--yes"]);
            let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            until("the long task is at work", || {
                host.read("/run/at.it").is_ok() && running("620") == 1
            });
            assert!(kill_agent(&host, Victims::Agent));
            assert!(!run.wait().unwrap().success());
            until("its command has ended", || running("620") == 0);
            assert!(!host.run(["pgrep", "-f", "at[.]it"]).unwrap().success(), "what ran it");
            assert_eq!(running("610"), 1, "what an ended command left is not ended");
            host.sh("rm /run/at.it").unwrap();
        }
    });
}

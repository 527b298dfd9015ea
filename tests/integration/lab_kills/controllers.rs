//! The controller is killed at random points, over ssh; then one run: every host as declared.

use super::{PATIENT, SEED};
use crate::fleet::{FAMILIES, Fleet};
use crate::fuzz::random::Random;
use crate::lab::lab;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

const KILLS: u64 = 20;

const TASKS: &str = r#"
- name: files
  copy: {dest: "/etc/kills.{{ item }}", content: "{{ item }} of {{ round }}\n", mode: "0644"}
  loop: [1, 2, 3, 4]
  notify: count
- name: a command
  shell: "sleep 0.2; echo {{ round }} > /etc/kills.command"
  args: {creates: /etc/kills.command}
- name: a user
  user: {name: "kills{{ round }}", system: true}
- name: more
  copy: {dest: "/etc/kills.more", content: "{{ round }}\n", mode: "0600"}
"#;

const HANDLERS: &str =
    "- name: count\n  copy: {dest: /etc/kills.counted, content: \"{{ round }}\\n\"}\n";

#[test]
fn a_controller_killed_at_random_leaves_hosts_that_the_next_run_brings_to_their_end() {
    let [first, second] = FAMILIES;
    let lab = lab("kc").host("one", first).host("two", second).up().unwrap();
    let mut fleet = Fleet::over(lab, &["one", "two"], "kills")
        .file("roles/kills/tasks/main.yml", TASKS)
        .file("roles/kills/handlers/main.yml", HANDLERS)
        .by_ssh();
    let mut killed = 0;
    for round in 0..KILLS {
        fleet = fleet.set("round", &format!("\"{round}\""));
        let mut random = Random::of(78, SEED + round);
        let mut command = fleet.command(&["--yes", "--output", "events"]);
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(run.stdout.take().unwrap()).lines();
        // Before the first event, too: while an agent is on its way.
        let after = random.below(14);
        let _ = lines.take(after).count();
        std::thread::sleep(Duration::from_millis(random.below(120).try_into().unwrap()));
        run.kill().unwrap();
        killed += usize::from(!run.wait().unwrap().success());
    }
    assert!(killed as u64 * 2 > KILLS, "hardly any was killed: {killed}");
    let mut last = fleet.apply();
    for _ in 0..PATIENT {
        // An agent that was left alone ends the task that it was at.
        if last.code != 4 {
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
        last = fleet.apply();
    }
    last.assert_ok();
    fleet.assert_nothing_to_do();
    for name in ["one", "two"] {
        let host = fleet.lab.host(name).unwrap();
        let round = format!("{}\n", KILLS - 1).into_bytes();
        assert_eq!(host.read("/etc/kills.more").unwrap(), round, "{name}");
        assert_eq!(host.read("/etc/kills.counted").unwrap(), round, "{name}");
        let left = host
            .sh("ls -l /proc/[0-9]*/exe 2>/dev/null | grep converge; \
                            find /etc /var/lib/converge -name '.new*' -o -name '.kills*'")
            .unwrap();
        assert_eq!(left.stdout, "", "{name}");
        let agents = host.sh("ls -A /var/lib/converge/agent").unwrap().stdout;
        assert_eq!(agents.lines().filter(|name| name.len() == 64).count(), 1, "{agents}");
    }
}

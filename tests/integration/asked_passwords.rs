//! sudo asks for a password: it is given where sudo's own prompt asks for it, and nowhere else. The
//! host and its sudo are played by shells of this machine.

use crate::played_agents::{Stage, told};
use converge::event::TaskStatus;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "correct/horse of battery";

/// Runs what it is to run there.
const SSH: &str =
    "#!/bin/sh\ncd \"${0%/*}\"; echo \"$*\" >> calls; for last; do :; done\nexec sh -c \"$last\"\n";

/// Greets, asks three times as sudo does, and then runs what it is given.
const SUDO: &str = r#"#!/bin/sh
[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }
echo "We trust you have received the usual lecture: [converge asks]" >&2
prompt=$3; shift 4
for try in 1 2 3; do
    [ -e never ] || { printf '%s' "$prompt" >&2; IFS= read -r line; }
    [ -e never ] || [ "$line" = "$(cat right)" ] && exec "$@"
    echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2; exit 1
"#;

/// An agent that says its part once it has read the head of its bundle, to the byte.
const AGENT: &str = r#"#!/bin/sh
cd "${0%/*}"; dd bs=4 count=1 iflag=fullblock of=head 2>/dev/null; cat web1.part; exec cat >/dev/null
"#;

struct Host(Stage);

impl Host {
    fn new() -> Self {
        let stage = Stage::new(&["web1"]).plays("web1", &told(TaskStatus::Changed, None));
        stage.put("ssh", SSH.as_bytes(), 0o755);
        stage.put("sudo", SUDO.as_bytes(), 0o755);
        stage.put("agent", AGENT.as_bytes(), 0o755);
        stage.put("right", format!("{PASSWORD}\n").as_bytes(), 0o644);
        let host = Self(stage);
        host.declare("");
        host
    }

    fn declare(&self, more: &str) {
        let agent = self.0.folder.path().join("agent");
        let text = format!(
            "all: {{roles: [played], hosts: {{web1: {{converge_agent: {}, ansible_become: true{more}}}}}}}\n",
            agent.display()
        );
        self.0.put("hosts.yml", text.as_bytes(), 0o644);
    }

    fn check(&self) -> Output {
        let mut command = Command::new("timeout");
        command.arg("100").arg(assert_cmd::cargo::cargo_bin!("converge"));
        command.args(["-i", "hosts.yml", "--check"]);
        self.0.over(command).output().unwrap()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.folder.path().join(name)).unwrap_or_default()
    }
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].concat().iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn a_password_is_given_where_sudo_asks_for_it() {
    let host = Host::new();
    for never_asks in [false, true] {
        host.declare(&format!(", ansible_become_password: {PASSWORD}"));
        if never_asks {
            host.0.put("never", b"", 0o644);
        }
        let output = host.check();
        assert!(output.status.success(), "{}", said(&output));
        // What the agent reads first is its own: no byte of the password, none of it missing.
        assert_eq!(host.text("head"), "cvg1");
        assert!(!host.text("calls").contains(PASSWORD), "{}", host.text("calls"));
    }
}

#[test]
fn a_wrong_password_is_one_clear_line_and_is_tried_once() {
    let host = Host::new();
    let secret = "wrong/horse of battery";
    host.declare(&format!(", ansible_become_pass: {secret}"));
    let output = host.check();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("sudo refused the password"), "{text}");
    assert!(!text.contains(secret), "{text}");
    host.declare("");
    let text = said(&host.check());
    assert!(text.contains("sudo: a password is required") && text.contains("-K"), "{text}");
}

#[test]
fn a_password_is_asked_for_on_the_terminal_and_not_shown() {
    let host = Host::new();
    for (typed, code) in [(PASSWORD, 0), ("another", 3)] {
        let (ended, screen) = answered(&host, "BECOME password: ", typed);
        assert_eq!(ended, code, "{screen}");
        assert!(!screen.contains(typed), "{screen}");
    }
}

/// A check on a terminal, where this is typed once it is asked for: exit code and screen.
fn answered(host: &Host, prompt: &str, typed: &str) -> (i32, String) {
    let converge = assert_cmd::cargo::cargo_bin!("converge").display();
    let mut command = Command::new("timeout");
    command.args(["100", "script", "-qec"]);
    command.args([&format!("{converge} -i hosts.yml --check -K"), "/dev/null"]);
    let mut run = host.0.over(command).stdin(Stdio::piped()).spawn().unwrap();
    let (mut screen, mut next) = (Vec::new(), [0]);
    let mut from = run.stdout.take().unwrap();
    while !screen.ends_with(prompt.as_bytes()) && from.read(&mut next).unwrap() > 0 {
        screen.extend(next);
    }
    let mut to = run.stdin.take().unwrap();
    to.write_all(format!("{typed}\n").as_bytes()).unwrap();
    from.read_to_end(&mut screen).unwrap();
    let text = String::from_utf8_lossy(&screen).into_owned();
    (run.wait().unwrap().code().unwrap(), text)
}

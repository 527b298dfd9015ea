//! Hosts that are connected to and say nothing more: they are unreachable in time, and the others go
//! on. Played by shells of this machine.

use crate::played_agents::{Stage, told};
use converge::event::TaskStatus;
use converge::protocol::{FromAgent, VERSION, write};
use std::process::Command;

/// Says its part, and nothing more.
const SSH: &str = r#"#!/bin/sh
cd "${0%/*}"; while [ "$1" != -- ]; do shift; done
cat "$2.part"; exec sleep 600
"#;

#[test]
fn a_silent_host_is_unreachable_and_the_others_go_on() {
    let hosts = ["well", "mute", "stuck", "half"];
    let stage = Stage::new(&hosts).plays("well", &told(TaskStatus::Changed, None));
    stage.put("ssh", SSH.as_bytes(), 0o755);
    let mut hello = Vec::new();
    write(&mut hello, &FromAgent::Hello { version: VERSION }).unwrap();
    stage.put("mute.part", b"", 0o644);
    stage.put("stuck.part", &hello, 0o644);
    // In the midst of a message.
    stage.put("half.part", &hello[..hello.len() - 3], 0o644);
    let mut inventory = "all:\n  roles: [played]\n  vars: {converge_silence_timeout: 5, ansible_timeout: 1}\n  hosts:\n".to_owned();
    for host in hosts {
        inventory += &format!("    {host}:\n");
    }
    stage.put("hosts.yml", inventory.as_bytes(), 0o644);
    let mut command = Command::new("timeout");
    command.arg("100").arg(assert_cmd::cargo::cargo_bin!("converge"));
    let output = stage
        .over({
            command.args(["-i", "hosts.yml", "--check"]);
            command
        })
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("1 to change, 0 as declared, 0 failed, 3 unreachable"), "{text}");
    for host in ["mute", "stuck", "half"] {
        let line =
            text.lines().position(|line| line.contains("UNREACHABLE") && line.contains(host));
        assert!(line.is_some(), "{host}: {text}");
    }
    assert!(
        text.contains("said nothing for 5 s") && text.contains("said nothing for 6 s"),
        "{text}"
    );
}

/// Whatever of a session arrives: an end in time, and an error that names the host.
#[test]
fn a_session_that_is_cut_tells_host_and_cause() {
    let stage = Stage::new(&["web1"]).plays("web1", &told(TaskStatus::Changed, None));
    let whole = std::fs::read(stage.folder.path().join("web1.part")).unwrap();
    let (first, last) = (8 + 2, whole.len() - 1);
    for length in [0, 1, 4, 7, first, whole.len() / 3, whole.len() / 2, last] {
        stage.put("web1.part", &whole[..length], 0o644);
        let ends =
            "#!/bin/sh\ncd \"${0%/*}\"; cat web1.part; exec dd count=1 of=/dev/null 2>/dev/null\n";
        stage.put("ssh", ends.as_bytes(), 0o755);
        let mut command = Command::new("timeout");
        command.arg("100").arg(assert_cmd::cargo::cargo_bin!("converge"));
        command.args(["-i", "hosts.yml", "--check"]);
        let output = stage.over(command).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(3), "{length}: {text}");
        assert!(text.contains("web1") && text.contains("broke"), "{length}: {text}");
    }
}

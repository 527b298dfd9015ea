//! Whole runs of the command whose hosts' agents are played here: what a terminal asks, what
//! becomes of hosts that cannot be reached, how root is come by.

use converge::event::*;
use converge::protocol::{FromAgent, VERSION, write};
use converge::text::{Diagnostic, SourceId, Span};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder with an inventory, and an `ssh` and a `sudo` that let hosts say what they are to say.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
}

/// Notes how it was called, and plays the host's part: without one, nobody answers.
const SSH: &str = r#"#!/bin/sh
cd "$(dirname "$0")" && echo "${0##*/} $*" >> calls
while [ "$1" != -- ]; do shift; done
[ -e "$2.part" ] || { echo "ssh: connect to host $2 port 22: No route to host" >&2; exit 255; }
cat "$2.part"
exec cat > /dev/null
"#;

const SUDO: &str = r#"#!/bin/sh
cd "$(dirname "$0")" && echo "sudo $*" >> calls
cat localhost.part
exec cat > /dev/null
"#;

impl Stage {
    pub(crate) fn new(hosts: &[&str]) -> Self {
        let stage = Self { folder: TempDir::new().unwrap() };
        let mut inventory = "all:\n  roles: [played]\n  hosts:\n".to_owned();
        for host in hosts {
            inventory += &format!("    {host}:\n");
        }
        stage.put("hosts.yml", inventory.as_bytes(), 0o644);
        stage.put("roles/played/tasks/main.yml", b"- debug: {msg: played}\n", 0o644);
        stage.put("ssh", SSH.as_bytes(), 0o755);
        stage.put("sudo", SUDO.as_bytes(), 0o755);
        stage.put("calls", b"", 0o666);
        std::fs::set_permissions(stage.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        stage
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8], mode: u32) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    /// What the host's agent says, in every session.
    pub(crate) fn plays(self, host: &str, messages: &[FromAgent]) -> Self {
        let mut part = Vec::new();
        for message in [FromAgent::Hello { version: VERSION }].iter().chain(messages) {
            write(&mut part, message).unwrap();
        }
        self.put(&format!("{host}.part"), &part, 0o644);
        self
    }

    fn changes(self, host: &str) -> Self {
        self.plays(host, &told(TaskStatus::Changed, None))
    }

    fn fails(self, host: &str) -> Self {
        self.plays(host, &told(TaskStatus::Failed, Some(Diagnostic::new("the disk is full"))))
    }

    fn locked(self, host: &str) -> Self {
        let error = Diagnostic::new("another run holds this host: run 7f3a");
        self.plays(host, &[FromAgent::Refused { locked: true, error }])
    }

    /// Runs `converge -i hosts.yml …` on a terminal where this is typed: exit code and screen.
    pub(crate) fn typed(&self, words: &str, typed: &str) -> (i32, String) {
        let converge = assert_cmd::cargo::cargo_bin!("converge").display();
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{converge} -i hosts.yml {words}"), "/dev/null"]);
        let mut process = self.over(command).stdin(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        let screen = String::from_utf8(output.stdout).unwrap().replace('\r', "");
        (output.status.code().unwrap(), screen)
    }

    pub(crate) fn over(&self, mut command: Command) -> Command {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        command.env_clear().env("PATH", path).env("TERM", "dumb").current_dir(&self.folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn calls(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("calls")).unwrap()
    }
}

/// A host where one file is written, or fails to be.
pub(crate) fn told(status: TaskStatus, error: Option<Diagnostic>) -> Vec<FromAgent> {
    let task = TaskRef {
        id: "r/main.yml:1".into(),
        role: "r".into(),
        name: "the file".into(),
        resource: "copy".into(),
        span: Span { source: SourceId(0), line: 1, column: 1, len: 3 },
        handler: false,
        on_behalf: None,
    };
    let action = ActionReport {
        kind: "write_file".into(),
        target: "/etc/x".into(),
        certainty: Certainty::Exact,
        depends_on: None,
        before: None,
        after: Some(TargetState::Attributes(FileAttributes {
            mode: "0644".parse().ok(),
            owner: Some("root".into()),
            group: None,
        })),
        diff: None,
        notes: Vec::new(),
        failed: false,
    };
    let failed = error.is_some();
    let report = TaskReport {
        task,
        status,
        reason: None,
        change: None,
        actions: vec![action],
        not_needed: Vec::new(),
        output: None,
        error,
        ms: 0,
    };
    let end = HostReport {
        status: if failed { HostStatus::Failed } else { HostStatus::Changed },
        done: 1,
        not_run: usize::from(failed),
        waiting_handlers: Vec::new(),
        ms: 0,
    };
    let system = "debian 12".to_owned();
    let events = [
        Event::HostStarted { system, last_run: None, unfinished: None },
        Event::TaskFinished(report),
        Event::HostFinished(end),
    ];
    events.map(FromAgent::Event).into()
}

#[test]
fn hosts_left_out_after_the_question_keep_their_exit_code_and_are_counted() {
    let stage =
        Stage::new(&["well", "other", "gone", "held", "ill"]).changes("well").changes("other");
    let stage = stage.locked("held").fails("ill");
    for (limit, code, totals) in [
        ("well,other", 0, "2 changed, 0 as declared, 0 failed, 0 unreachable"),
        ("well,gone", 3, "1 changed, 0 as declared, 0 failed, 1 unreachable"),
        ("well,held", 4, "1 changed, 0 as declared, 0 failed, 0 unreachable, 1 locked"),
        ("well,gone,ill", 1, "1 changed, 0 as declared, 1 failed, 1 unreachable"),
        ("well,gone,held,ill", 4, "1 changed, 0 as declared, 1 failed, 1 unreachable, 1 locked"),
    ] {
        let before = stage.calls().lines().count();
        let (ended, screen) = stage.typed(&format!("--limit {limit}"), "y\n");
        assert_eq!(ended, code, "{limit}: {screen}");
        assert!(screen.contains(&format!("\n{totals}   ")), "{limit}: {screen}");
        // Every host was looked at; only those that are well were then converged.
        let hosts: Vec<&str> = limit.split(',').collect();
        let well = hosts.iter().filter(|host| ["well", "other"].contains(host)).count();
        assert_eq!(stage.calls().lines().count() - before, hosts.len() + well, "{limit}");
    }
    let (code, screen) = stage.typed("--limit well,gone,ill", "n\n");
    assert!(code == 1 && screen.ends_with("Nothing was changed.\n"), "{code}: {screen}");
}

#[test]
fn a_host_that_greets_with_text_and_waits_is_unreachable_at_once() {
    let stage = Stage::new(&["greets"]);
    let greeting = b"Welcome to greets\nLast login: today\nYou have \x1b[1mmail\x1b[0m.\n";
    stage.put("greets.part", greeting, 0o644);
    // More than fits between the two: who does not read it must not be waited for.
    stage.put("roles/played/files/large", &vec![b'x'; 8 << 20], 0o644);
    let copies = b"- copy: {src: large, dest: /opt/large}\n";
    for (tasks, then) in
        [(&b"- debug: {msg: played}\n"[..], "cat > /dev/null"), (copies, "sleep 600")]
    {
        stage.put("roles/played/tasks/main.yml", tasks, 0o644);
        stage.put("ssh", SSH.replace("cat > /dev/null", then).as_bytes(), 0o755);
        let mut command = Command::new("timeout");
        command.arg("100").arg(assert_cmd::cargo::cargo_bin!("converge"));
        command.args(["-i", "hosts.yml", "--check"]);
        let output = stage.over(command).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(3), "{then}: {said}");
        for part in ["Last login: today", "\\u{1b}[1mmail", ".bashrc", "ssh -T"] {
            assert!(said.contains(part), "{then}: {part}: {said}");
        }
    }
    // A shell that ends says more by itself.
    let ends = SSH.replace("exec cat > /dev/null", "echo 'sh: converge: not found' >&2; exit 127");
    stage.put("ssh", ends.as_bytes(), 0o755);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    command.args(["-i", "hosts.yml", "--check"]);
    let output = stage.over(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(3) && said.contains("sh: converge: not found"), "{said}");
}

#[test]
fn what_nests_too_deep_for_a_message_fails_before_it_is_sent() {
    let stage = Stage::new(&["well"]).changes("well");
    let deep = format!("deep: {}1{}\n", "{a: ".repeat(40), "}".repeat(40));
    stage.put("group_vars/all.yml", deep.as_bytes(), 0o644);
    stage.put("roles/played/tasks/main.yml", b"- debug: {msg: '{{ deep }}'}\n", 0o644);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    command.args(["-i", "hosts.yml", "--check"]);
    let output = stage.over(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(1) && said.contains("nests too deep"), "{said}");
}

#[test]
fn an_agent_that_is_given_text_says_so_at_once() {
    let mut command = Command::new("timeout");
    command.arg("100").arg(assert_cmd::cargo::cargo_bin!("converge")).arg("agent");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut agent = command.spawn().unwrap();
    // Held open: nothing more comes, and no end.
    let mut to = agent.stdin.take().unwrap();
    to.write_all(b"hi\n").unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut agent.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("hi\\n") && said.contains("over ssh"), "{said}");
    assert_eq!(agent.wait().unwrap().code(), Some(1));
}

#[test]
fn a_dry_run_ends_with_1_where_a_task_fails() {
    let stage = Stage::new(&["well", "ill"]).changes("well").fails("ill");
    for (words, code) in [
        ("--check --limit well", 0),
        ("--check --limit well --detailed-exitcode", 2),
        ("--check --limit ill", 1),
        ("--check --detailed-exitcode", 1),
        ("--check --output json", 1),
        ("drift", 1),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
        match words[0] {
            "drift" => command.args(["drift", "-i", "hosts.yml"]),
            _ => command.args(["-i", "hosts.yml"]).args(&words),
        };
        let output = stage.over(command).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
    }
}

/// The host's agent waits for its bundle. As JSON its file takes six times its size.
#[test]
fn what_is_too_large_to_send_is_said_and_waits_for_nothing() {
    let stage = Stage::new(&["well"]).changes("well");
    stage.put("well.part", &[], 0o644);
    stage.put("roles/played/tasks/main.yml", b"- copy: {src: big, dest: /srv/big}\n", 0o644);
    stage.put("roles/played/files/big", &[], 0o644);
    let big = stage.folder.path().join("roles/played/files/big");
    std::fs::File::options().write(true).open(big).unwrap().set_len(11 << 20).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
    command.args(["-i", "hosts.yml", "--check"]);
    let output = stage.over(command).output().unwrap();
    let said = format!("{output:?}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(" MiB, and 64 MiB is the most"), "{said}");
}

#[test]
fn what_a_terminal_shows_before_and_after_the_question() {
    let stage = Stage::new(&["well", "other", "gone", "held", "ill"]).changes("well");
    let stage = stage.changes("other").locked("held").fails("ill");
    let (_, screen) = stage.typed("", "y\n");
    let mut settled = String::new();
    // Where the terminal echoes what is typed is a matter of time.
    let screen = screen.replacen("y\n", "", usize::from(screen.starts_with("y\n")));
    let screen = screen.replace("=diff] y\n", "=diff] ");
    for line in screen.lines() {
        let line = match line.split_once("   run ") {
            Some((head, _)) => format!("{}   N ms   run ID", head.rsplit_once("   ").unwrap().0),
            None => line.to_owned(),
        };
        settled += &format!("{}\n", line.trim_end());
    }
    insta::assert_snapshot!(settled);
}

#[test]
fn root_is_come_by_with_sudo_where_it_is_asked_for() {
    let stage = Stage::new(&["well"]).changes("well").changes("localhost");
    let converge = assert_cmd::cargo::cargo_bin!("converge");
    let run = |command: Command| stage.over(command).output().unwrap();
    let mut far = Command::new(converge);
    far.args(["-i", "hosts.yml", "--check", "-b"]);
    assert_eq!(run(far).status.code(), Some(0));
    assert!(stage.calls().contains("-- well exec sudo -n -- sh -c 'd="), "{}", stage.calls());

    stage.put("hosts.yml", b"all: {roles: [played], hosts: {localhost: }}\n", 0o644);
    let copy = Command::new("cp").arg(converge).arg(stage.folder.path()).status();
    assert!(copy.unwrap().success());
    let own = stage.folder.path().join("converge");
    for (flag, code) in [("--check", 64), ("--become", 0)] {
        let mut here = Command::new(&own);
        here.args(["-i", "hosts.yml", "--check"]).args([flag].iter().filter(|f| **f != "--check"));
        if rustix::process::geteuid().is_root() {
            here.uid(65534).gid(65534);
        }
        let output = run(here);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
    let last = format!("sudo -n -- {} agent\n", own.display());
    assert!(stage.calls().ends_with(&last), "{}", stage.calls());
}

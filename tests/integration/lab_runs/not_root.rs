//! A login that is not root: sudo asks for a password, or for none; by key, or by password itself. The
//! passwords are in no output, argument, log or state.

use crate::fleet::{FAMILIES, Fleet, Said};
use crate::lab::lab;
use crate::patience::until;
use std::process::Stdio;

const PASSWORD: &str = "correct/horse of battery";

const TASKS: &str = r#"
- name: of root alone
  copy: {dest: /etc/of.root, content: x, mode: "0600"}
- name: what knows the password
  shell: "touch /run/at.it; until [ -e /run/go.on ]; do sleep 0.1; done; cat /etc/word"
  register: word
  changed_when: false
- name: tells it
  debug: {msg: "it is {{ word.stdout }}"}
"#;

/// ann, who has a password and the key of the lab.
const ANN: &str = r#"set -e
useradd -m ann; cat > /etc/word; chmod 600 /etc/word
printf 'ann:%s\n' "$(cat /etc/word)" | chpasswd
install -d -o ann -m 700 /home/ann/.ssh
install -o ann -m 600 /root/.ssh/authorized_keys /home/ann/.ssh/authorized_keys
echo 'ann ALL=(ALL:ALL) ALL' > /etc/sudoers.d/ann
"#;

/// Runs it on both hosts, with this on its standard input: what each says.
fn on_both(fleet: &Fleet, script: &str, input: &str) -> [String; 2] {
    ["one", "two"].map(|name| {
        let host = fleet.lab.host(name).unwrap();
        host.run_with_input(["sh", "-c", script], input.as_bytes()).unwrap().stdout
    })
}

fn fails_everywhere(said: &Said, words: &str) {
    assert_eq!(said.code, 3, "{said:#?}");
    assert!(said.stdout.contains("2 unreachable") && said.stdout.contains(words), "{said:#?}");
    assert_hidden(said);
}

fn assert_hidden(said: &Said) {
    assert!(!format!("{said:?}").contains(PASSWORD), "{said:#?}");
}

/// Of every process of this machine: the hosts' are among them.
fn processes(file: &str) -> String {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    let texts = folders.filter_map(|folder| std::fs::read(folder.path().join(file)).ok());
    texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}

#[test]
fn a_login_that_is_not_root_becomes_it_with_and_without_a_password() {
    let [first, second] = FAMILIES;
    let lab = lab("nr").host("one", first).host("two", second).up().unwrap();
    let fleet = Fleet::over(lab, &["one", "two"], "own").file("roles/own/tasks/main.yml", TASKS);
    let fleet = fleet.logging_in_as("ann");
    let made = on_both(&fleet, &format!("{ANN}echo made"), PASSWORD);
    assert_eq!(made, ["made\n", "made\n"]);
    fails_everywhere(&fleet.run(&["--check"]), "become it with -b (--become)");
    // sudo must ask, and nobody gives it the password, or the wrong one.
    fails_everywhere(&fleet.run(&["--check", "-b"]), "sudo: a password is required");
    let fleet = fleet.set("ansible_become", "true").set("ansible_become_password", "wrong/horse");
    fails_everywhere(&fleet.run(&["--check"]), "sudo refused the password");

    let fleet = fleet.set("ansible_become_password", &format!("\"{PASSWORD}\""));
    let mut command = fleet.command(&["--yes", "-v", "--log", "trace"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the task is at work", || {
        on_both(&fleet, "cat /run/at.it && echo yes", "") == ["yes\n", "yes\n"]
    });
    let (arguments, environments) = (processes("cmdline"), processes("environ"));
    assert!(arguments.contains("sudo") && arguments.contains("at.it"), "{arguments}");
    assert!(!arguments.contains(PASSWORD) && !environments.contains(PASSWORD));
    on_both(&fleet, "touch /run/go.on", "");
    let said = Said::of(run.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.stdout.contains("it is [redacted]"), "{said:#?}");
    assert_hidden(&said);
    let kept = "cat /etc/of.root; grep -rlF -f /etc/word /var/lib/converge /var/log /run /tmp /home /root \
                2>/dev/null; journalctl | grep -cF -f /etc/word";
    assert_eq!(on_both(&fleet, kept, ""), ["x0\n", "x0\n"], "it is kept nowhere");

    // Where sudo asks for none, one that is given is not said; and the login's own password.
    on_both(&fleet, "echo 'ann ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/ann", "");
    assert_eq!(fleet.run(&["--check"]).code, 0);
    let fleet = fleet
        .set("ansible_password", &format!("\"{PASSWORD}\""))
        .set("ansible_ssh_extra_args", "-o PubkeyAuthentication=no -o PasswordAuthentication=yes");
    let said = fleet.run(&["--check"]);
    assert_eq!(said.code, 0, "{said:#?}");
    assert_hidden(&said);
    let fleet = fleet.set("ansible_password", "wrong/horse");
    fails_everywhere(&fleet.run(&["--check"]), "Permission denied");
}

//! Documents that tell a newcomer what to type: followed step by step on a blank host, as written.

use crate::house::ROOT;
use crate::lab::lab;
use converge::lab::Host;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A fenced block.
#[derive(Debug)]
struct Block<'d> {
    language: &'d str,
    /// The last line of text before it.
    above: &'d str,
    text: String,
}

/// The fenced blocks of a document, in order.
fn blocks(document: &str) -> Vec<Block<'_>> {
    let (mut blocks, mut above) = (Vec::new(), "");
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language, above, text: inside.join("\n") + "\n" });
            above = "";
        } else if !line.trim().is_empty() {
            above = line;
        }
    }
    blocks
}

fn document(name: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/docs/{name}")).unwrap()
}

/// Where a document is followed.
trait Machine {
    /// Writes a file below the folder in which everything happens.
    fn write(&self, path: &str, text: &str);

    /// Runs lines of shell there; the exit code, and what was printed.
    fn run(&self, script: &str) -> (i32, String);
}

/// As root, on a blank host.
impl Machine for Host<'_> {
    fn write(&self, path: &str, text: &str) {
        Host::write(self, Path::new("/root/new").join(path), text).unwrap();
    }

    fn run(&self, script: &str) -> (i32, String) {
        let output = self.sh(&format!("mkdir -p /root/new; cd /root/new; {script}")).unwrap();
        (output.status, output.stdout)
    }
}

/// On this machine, in a folder of its own.
struct Here(TempDir);

impl Here {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir_all(folder.path().join("new")).unwrap();
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        let converge = assert_cmd::cargo::cargo_bin!("converge");
        std::os::unix::fs::symlink(converge, folder.path().join("bin/converge")).unwrap();
        Self(folder)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join("new").join(path)).unwrap()
    }
}

impl Machine for Here {
    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join("new").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, script: &str) -> (i32, String) {
        let path = format!("{}/bin:/usr/sbin:/usr/bin:/sbin:/bin", self.0.path().display());
        let mut command = Command::new("sh");
        command.args(["-c", script]).env_clear().env("PATH", path).stdin(Stdio::null());
        let output = command.current_dir(self.0.path().join("new")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }
}

/// Writes the files of a document and runs its shell lines, in order. What it says that they
/// print, they print, in that order; times and run ids apart.
fn follow(machine: &dyn Machine, document: &str) {
    let mut printed = String::new();
    for block in blocks(document) {
        let path = block.above.strip_prefix('`').and_then(|line| line.strip_suffix("`:"));
        match (block.language, path) {
            (_, Some(path)) => machine.write(path, &block.text),
            ("sh", None) => {
                let script = format!("exec 2>&1; export NO_COLOR=1; set -e\n{}", block.text);
                let (code, text) = machine.run(&script);
                assert_eq!(code, 0, "{}\n{text}", block.text);
                printed = text;
            }
            ("text", None) => {
                let mut rest = steady(&printed);
                for line in steady(&block.text).lines() {
                    let at =
                        rest.find(line).unwrap_or_else(|| panic!("`{line}` is not in\n{rest}"));
                    rest.drain(..at + line.len());
                }
            }
            _ => {}
        }
    }
}

/// Text without what is another in each run: run ids and times.
fn steady(text: &str) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let word = |at: usize| {
            let is_id = words[at].len() == 8 && words[at].bytes().all(|b| b.is_ascii_hexdigit());
            let is_time = words.get(at + 1) == Some(&"ms");
            if is_id || is_time { "…" } else { words[at] }
        };
        (0..words.len()).map(word).collect::<Vec<_>>().join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn a_newcomer_follows_the_first_role() {
    let lab = lab("doc").debian("web1").up().unwrap();
    follow(&lab.host("web1").unwrap(), &document("first-role.md"));
}

#[test]
fn what_is_said_of_variables_is_so() {
    follow(&Here::new(), &document("variables.md"));
}

#[test]
fn what_is_said_to_those_who_come_from_ansible_is_so() {
    let text = document("from-ansible.md");
    follow(&Here::new(), &text);
    let section =
        text.split("## Keywords").nth(1).unwrap().split("`run_once` says").next().unwrap();
    let mut known: Vec<&str> = converge::engine::typing::task_keywords().collect();
    known.sort_unstable();
    for name in known.iter().filter(|name| **name != "id") {
        assert!(
            section.contains(&format!("`{name}`")) || section.contains(&format!("`{name}:")),
            "{name}"
        );
    }
}

#[test]
fn the_ci_job_runs_and_reads_what_is_printed() {
    let lab = lab("ci").debian("web1").up().unwrap();
    let here = Here::new();
    let pid = lab.host("web1").unwrap().pid().unwrap();
    here.write(
        "inventory/hosts.yml",
        &format!(
            "all: {{hosts: {{web1: {{ansible_connection: community.general.nsenter, \
             ansible_nsenter_pid: {pid}, converge_agent: /usr/local/bin/converge}}}}, roles: [banner]}}\n"
        ),
    );
    here.write(
        "roles/banner/tasks/main.yml",
        "- name: the banner\n  copy: {dest: /opt/banner, content: \"welcome\\n\"}\n",
    );
    let text = document("ci.md");
    follow(&here, &text);
    let shown = blocks(&text).into_iter().find(|block| block.language == "json").unwrap();
    let shown: Value = serde_json::from_str(&shown.text).unwrap();
    let real: Value = serde_json::from_str(&here.read("report.json")).unwrap();
    assert!(holds(&real, &shown), "{real:#}");
    assert!(here.read("report.xml").starts_with("<?xml"));
}

/// Whether everything that is shown is so; members may be left out.
fn holds(real: &Value, shown: &Value) -> bool {
    match (real, shown) {
        (Value::Object(real), Value::Object(shown)) => {
            shown.iter().all(|(key, shown)| real.get(key).is_some_and(|real| holds(real, shown)))
        }
        (Value::Array(real), Value::Array(shown)) => {
            real.len() == shown.len()
                && real.iter().zip(shown).all(|(real, shown)| holds(real, shown))
        }
        _ => real == shown,
    }
}

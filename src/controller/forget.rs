//! Removes what is ours from a host: `/var/lib/converge` with agents, state and journals, and the
//! agents in a `converge_agent_dir`. By its shell alone: no agent is sent to be removed.

use super::access::Marks;
use super::bootstrap::{FOLDER, double_quoted};
use super::connection::{Agent, Connection};
use super::project::Project;
use super::session::becomes_root;
use super::stop::Stop;
use super::unreachable::unreachable;
use crate::agent::MEMORY_FOLDER;
use crate::event::HostStatus;
use crate::host::{AskPass, HostError, SessionProcess};
use crate::protocol::FrameError;
use crate::text::Diagnostic;
use std::io::Read;

/// The most that a host can say of it, in bytes.
const ANSWER: u64 = 64 << 10;

/// Something of ours on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where.
    pub path: String,
    /// How large, in KiB.
    pub kib: u64,
}

/// Why nothing was removed: the host's status then, and the cause.
pub type NotForgotten = Box<(HostStatus, Diagnostic)>;

/// What of ours a host has; with `remove` it is gone then.
///
/// # Errors
/// If the host cannot be reached, or another run holds its lock.
pub fn forget(
    project: &Project,
    host: &str,
    remove: bool,
    stop: &Stop,
) -> Result<Vec<Left>, NotForgotten> {
    let failed = |error: Diagnostic| Box::new((HostStatus::Unreachable, error));
    let unmade = |error: HostError| failed(error.diagnostic());
    let marks = Marks::new().map_err(unmade)?;
    let (argv, way) = match project.connection(host) {
        Connection::Local => {
            (vec!["sh".to_owned(), "-c".to_owned(), line(FOLDER, &marks.begun, remove)], None)
        }
        Connection::Program(way) => {
            let folder = match &way.agent {
                Agent::KeptIn(folder) => folder.as_str(),
                Agent::At(_) => FOLDER,
            };
            (way.shell(&marks, &line(folder, &marks.begun, remove)), Some(way))
        }
    };
    let asked = way.and_then(|way| way.password.as_ref()).map(AskPass::answering);
    let asked = asked.transpose().map_err(unmade)?;
    let environment = asked.as_ref().map(AskPass::environment).unwrap_or_default();
    let mut process = SessionProcess::start(&argv, &environment).map_err(unmade)?;
    if let Some(way) = way {
        becomes_root(way, &marks, &process, stop).map_err(|broken| Box::new(broken.told()))?;
        let limit = process.limit().map_err(|error| failed(Diagnostic::new(error.to_string())))?;
        limit(way.connect);
    }
    let mut said = Vec::new();
    let read = (&mut process.output).take(ANSWER).read_to_end(&mut said);
    let (status, errors) = process.end();
    let text = String::from_utf8_lossy(&said);
    let lines = || text.lines().filter_map(|line| line.strip_prefix(marks.begun.as_str()));
    let lines: Vec<&str> = lines().collect();
    if lines.contains(&" held") {
        let error = Diagnostic::new("another run holds this host")
            .help("wait until it ends, or end that process there, and its command with it; then run again");
        return Err(Box::new((HostStatus::Locked, error)));
    }
    if read.is_err() || status != Some(0) || !lines.contains(&" done") {
        let end = FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into());
        return Err(failed(match way {
            Some(way) => unreachable(way, status, &errors, &end),
            None => Diagnostic::new(errors),
        }));
    }
    let left = lines.iter().filter_map(|line| {
        let (kib, path) = line.strip_prefix(" has ")?.split_once(' ')?;
        Some(Left { path: path.to_owned(), kib: kib.parse().ok()? })
    });
    Ok(left.collect())
}

/// The line for the host's `sh`. Each line that it says begins with a random word, so that nothing
/// else is taken for one. The lock is held while things go.
fn line(agents: &str, word: &str, remove: bool) -> String {
    let gone = |words: &'static str| if remove { words } else { "" };
    let begin = format!("w='{word}'; f={MEMORY_FOLDER}; a={}; ", double_quoted(agents));
    [
        begin.as_str(),
        r#"has() { k=$(du -sk "$1") || exit 1; echo "$w has ${k%%[!0-9]*} $1"; }; "#,
        r#"[ ! -L "$f" ] || { echo "$f is a link: remove it, and what it leads to, by hand" >&2; exit 1; }; "#,
        r#"[ ! -e "$f/lock" ] || { exec 9<"$f/lock" && flock -n 9 || { echo "$w held"; exit 0; }; }; "#,
        r#"case "$a/" in "$f"/*) ;; *) for p in "$a"/*; do n=${p##*/}; "#,
        r#"case "$n" in *[!0-9a-f]*) continue;; esac; "#,
        r#"[ "${#n}" = 64 ] && [ -f "$p" ] || continue; has "$p"; "#,
        gone(r#"rm -f "$p" || exit 1; "#),
        "done; ",
        gone(r#"rmdir "$a" 2>/dev/null || true; "#),
        r#";; esac; [ ! -e "$f" ] || { has "$f"; "#,
        gone(r#"rm -rf "$f" || exit 1; "#),
        r#"}; echo "$w done""#,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::agent::MEMORY_FOLDER;

    /// By this machine's shells, in a folder that stands for the host's.
    #[expect(clippy::disallowed_methods, reason = "a host's shell, played")]
    #[test]
    fn what_is_ours_is_told_and_removed_and_nothing_else() {
        for shell in [&["sh"][..], &["busybox", "sh"]] {
            let folder = tempfile::tempdir().unwrap();
            let (own, apart) = (folder.path().join("own"), folder.path().join("it's/apart"));
            let agent = "a".repeat(64);
            let set_up = || {
                std::fs::create_dir_all(own.join("agent")).unwrap();
                std::fs::create_dir_all(&apart).unwrap();
                std::fs::write(own.join("lock"), "").unwrap();
                std::fs::write(apart.join(&agent), "agent").unwrap();
                std::fs::write(apart.join("mine"), "mine").unwrap();
            };
            let run = |agents: &std::path::Path, remove: bool| {
                let line = line(agents.to_str().unwrap(), "WORD", remove);
                let line = line.replace(MEMORY_FOLDER, own.to_str().unwrap());
                let mut command = std::process::Command::new(shell[0]);
                let output = command.args(&shell[1..]).args(["-c", &line]).output().unwrap();
                assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            set_up();
            let said = run(&apart, false);
            assert!(said.contains(&agent) && said.ends_with("WORD done\n"), "{said}");
            assert!(own.exists() && apart.join(&agent).exists());
            let held = std::fs::File::open(own.join("lock")).unwrap();
            held.lock().unwrap();
            assert_eq!(run(&apart, true), "WORD held\n");
            drop(held);
            assert_eq!(run(&apart, true), said, "what is removed is what was told");
            assert!(!own.exists() && !apart.join(&agent).exists() && apart.join("mine").exists());
            assert_eq!(run(&apart, true), "WORD done\n", "nothing is left");
            set_up();
            let said = run(&own.join("agent"), true);
            assert_eq!(said.lines().count(), 2, "{said}");
            assert!(!own.exists());
            // What a link leads to is not told from what is somebody else's.
            let theirs = folder.path().join("theirs");
            std::fs::create_dir(&theirs).unwrap();
            std::os::unix::fs::symlink(&theirs, &own).unwrap();
            let line = line(own.join("agent").to_str().unwrap(), "WORD", true);
            let line = line.replace(MEMORY_FOLDER, own.to_str().unwrap());
            let mut command = std::process::Command::new(shell[0]);
            let output = command.args(&shell[1..]).args(["-c", &line]).output().unwrap();
            let why = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && why.contains("is a link"), "{output:?}");
            assert!(own.is_symlink() && theirs.exists());
        }
    }
}

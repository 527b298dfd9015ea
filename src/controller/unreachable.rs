//! Why a host could not be reached, in words for people.

use super::connection::{Agent, Way};
use crate::protocol::{self, FrameError};
use crate::text::Diagnostic;
use std::time::Duration;

/// By what the connecting program said.
pub(super) fn unreachable(
    way: &Way,
    status: Option<i32>,
    said: &str,
    error: &FrameError,
) -> Diagnostic {
    let program = way.program();
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    let message = match (last, status) {
        (Some(line), _) => match line.trim() {
            line if line.starts_with(&format!("{program}: ")) => line.to_owned(),
            line => format!("{program}: {line}"),
        },
        (None, Some(status)) if status != 0 => format!("{program} ended with status {status}"),
        _ => error.to_string(),
    };
    let diagnostic = Diagnostic::new(message);
    if status == Some(127) && matches!(way.agent, Agent::At(_)) {
        diagnostic.help("leave `converge_agent` out: the agent is sent then; or correct its path")
    } else if status == Some(126) {
        diagnostic.help("set `converge_agent_dir` to a folder of root that may hold programs")
    } else if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        diagnostic.help("the host's key changed; find out why before you trust the new one")
    } else if said.contains("converge: this login is not root") {
        diagnostic
            .help("become it with -b (--become) or `ansible_become: true`, or connect as root")
    } else if said.contains("sudo:") || said.contains("doas:") {
        diagnostic.help(
            "give the password (-K, or a vaulted `ansible_become_password`), let sudo ask for none \
             there, or connect as root",
        )
    } else {
        diagnostic.help(format!("try the same by hand: {}", way.by_hand))
    }
}

/// Text came instead of the agent's messages: the agent is not there, or something else speaks
/// before it does.
pub(super) fn greeted(way: &Way, text: &str, ended: Option<(Option<i32>, String)>) -> Diagnostic {
    let error = FrameError::NotAMessage(text.split(protocol::MARK).next().unwrap_or("").to_owned());
    match ended {
        Some((status, said)) if status != Some(0) => unreachable(way, status, &said, &error),
        _ => Diagnostic::new(error.to_string()).help(format!(
            "what a shell runs as it starts there (~/.bashrc, /etc/profile, …) must print nothing \
             where no terminal is; to see it: {}",
            way.by_hand
        )),
    }
}

/// Nothing came for so long; a living agent says something every few seconds.
pub(super) fn silent(way: &Way, time: Duration) -> Diagnostic {
    let seconds = time.as_secs();
    Diagnostic::new(format!("the host has said nothing for {seconds} s")).help(format!(
        "its agent, if it lives, ends the task that it is at, and stops; see whether the host can be \
         reached: {}",
        way.by_hand
    ))
}

/// sudo asks again.
pub(super) fn wrong_password() -> Diagnostic {
    Diagnostic::new("sudo refused the password")
        .help("give the one that sudo asks for there: -K, or a vaulted `ansible_become_password`")
}

/// sudo neither asks nor begins.
pub(super) fn no_prompt(said: &str, time: Duration) -> Diagnostic {
    let seconds = time.as_secs();
    let error = Diagnostic::new(format!("sudo neither asked nor began within {seconds} s"));
    match said.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => error.note(format!("it said: {}", line.trim())),
        None => error,
    }
}

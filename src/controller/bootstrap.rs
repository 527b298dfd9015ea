//! How an agent comes to a host that has none: a line for its `sh`, which starts the agent that is
//! there, or asks for it in the same session and keeps it.
//!
//! It needs what every base system has, busybox included: `sh`, `dd`, `gzip`, `sha256sum`, `uname`
//! and the small ones. The file appears under its name when it is whole and has run once.

use super::agent_programs::AgentProgram;
use crate::protocol::{FromAgent, MARK};

/// Where a host keeps its agents, unless `converge_agent_dir` says otherwise.
pub(super) const FOLDER: &str = "/var/lib/converge/agent";

/// How many letters of what uname(1) says are told.
const MACHINE: usize = 16;

/// The line. `first` is the length of the frame that is on its way already: where the agent is not
/// there it is thrown away, and sent again behind the agent.
pub(super) fn line(folder: &str, agents: &[AgentProgram], first: usize) -> String {
    let digests: Vec<&str> = agents.iter().map(|agent| agent.digest.as_str()).collect();
    let digests = digests.join(" ");
    let asks = asks();
    // `dd` with one full block takes no byte more than it is to; what stands in the folder is
    // believed if it belongs to who runs this, and nobody else may write there (the mode is what
    // ls(1) says first, as POSIX has it).
    [
        &format!("d={}; ", double_quoted(folder)),
        &format!("for s in {digests}; do "),
        r#"[ -O "$d" ] && [ -O "$d/$s" ] && [ ! -L "$d/$s" ] && [ -x "$d/$s" ] && "#,
        r#"{ case $(ls -ldn "$d") in ?????w*|????????w*) false;; esac; } && exec "$d/$s" agent; done; "#,
        &format!("dd bs={first} count=1 iflag=fullblock of=/dev/null 2>/dev/null; "),
        // Before it is sent for nothing.
        r#"[ "$(id -u)" = 0 ] || { echo "converge: this login is not root there" >&2; exit 1; }; "#,
        &format!(r#"printf "{asks}" "$(uname -m)"; read -r s n || exit 1; umask 077; "#),
        r#"t="$d/.$$"; mkdir -p "$d" && { [ -O "$d" ] || "#,
        r#"{ echo "converge: $d belongs to somebody else" >&2; exit 1; }; } && "#,
        r#"case $(ls -ldn "$d") in ?????w*|????????w*) "#,
        r#"echo "converge: $d may be written to by others than root" >&2; exit 1;; esac && "#,
        r#"dd "bs=$n" count=1 iflag=fullblock 2>/dev/null | gzip -dc >"$t" && "#,
        r#"echo "$s  $t" | sha256sum -c >/dev/null && chmod 700 "$t" && "#,
        r#""$t" --version >/dev/null && { sync "$t" || sync; } 2>/dev/null && "#,
        r#"mv -f "$t" "$d/$s" || { rm -f "$t"; exit 1; }; exec "$d/$s" agent"#,
    ]
    .concat()
}

/// What answers [`FromAgent::NeedsAgent`], ahead of the first frame.
pub(super) fn answer(agent: &AgentProgram) -> Vec<u8> {
    let packed = agent.packed();
    let mut answer = format!("{} {}\n", agent.digest, packed.len()).into_bytes();
    answer.extend_from_slice(packed);
    answer
}

/// A frame for printf(1), with a place for the machine's name.
fn asks() -> String {
    let message = FromAgent::NeedsAgent { machine: "%".to_owned() };
    let body = serde_json::to_string(&message).unwrap_or_default();
    let length = body.len() - 1 + MACHINE;
    let body = body.replace('"', r#"\""#).replace('%', &format!("%-{MACHINE}.{MACHINE}s"));
    format!(r"{MARK}\000\000\000\{length:03o}{body}")
}

/// A text in double quotes: the whole line stands in single ones.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

//! The agent alone: what a host is sent. The `converge` command serves a session in the same way.

use std::io::Write;
use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "here the arguments come in")]
fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [word] if word == "agent" => ExitCode::from(converge::agent::program::run()),
        [word] if word == "--version" => {
            let said = writeln!(std::io::stdout(), "{}", converge::agent::program::BUILD);
            ExitCode::from(u8::from(said.is_err()))
        }
        _ => {
            let _ = writeln!(std::io::stderr(), "converge-agent is started by converge, on a host");
            ExitCode::from(64)
        }
    }
}

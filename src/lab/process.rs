//! Running the machine's own tools: their output, or an error that says what they said.

use std::io::Write;
use std::process::{Command, Stdio};

use super::LabError;
use super::error::io;

/// Runs a program to its end and returns what it printed.
pub(super) fn run<I, S>(program: &str, args: I) -> Result<String, LabError>
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    run_with_input(program, args, b"")
}

/// As `run`, with bytes on its standard input.
pub(super) fn run_with_input<I, S>(program: &str, args: I, input: &[u8]) -> Result<String, LabError>
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let args: Vec<String> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
    let mut child = Command::new(program)
        .args(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(io("run", program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading is judged by its status.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(io("wait for", program))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(LabError::Command {
        command: format!("{program} {}", args.join(" ")),
        status: output.status.to_string(),
        stderr: last_lines(stderr.trim(), 20),
    })
}

/// The end of a log, for an error message.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

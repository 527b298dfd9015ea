//! Asks at the terminal for what only a person knows: passwords, and variables of a playbook.

use crate::config::Prompt;
use crate::host::Disk;
use crate::text::Diagnostic;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, BufReader, Write};

/// Whether what is typed is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// What a person types for a variable.
pub(super) fn ask(prompt: &Prompt) -> Result<Option<String>, Diagnostic> {
    let echo = if prompt.private { Echo::Off } else { Echo::On };
    let default = prompt.default.as_ref().filter(|_| !prompt.private);
    let default = default.and_then(|node| node.as_str());
    let words = match default {
        Some(default) => format!("{} [{default}]: ", prompt.text),
        None => format!("{}: ", prompt.text),
    };
    loop {
        let typed = line(&words, echo)?;
        if !prompt.confirm || line(&format!("confirm {}: ", prompt.text), echo)? == typed {
            return Ok(Some(typed));
        }
    }
}

/// Nobody is asked: what is shown of a playbook hinges on no answer.
pub(super) fn nothing(_prompt: &Prompt) -> Result<Option<String>, Diagnostic> {
    Ok(Some(String::new()))
}

fn line(words: &str, echo: Echo) -> Result<String, Diagnostic> {
    let typed = asked(words, echo)?;
    // Not even an end of line: no answer, which an empty one would be.
    if typed.is_empty() {
        return Err(Diagnostic::new(format!(
            "nobody answered `{}`",
            words.trim_end_matches([':', ' '])
        )));
    }
    let text =
        String::from_utf8(typed).map_err(|_| Diagnostic::new("what was typed is not UTF-8"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks on the terminal, whatever standard input is.
pub(super) fn asked(prompt: &str, echo: Echo) -> Result<Vec<u8>, Diagnostic> {
    let failed =
        |error: std::io::Error| Diagnostic::new(format!("cannot ask on the terminal: {error}"));
    let mut terminal = Disk.terminal().map_err(failed)?;
    let before = tcgetattr(&terminal).map_err(|error| failed(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.set(LocalModes::ECHO, echo == Echo::On);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| failed(error.into()))?;
    let mut line = Vec::new();
    let typed = terminal
        .write_all(prompt.as_bytes())
        .and_then(|()| BufReader::new(&terminal).read_until(b'\n', &mut line));
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    let _ = terminal.write_all(b"\n");
    typed.map_err(failed)?;
    restored.map_err(|error| failed(error.into()))?;
    Ok(line)
}

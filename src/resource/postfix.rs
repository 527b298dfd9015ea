//! Postfix's own file forms: lookup tables, aliases, and the programs that build them.

use crate::host::{Command, CommandOutput, HostError, Probe, ProbeAnswer, View};
use crate::value::Known;

/// The logical lines of a Postfix file (postconf(5)): comments and empty lines left out, lines
/// that begin with white space joined to the one before.
pub(super) fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => lines.push(bare.to_owned()),
        }
    }
    lines
}

/// The entries of a lookup table's source (postmap(1)), keys in lower case as they are stored,
/// sorted.
pub(super) fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = logical_lines(text)
        .iter()
        .filter_map(|line| {
            let (key, value) = line.split_once(char::is_whitespace)?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            Some((key.to_lowercase(), value))
        })
        .collect();
    entries.sort();
    entries
}

/// What a program that only observes answers.
pub(super) fn ask(view: &dyn View, argv: &[&str]) -> Result<Known<CommandOutput>, HostError> {
    let command = Command {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        timeout_ms: 30_000,
        ..Command::default()
    };
    Ok(view.probe(&Probe::Command(command))?.map(|answer| match answer {
        ProbeAnswer::Command(output) => output,
        _ => CommandOutput::default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn a_table_is_read_as_postmap_reads_it() {
        let text = "# a comment\n\nRoot  a@x,\n   b@x\n#x y\nann\tann@x\n";
        let read = entries(text);
        let pairs: Vec<_> =
            read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("ann", "ann@x"), ("root", "a@x, b@x")]);
    }
}

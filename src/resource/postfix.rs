//! Postfix's own file forms: lookup tables, aliases, and the programs that build them.

use super::logical_lines::{LogicalLines, is_space};
use crate::host::{Command, CommandOutput, HostError, Probe, ProbeAnswer, View};
use crate::value::Known;

/// The entries of a lookup table's source as `postmap` stores them (postmap(1)): keys in lower
/// case, of several with one key the first, sorted.
pub(super) fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for (key, value) in table(text) {
        if !entries.iter().any(|(other, _)| *other == key) {
            entries.push((key, value));
        }
    }
    entries.sort();
    entries
}

/// The place among a table's entries (from 1) of one that has an earlier one's key, and another
/// value. Not the key itself: what is in a table may be secret.
pub(super) fn ambiguous(text: &str) -> Option<usize> {
    let all = table(text);
    let differs = |(key, value): &(String, String)| {
        all.iter().find(|(other, _)| other == key).is_some_and(|(_, first)| first != value)
    };
    all.iter().position(differs).map(|at| at + 1)
}

/// Every line with a key and a value, in order. White space in values counts once.
fn table(text: &str) -> Vec<(String, String)> {
    let file = LogicalLines::of(text);
    let pair = |line: &String| {
        let (key, value) = line.split_at(end_of_key(line)?);
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        (!value.is_empty()).then(|| (key.to_lowercase(), value))
    };
    file.entries().iter().filter_map(pair).collect()
}

/// A key ends at white space outside quotes; `None` where a quote is left open.
fn end_of_key(line: &str) -> Option<usize> {
    let mut quoted = false;
    let mut chars = line.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '"' => quoted = !quoted,
            char if is_space(char) && !quoted => return Some(at),
            _ => {}
        }
    }
    (!quoted).then_some(line.len())
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
    use super::{ambiguous, entries};

    #[test]
    fn a_table_is_read_as_postmap_reads_it() {
        let text = " lead 1\n# a comment\n\nRoot  a@x,\n# within\n   b@x\n#x y\nann\tann@x\nonly\n\
                    \"a b\" c\n\"open x\nann other\nroot a@x, b@x\n";
        let read = entries(text);
        let pairs: Vec<_> =
            read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("\"a b\"", "c"), ("ann", "ann@x"), ("root", "a@x, b@x")]);
        assert_eq!(ambiguous(text), Some(4));
        assert_eq!(ambiguous("a b\na  b\n"), None);
    }
}

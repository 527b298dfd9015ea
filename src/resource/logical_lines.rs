//! Files of logical lines, as Postfix reads main.cf, master.cf, lookup tables and aliases, split
//! and edited in one place.
//!
//! A line that begins with white space continues the one before; comments and empty lines between
//! them belong to nobody and end nothing (postconf(5); Postfix's `readlline`). So the lines of one
//! entry need not stand together, and what is between them stays when the entry goes.

use super::line_break;

/// A text, split.
pub(super) struct LogicalLines<'t> {
    /// Each physical line, and the entry that it is a part of; comments and empty ones of none.
    lines: Vec<(&'t str, Option<usize>)>,
    entries: Vec<String>,
    line_break: &'static str,
}

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
    /// These lines, each with its `\n`.
    Becomes(String),
}

impl<'t> LogicalLines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut lines = Vec::new();
        let mut entries: Vec<String> = Vec::new();
        for line in text.split_inclusive('\n') {
            let content = line.trim_start_matches(is_space);
            if content.is_empty() || content.starts_with('#') {
                lines.push((line, None));
                continue;
            }
            let bare = line.strip_suffix('\n').unwrap_or(line);
            match entries.last_mut() {
                Some(open) if line.starts_with(is_space) => open.push_str(bare),
                // It continues nothing, and Postfix leaves it out.
                None if line.starts_with(is_space) => {}
                _ => entries.push(bare.to_owned()),
            }
            lines.push((line, entries.len().checked_sub(1)));
        }
        Self { lines, entries, line_break: line_break::of(text) }
    }

    /// The entries in order, each in one line: its physical lines joined as they are.
    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// The text after each entry met its fate (in their order), and the added lines at its end.
    /// Everything else stays byte for byte.
    pub(super) fn edited(&self, fates: &[Fate], added: &str) -> String {
        let mut text = String::new();
        let mut begun = None;
        for (line, entry) in &self.lines {
            let is_first = entry.is_some() && *entry != begun;
            begun = entry.or(begun);
            match entry.and_then(|entry| fates.get(entry)) {
                None | Some(Fate::Stays) => text.push_str(line),
                Some(Fate::Becomes(lines)) if is_first => {
                    text.push_str(&lines.replace('\n', self.line_break));
                }
                Some(Fate::Goes | Fate::Becomes(_)) => {}
            }
        }
        if !added.is_empty() {
            line_break::push(&mut text, added, self.line_break);
        }
        text
    }
}

/// White space as C has it, which is what Postfix goes by.
pub(super) const fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# top\r\na = 1,\r\n# within\r\n\r\n   2\r\n  # after\r\nb = 3";

    #[test]
    fn comments_and_empty_lines_between_end_nothing() {
        let file = LogicalLines::of(TEXT);
        assert_eq!(file.entries(), ["a = 1,\r   2\r", "b = 3"]);
        assert_eq!(file.edited(&[Fate::Stays, Fate::Stays], ""), TEXT);
    }

    #[test]
    fn what_stands_between_stays_and_what_is_added_ends_as_the_rest() {
        let file = LogicalLines::of(TEXT);
        let goes = file.edited(&[Fate::Goes, Fate::Stays], "c = 4\n");
        assert_eq!(goes, "# top\r\n# within\r\n\r\n  # after\r\nb = 3\r\nc = 4\r\n");
        let becomes = file.edited(&[Fate::Becomes("a =\n  5\n".to_owned()), Fate::Goes], "");
        assert_eq!(becomes, "# top\r\na =\r\n  5\r\n# within\r\n\r\n  # after\r\n");
    }

    #[test]
    fn a_line_that_continues_nothing_is_nobodys() {
        let file = LogicalLines::of("  # c\n\ta\n b\nc\n");
        assert_eq!(file.entries(), ["c"]);
        assert_eq!(file.edited(&[Fate::Goes], ""), "  # c\n\ta\n b\n");
    }
}

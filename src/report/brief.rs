//! A command in one line of a plan: a long one by its first words, the whole for those who ask.

use super::escape;
use super::style::{DiffShow, Style};

/// Columns where there is no terminal.
const COLUMNS: usize = 100;
/// Columns before a command in its line: sign and kind.
const BEFORE: usize = 13;

/// How many columns a command may take; `None`: it is shown whole.
pub(super) fn room(style: &Style) -> Option<usize> {
    let whole = style.verbosity > 0 || style.diff != DiffShow::None;
    (!whole).then(|| style.terminal.unwrap_or(COLUMNS).saturating_sub(BEFORE))
}

/// As [`room`], where diffs are shown without being asked for.
pub(super) fn room_with_diffs(style: &Style) -> Option<usize> {
    let diff = if style.diff == DiffShow::Full { DiffShow::Full } else { DiffShow::None };
    room(&Style { diff, ..*style })
}

/// The first words of a text that is too long or of several lines; escaped.
pub(super) fn brief(text: &str, room: Option<usize>) -> String {
    let lines = text.trim().contains(['\n', '\r']);
    let fits = |text: &str| room.is_none_or(|room| text.chars().count() <= room);
    let whole = escape::line(text).into_owned();
    if room.is_none() || (!lines && fits(&whole)) {
        return whole;
    }
    let room = room.unwrap_or_default().saturating_sub(2);
    let mut out = String::new();
    for word in text.split_whitespace() {
        let word = escape::line(word);
        let gap = usize::from(!out.is_empty());
        let left = room.saturating_sub(out.chars().count() + gap);
        if word.chars().count() > left {
            // One that is longer than a line is cut where the line ends.
            if out.is_empty() {
                out.extend(word.chars().take(left));
            }
            break;
        }
        out.push_str(&" "[..gap]);
        out.push_str(&word);
    }
    out.push_str(" …");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_by_its_first_words() {
        for (text, room, shown) in [
            ("make all", Some(8), "make all"),
            ("make install", Some(8), "make …"),
            ("sh -c \n  set -e\n  make\n", Some(40), "sh -c set -e make …"),
            ("sh -c \n  set -e\n  make\n", Some(12), "sh -c set …"),
            ("printf 'a\\n'", Some(20), "printf 'a\\n'"),
            ("/a/very/long/path", Some(10), "/a/very/ …"),
            ("sh -c \nset -e", None, "sh -c \\nset -e"),
            ("sh \u{1b}[2J x\ny", Some(20), "sh \\u{1b}[2J x y …"),
        ] {
            assert_eq!(brief(text, room), shown);
        }
    }
}

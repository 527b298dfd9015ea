//! What comes from a host is data: characters that could drive a terminal or disguise text are
//! shown as escapes, in every format that people read.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line: control characters, line ends and invisible direction marks become `\n`, `\u{1b}`, ….
/// A tab stays, because it can do no harm and diffs need it.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ if dangerous(char) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// Several lines, each escaped; the line ends stay.
#[must_use]
pub fn lines(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Control characters (C0, C1, DEL), and those that reorder or hide text (Unicode TR 36, 3.2).
fn dangerous(char: char) -> bool {
    (char.is_control() && char != '\t')
        || matches!(char,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_passes() {
        for (text, shown) in [
            ("plain ümlaut\t→", "plain ümlaut\t→"),
            ("\x1b[2J\x07gone", "\\u{1b}[2J\\u{7}gone"),
            ("a\r\nb", "a\\r\\nb"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("\u{7f}", "\\u{7f}"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("one\x1b\r\ntwo\n"), "one\\u{1b}\ntwo");
    }
}

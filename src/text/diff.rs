//! What changes from one text to another, as a unified diff.

use similar::{Algorithm, ChangeTag, TextDiff};
use std::fmt::Write;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Lines that a diff may have; what is more is counted only.
const LINES: usize = 2_000;

/// Bytes of a line that are shown.
const WIDTH: usize = 2_000;

/// Lines of both texts together above which they are not compared line by line: with much
/// that differs that takes time in the square of their number.
const COMPARED: usize = 40_000;

/// A unified diff of two texts: hunks with three lines of context, without file headers;
/// empty where nothing differs. A text that does not end in a newline is followed by
/// `\ No newline at end of file`. Bounded, and the same on every machine: what is too long is
/// cut, and the last line says how much.
#[must_use]
pub fn unified(before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new) = (lines(before), lines(after));
    let mut out = Bounded::default();
    if old.len() + new.len() > COMPARED {
        out.line(&format!("@@ -{} +{} @@", extent(0, old.len()), extent(0, new.len())));
        old.iter().for_each(|line| out.changed('-', line));
        new.iter().for_each(|line| out.changed('+', line));
        return out.end();
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_slices(&old, &new);
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) = (first.old_range().start, first.new_range().start);
        out.line(&format!(
            "@@ -{} +{} @@",
            extent(old, last.old_range().end - old),
            extent(new, last.new_range().end - new)
        ));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            out.changed(sign, change.value());
        }
    }
    out.end()
}

/// The lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Where a hunk begins, from 1, and how many lines it has, as diff(1) writes it.
fn extent(start: usize, len: usize) -> String {
    match len {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{len}", start + 1),
    }
}

#[derive(Default)]
struct Bounded {
    text: String,
    lines: usize,
}

impl Bounded {
    fn line(&mut self, line: &str) {
        self.lines += 1;
        if self.lines <= LINES {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    fn changed(&mut self, sign: char, line: &str) {
        if self.lines >= LINES {
            self.lines += 1;
            return;
        }
        let content = line.strip_suffix('\n');
        let shown = content.unwrap_or(line);
        match cut(shown) {
            Some(start) => {
                let more = shown.len() - start.len();
                self.line(&format!("{sign}{start}… {more} more bytes"));
            }
            None => self.line(&format!("{sign}{shown}")),
        }
        if content.is_none() {
            self.line("\\ No newline at end of file");
        }
    }

    fn end(mut self) -> String {
        if self.lines > LINES {
            let _ = writeln!(self.text, "… {} more lines", self.lines - LINES);
        }
        self.text
    }
}

/// The part of a line that is shown, if that is not all.
fn cut(line: &str) -> Option<&str> {
    if line.len() <= WIDTH {
        return None;
    }
    let mut at = WIDTH;
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    Some(&line[..at])
}

#[cfg(test)]
mod tests {
    use super::{LINES, unified};
    use std::fmt::Write;

    #[test]
    fn a_diff_reads_as_diff_u_writes_it() {
        for (before, after, expected) in [
            ("same\n", "same\n", ""),
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"),
            ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
            ("a\n", "a", "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
                "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
            ),
            ("a\r\n", "a\n", "@@ -1 +1 @@\n-a\r\n+a\n"),
        ] {
            assert_eq!(unified(before, after), expected);
        }
    }

    #[test]
    fn distant_changes_are_hunks_of_their_own() {
        let before: String = (0..40).map(|n| format!("{n}\n")).collect();
        let after = before.replace("\n2\n", "\ntwo\n").replace("\n38\n", "\nthirty-eight\n");
        let diff = unified(&before, &after);
        assert_eq!(diff.matches("@@ -").count(), 2, "{diff}");
        assert!(!diff.contains("20"), "{diff}");
    }

    #[test]
    fn a_diff_stays_bounded_whatever_it_is_given() {
        let mut many = String::new();
        for n in 0..60_000 {
            let _ = writeln!(many, "{n}");
        }
        for before in ["", "other\n", &many.replace('1', "one")] {
            let diff = unified(before, &many);
            assert_eq!(diff.lines().count(), LINES + 1);
            assert!(diff.ends_with(" more lines\n"), "{}", &diff[diff.len() - 40..]);
        }
        let long = unified("", &"ä".repeat(10_000));
        assert!(long.len() < 2_200 && long.contains("… 18000 more bytes"), "{long}");
    }
}

//! The lines of a diff that are shown, without the headers that the plan's line already says.

use super::escape;
use super::style::{DiffShow, Paint, Style};
use std::io::{self, Write};

/// So many lines of a diff are shown unless all are asked for.
const SHORT: usize = 10;

/// Writes the diff below its line of the plan.
pub(super) fn write(
    out: &mut dyn Write,
    style: &Style,
    diff: &str,
    indent: &str,
) -> io::Result<()> {
    let lines = shown(diff);
    let limit = match style.diff {
        DiffShow::None => return Ok(()),
        // One more line is not worth a line that says so.
        DiffShow::Short if lines.len() > SHORT + 1 => SHORT,
        DiffShow::Short | DiffShow::Full => lines.len(),
    };
    for line in &lines[..limit] {
        let paint = match line.as_bytes().first() {
            Some(b'+') => Paint::Add,
            Some(b'-') => Paint::Remove,
            _ => Paint::Dim,
        };
        writeln!(out, "{indent}{}", style.paint(paint, escape::line(line)))?;
    }
    match lines.len() - limit {
        0 => Ok(()),
        more => {
            let more = format!("… {more} more lines (--diff=full)");
            writeln!(out, "{indent}{}", style.paint(Paint::Dim, more))
        }
    }
}

/// Without `---`, `+++`, and the hunk header of a diff that has only one hunk.
fn shown(diff: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = diff.lines().collect();
    if lines.len() >= 2 && lines[0].starts_with("--- ") && lines[1].starts_with("+++ ") {
        lines.drain(..2);
    }
    let hunks = lines.iter().filter(|line| line.starts_with("@@ ")).count();
    if hunks == 1 && lines[0].starts_with("@@ ") {
        lines.remove(0);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(diff: &str, show: DiffShow) -> String {
        let mut out = Vec::new();
        write(&mut out, &Style { diff: show, ..Style::default() }, diff, "  ").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_short_diff_says_how_much_is_left_out() {
        let diff = "--- a\n+++ b\n@@ -0,0 +1,12 @@\n".to_owned() + &"+x\n".repeat(12);
        let short = written(&diff, DiffShow::Short);
        assert_eq!(short.matches("  +x\n").count(), 10);
        assert!(short.ends_with("  … 2 more lines (--diff=full)\n"), "{short}");
        assert_eq!(written(&diff, DiffShow::Full), "  +x\n".repeat(12));
        assert_eq!(written(&diff, DiffShow::None), "");
        let eleven = "+x\n".repeat(11);
        assert_eq!(written(&eleven, DiffShow::Short), "  +x\n".repeat(11));
    }

    #[test]
    fn several_hunks_keep_their_headers_and_hosts_cannot_draw() {
        let diff = "@@ -1 +1 @@\n-a\n+\x1b[2Jb\n@@ -9 +9 @@\n-c\n+d\n";
        let full = written(diff, DiffShow::Full);
        assert_eq!(full.matches("@@").count(), 4);
        assert!(full.contains("+\\u{1b}[2Jb"));
    }
}

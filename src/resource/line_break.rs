//! Line breaks of a file that others own: what is added to it ends as its own lines end.

/// The line break of a text: that of its first line.
pub(super) fn of(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// A physical line without its line break.
pub(super) fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Adds whole lines, written with `\n`, to the end of a text with this line break.
pub(super) fn push(text: &mut String, lines: &str, own: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(own);
    }
    text.push_str(&lines.replace('\n', own));
}

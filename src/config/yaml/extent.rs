//! From the parser's places to ours.

use crate::text::{SourceId, Span};

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// How many characters a text has.
pub(super) fn length(text: &str) -> u32 {
    narrow(text.chars().count())
}

/// The document's first character.
pub(super) const fn start(source: SourceId) -> Span {
    Span { source, line: 1, column: 1, len: 0 }
}

/// The character that follows `before`.
pub(super) fn after(source: SourceId, before: &str) -> Span {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Span { source, line: narrow(line), column: narrow(column), len: 1 }
}

/// One character at the parser's marker.
pub(super) fn point(source: SourceId, marker: &granit_parser::Marker) -> Span {
    Span { source, line: narrow(marker.line()), column: narrow(marker.col() + 1), len: 1 }
}

/// The first line of what the parser's span covers.
pub(super) fn first_line(source: SourceId, text: &str, span: &granit_parser::Span) -> Span {
    let len = if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col())
    } else {
        let slice = span.slice(text).unwrap_or_default();
        slice.lines().next().unwrap_or_default().trim_end().chars().count()
    };
    Span { len: narrow(len), ..point(source, &span.start) }
}

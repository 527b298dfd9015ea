//! Where a template's text stands, so that a byte in it has a line and a column.

use crate::text::{SourceId, Span};
use std::ops::Range;

/// Where the text that is rendered was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// A string of a YAML file.
    Scalar(Span),
    /// A whole file.
    File(SourceId),
    /// What is in a file after its first lines.
    After(SourceId, u32),
}

impl Place {
    /// The file in which the text stands.
    pub(super) const fn source(self) -> SourceId {
        match self {
            Self::Scalar(span) => span.source,
            Self::File(source) | Self::After(source, _) => source,
        }
    }

    /// The rest of a file, after this many lines more.
    pub(super) const fn after(self, lines: u32) -> Self {
        match self {
            Self::File(source) if lines > 0 => Self::After(source, lines),
            other => other,
        }
    }

    /// The span of a byte range of `text`, which stands here. In a scalar with escapes, or of
    /// several lines, only the whole scalar's place is known.
    pub(super) fn span(self, text: &str, range: Range<usize>) -> Span {
        let start = floor(text, range.start.min(text.len()));
        let end = floor(text, range.end.clamp(start, text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = count(&text[line_start..start]);
        let len = count(text[start..end].lines().next().unwrap_or(""));
        let in_file = |source, skipped| Span {
            source,
            line: number(before.matches('\n').count()) + 1 + skipped,
            column: column + 1,
            len,
        };
        match self {
            Self::File(source) => in_file(source, 0),
            Self::After(source, lines) => in_file(source, lines),
            Self::Scalar(span) => {
                let chars = count(text);
                let one_line = !text.contains('\n');
                if one_line && span.len == chars {
                    Span { column: span.column + column, len, ..span }
                } else if one_line && span.len == chars + 2 {
                    Span { column: span.column + 1 + column, len, ..span }
                } else {
                    span
                }
            }
        }
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn count(text: &str) -> u32 {
    number(text.chars().count())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::text::{SourceId, Span};

    const SOURCE: SourceId = SourceId(0);

    fn span(line: u32, column: u32, len: u32) -> Span {
        Span { source: SOURCE, line, column, len }
    }

    #[test]
    fn a_file_s_bytes_have_lines_and_columns_in_characters() {
        let text = "a\nä {{ x }}\n";
        assert_eq!(Place::File(SOURCE).span(text, 8..9), span(2, 6, 1));
        assert_eq!(Place::File(SOURCE).span(text, 0..99), span(1, 1, 1));
        assert_eq!(Place::File(SOURCE).span(text, 3..4), span(2, 1, 1), "inside a character");
    }

    #[test]
    fn a_scalar_s_bytes_are_found_where_it_was_written_plainly() {
        let text = "{{ x }}";
        assert_eq!(Place::Scalar(span(4, 7, 7)).span(text, 3..4), span(4, 10, 1), "plain");
        assert_eq!(Place::Scalar(span(4, 7, 9)).span(text, 3..4), span(4, 11, 1), "quoted");
        assert_eq!(Place::Scalar(span(4, 7, 12)).span(text, 3..4), span(4, 7, 12), "escaped");
        assert_eq!(Place::Scalar(span(4, 7, 1)).span("a\n{{ x }}", 5..6), span(4, 7, 1), "block");
    }
}

//! The parser's complaints in our words, with a hint where the mistake is a common one.

use super::extent;
use super::limits::MAX_DEPTH;
use crate::text::{Diagnostic, SourceId};
use granit_parser::{ErrorKind, ScanError};

/// Translates a syntax error.
pub(super) fn diagnostic(source: SourceId, text: &str, error: &ScanError) -> Diagnostic {
    let at = extent::point(source, error.marker());
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => format!("nested deeper than {MAX_DEPTH} levels"),
        ErrorKind::UnknownAnchor => "alias of an anchor that is not defined above it".to_owned(),
        kind => kind.to_string(),
    };
    let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
    let mut diagnostic = Diagnostic::new(message).at(at);
    if let Some(help) = help(error.kind(), line) {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

fn help(kind: &ErrorKind, line: &str) -> Option<&'static str> {
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    if value.starts_with("{{") || value.trim_start_matches("- ").starts_with("{{") {
        return Some(UNQUOTED_TEMPLATE);
    }
    Some(match kind {
        ErrorKind::MappingValueNotAllowed => {
            "put a value that holds `: ` in quotes, or check the indentation of this line"
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => "indent with spaces",
        ErrorKind::UnclosedQuotedScalar => "close the quote",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => "close the bracket",
        ErrorKind::UnexpectedCharacter { .. } => "put a value that starts with this in quotes",
        ErrorKind::UnknownQuotedScalarEscape => {
            "write `\\\\` for a backslash, or use single quotes, in which it stands for itself"
        }
        ErrorKind::SimpleKeyExpected => "write `key: value`",
        _ => return None,
    })
}

/// For a value such as `{{ name }}` without quotes, which YAML takes for a mapping.
pub(super) const UNQUOTED_TEMPLATE: &str =
    "put a value that starts with a template in quotes: \"{{ … }}\"";

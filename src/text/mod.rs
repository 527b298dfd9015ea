//! Text as people read it: positions in source files, diagnostics in rustc's form, unified diffs,
//! redaction, nearest names. Nothing here knows what converge does.

mod article;
mod diagnostic;
mod diff;
mod lack;
mod nearest;
mod pattern_hint;
mod pattern_size;
mod quote;
mod redact;
mod shortened;
mod span;
mod words;

pub use article::with_article;
pub use diagnostic::Diagnostic;
pub use diff::unified;
pub use lack::Lack;
pub use nearest::nearest;
pub use pattern_hint::pattern_hint;
pub use pattern_size::{pattern_size, pattern_too_large};
pub use quote::{command_line, quote};
pub use redact::Redactor;
pub use shortened::shortened;
pub use span::{SourceId, Sources, Span};
pub use words::split_words;

//! Text as people read it: positions in source files, diagnostics in rustc's form, unified diffs,
//! redaction, nearest names. Nothing here knows what converge does.

mod diagnostic;
mod span;

pub use diagnostic::Diagnostic;
pub use span::{SourceId, Sources, Span};

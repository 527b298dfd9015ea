//! Text as people read it: positions in source files, diagnostics in rustc's form, unified diffs,
//! redaction, nearest names. Nothing here knows what converge does.

mod diagnostic;
mod nearest;
mod span;

pub use diagnostic::Diagnostic;
pub use nearest::nearest;
pub use span::{SourceId, Sources, Span};

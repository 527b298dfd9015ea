//! Everything that a run says is made here, as folds over its events: for people, as one JSON
//! document, for CI systems. Nothing here knows how a host was reached.

pub mod escape;
mod mask;
pub mod snippet;
mod style;

pub use style::{DiffShow, Style};

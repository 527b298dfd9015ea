//! Variables, every layer that set each of them, and which one wins.

mod boolean_words;
mod extra;
mod layers;
mod name;

pub(crate) use boolean_words::refuse_boolean_words;
pub use extra::ExtraVars;
pub use layers::{Layer, LayerKind, Layers};
pub(super) use name::check_name;

//! Variables, every layer that set each of them, and which one wins.

mod extra;
mod layers;
mod name;

pub use extra::ExtraVars;
pub use layers::{Layer, LayerKind, Layers};
pub(super) use name::check_name;

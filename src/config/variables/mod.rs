//! Variables, every layer that set each of them, and which one wins.

mod layers;
mod name;

pub use layers::{Layer, LayerKind, Layers};
pub(super) use name::check_name;

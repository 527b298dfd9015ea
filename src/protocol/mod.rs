//! What crosses between controller and agent: frames of bounded size, each one message as JSON.
//! Local runs speak the same, so that there is one path, not two.

mod frame;
mod message;

pub use frame::{FrameError, MARK, MAX_FRAME, frame, read, write};
pub use message::{FromAgent, ToAgent, VERSION};

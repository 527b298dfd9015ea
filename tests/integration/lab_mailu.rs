//! The lab's Mailu keeps to what Mailu does, and to what a test tells it to do instead.

mod api;
mod hosts;
mod submission;
mod submitting;
mod switches;

use crate::lab::lab;
use converge::lab::Lab;

/// A lab of nothing but a Mailu, the MX and the DNS.
fn mailu(prefix: &str) -> Lab {
    lab(prefix).mailu().up().unwrap()
}

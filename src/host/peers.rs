//! Which addresses are those of the run's other hosts, as far as a dry run can know.

use std::collections::HashSet;

/// Tells machines that this run may change from the rest of the world: what they answer hinges on
/// what is pending on them, too.
pub trait Peers {
    /// Whether this name or address may be one of them.
    fn may_change(&self, peer: &str) -> bool;
}

/// All of them.
impl Peers for HashSet<String> {
    fn may_change(&self, peer: &str) -> bool {
        self.contains(peer)
    }
}

impl<T: Peers + ?Sized> Peers for &T {
    fn may_change(&self, peer: &str) -> bool {
        (**self).may_change(peer)
    }
}

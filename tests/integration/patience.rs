//! Waiting for what a test has set going: for the event itself, and longer where the machine is
//! busy. A test sleeps only where the passing of time is what it tests.

use converge::lab::Patience;
use std::time::Duration;

/// What anything that is waited for takes at most, on a machine with nothing else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Returns once it is so; fails the test where that does not come.
#[track_caller]
pub(crate) fn until(what: &str, so: impl FnMut() -> bool) {
    let patience = Patience::of(PATIENCE);
    assert!(patience.until(so), "waited {:?} in vain: {what}", patience.waited());
}

//! Runs on real hosts that do not depend on any role of the project: what fails while running,
//! what several hosts do together, what is never shown.

mod failures;
mod many;
mod secrets;

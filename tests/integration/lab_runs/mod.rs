//! Runs on real hosts that do not depend on any role of the project: what fails while running,
//! what several hosts do together, what is never shown.

mod apt;
mod canaries;
mod cut_off;
mod ended;
mod failures;
mod forgotten;
mod full_disk;
mod interrupted;
mod judged;
mod keywords;
mod many;
mod not_root;
mod over_ssh;
mod question;
mod secrets;
mod speed;

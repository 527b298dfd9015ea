//! The role sys-svc-mail-smtp on real hosts of both families.

mod faults;
mod foretold;
pub(crate) mod kills;
mod port_taken;
mod relay;

//! The role sys-svc-mail-smtp on real hosts of both families.

mod faults;
mod foretold;
mod kills;
mod port_taken;
mod relay;

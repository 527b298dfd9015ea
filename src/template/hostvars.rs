//! `hostvars`: what other hosts have, asked for value by value, so that nobody is sent all of it.

/// The variable.
pub(super) const NAME: &str = "hostvars";

/// What stands for a host that is not written out, among the members of a use.
pub(super) const ANY: &str = "*";

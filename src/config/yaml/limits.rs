//! How large a document may be: what is larger is refused, however much memory there is.

/// The largest document that is read, in bytes: an inventory of 100,000 hosts is about 10 MB.
pub const MAX_BYTES: usize = 64 << 20;

/// How deep sequences and mappings may nest.
pub const MAX_DEPTH: usize = 64;

/// How many bytes aliases and merge keys may repeat in one document. Without such a bound nine
/// lines of YAML become gigabytes.
pub const MAX_REPEATED_BYTES: usize = 16 << 20;

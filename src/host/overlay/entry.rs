//! What a dry run keeps of a path.

use crate::host::Stat;
use crate::value::{Known, Origin};

/// What a pending action makes of a path.
#[derive(Debug, Clone)]
pub(super) struct Virtual {
    pub(super) stat: Known<Stat>,
    /// Of a regular file.
    pub(super) content: Known<Vec<u8>>,
    pub(super) below: Below,
    /// A directory for certain, even where its attributes are not known.
    pub(super) is_directory: bool,
}

/// What lies below a path with a pending action, where nothing nearer says so.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Below {
    /// What the host under the overlay has.
    Through,
    /// Nothing: it was removed, or made anew.
    Nothing,
    /// Anything.
    Unknown(Origin),
}

/// Folders into which packages put files; what is absent elsewhere stays absent.
pub(super) const PACKAGE_TERRITORY: &[&str] =
    &["/etc", "/var", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/run", "/boot"];

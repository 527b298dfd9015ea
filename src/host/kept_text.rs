//! What the controller keeps for its user between runs.

use super::{HostError, private_folder};
use std::io::Write;
use std::path::Path;

/// Keeps a text, in a folder that is made where there is none; whoever reads it finds the old one or
/// all of the new one.
///
/// # Errors
/// If it cannot be written there.
pub fn keep_text(path: &Path, text: &str) -> Result<(), HostError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    private_folder(folder)?;
    let failed = |error| HostError::file("write", path, error);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

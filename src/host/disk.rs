//! The controller's own files, as [`crate::config`] reads them.
#![expect(clippy::disallowed_methods, reason = "host/ is the door to files")]

use crate::config::Files;
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files of the machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Disk {
    /// The path with links and `.` resolved; as it is where there is nothing.
    #[must_use]
    pub fn resolve(self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }

    /// Whether it is a regular file that somebody may execute.
    #[must_use]
    pub fn is_program(self, path: &Path) -> bool {
        let executable = |meta: std::fs::Metadata| meta.permissions().mode() & 0o111 != 0;
        path.metadata().is_ok_and(|meta| meta.is_file() && executable(meta))
    }

    /// This process's terminal, whatever its standard input is (tty(4)).
    ///
    /// # Errors
    /// If it has none.
    pub fn terminal(self) -> io::Result<File> {
        File::options().read(true).write(true).open("/dev/tty")
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(path) {
            Err(error) if is_absent(&error) => Ok(None),
            read => read.map(Some),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Option<Vec<String>>> {
        let entries = match std::fs::read_dir(path) {
            Err(error) if is_absent(&error) => return Ok(None),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let mut name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        Ok(Some(names))
    }

    fn is_inside(&self, folder: &Path, path: &Path) -> io::Result<bool> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Ok(path.canonicalize()?.starts_with(here.canonicalize()?))
    }
}

/// Nothing has that path: it, or a folder on the way, is missing or is a file.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_no_error_and_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("a.yml"), "x").unwrap();
        std::fs::create_dir(path.join("b")).unwrap();
        let mut names = Disk.list(path).unwrap().unwrap();
        names.sort();
        assert_eq!(names, ["a.yml", "b/"]);
        assert_eq!(Disk.read(&path.join("a.yml")).unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(Disk.read(&path.join("none")).unwrap(), None);
        assert_eq!(Disk.read(&path.join("a.yml/none")).unwrap(), None);
        assert!(Disk.read(&path.join("b")).is_err());
        assert_eq!(Disk.list(&path.join("none")).unwrap(), None);
        assert_eq!(Disk.list(&path.join("a.yml")).unwrap(), None);
    }
}

//! Unit files and drop-ins that were replaced since systemd was told to read its files again. It
//! goes by their times itself, and a clock that was set back hides a change from it. Kept in /run:
//! a killed run's are not read either, and a boot reads all.

use super::super::HostError;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where a host keeps them.
const FILE: &str = "/run/converge/unread";

/// Their paths.
#[derive(Debug)]
pub(super) struct Unread {
    file: PathBuf,
    paths: RefCell<BTreeSet<PathBuf>>,
}

impl Default for Unread {
    fn default() -> Self {
        Self::kept_in(FILE)
    }
}

impl Unread {
    fn kept_in(file: impl Into<PathBuf>) -> Self {
        let file = file.into();
        let bytes = std::fs::read(&file).unwrap_or_default();
        // The last is torn where no NUL ends it, and was not begun.
        let whole =
            bytes.split_inclusive(|byte| *byte == 0).filter_map(|one| one.strip_suffix(&[0]));
        let paths = whole.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
        Self { file, paths: RefCell::new(paths) }
    }

    /// One is about to be replaced.
    ///
    /// # Errors
    /// If that cannot be kept.
    pub(super) fn add(&self, path: &Path) -> Result<(), HostError> {
        let mut paths = self.paths.borrow_mut();
        if !paths.insert(path.to_path_buf()) {
            return Ok(());
        }
        let failed = |error| HostError::file("write", &self.file, error);
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let lines = paths.iter().flat_map(|path| [path.as_os_str().as_bytes(), &[0]]);
        let bytes: Vec<u8> = lines.flatten().copied().collect();
        let new = self.file.with_extension("new");
        std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &self.file)).map_err(failed)
    }

    /// Whether one of them is such.
    pub(super) fn any(&self, is: impl Fn(&Path) -> bool) -> bool {
        self.paths.borrow().iter().any(|path| is(path))
    }

    /// All were read.
    ///
    /// # Errors
    /// If that cannot be kept.
    pub(super) fn clear(&self) -> Result<(), HostError> {
        self.paths.borrow_mut().clear();
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(HostError::file("remove", &self.file, error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Unread;
    use std::path::Path;

    /// Kept nowhere that another has.
    pub(in crate::host::local) fn none() -> (tempfile::TempDir, Unread) {
        let folder = tempfile::tempdir().unwrap();
        let unread = Unread::kept_in(folder.path().join("of/host"));
        (folder, unread)
    }

    #[test]
    fn what_was_not_read_is_known_after_a_kill_too() {
        let (folder, unread) = none();
        let known = |unread: &Unread, path: &str| unread.any(|one| one == Path::new(path));
        let killed = || Unread::kept_in(folder.path().join("of/host"));
        unread.add(Path::new("/etc/systemd/system/a.service")).unwrap();
        unread.add(Path::new("/etc/systemd/system/b.service")).unwrap();
        for path in ["/etc/systemd/system/a.service", "/etc/systemd/system/b.service"] {
            assert!(known(&unread, path) && known(&killed(), path), "{path}");
        }
        killed().clear().unwrap();
        assert!(!known(&killed(), "/etc/systemd/system/a.service"));
        killed().clear().unwrap();
    }
}

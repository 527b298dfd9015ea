//! What was parsed of a file, kept for as long as the file is the same.

use rustix::fs::{AtFlags, CWD, Stat, statat};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// Which file it was, and which state of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: i64,
    changed: (i64, i64),
}

/// One file's parsed content. Asking costs one `stat(2)` as long as nothing changed.
#[derive(Debug)]
pub(super) struct Cached<T> {
    kept: RefCell<Option<(Option<Stamp>, Rc<T>)>>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { kept: RefCell::new(None) }
    }
}

impl<T> Cached<T> {
    /// The parsed file; an absent one is given to `parse` as empty.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn get(
        &self,
        path: &Path,
        parse: impl FnOnce(&[u8]) -> T,
    ) -> std::io::Result<Rc<T>> {
        self.load(path, |there| Ok(parse(&if there { std::fs::read(path)? } else { Vec::new() })))
    }

    /// What is made of a file or directory by any other way of reading; `load` is told whether
    /// it is there.
    ///
    /// # Errors
    /// As `load`.
    pub(super) fn load(
        &self,
        path: &Path,
        load: impl FnOnce(bool) -> std::io::Result<T>,
    ) -> std::io::Result<Rc<T>> {
        let stamp = stamp(path)?;
        if let Some((known, value)) = self.kept.borrow().as_ref()
            && *known == stamp
        {
            return Ok(Rc::clone(value));
        }
        let value = Rc::new(load(stamp.is_some())?);
        *self.kept.borrow_mut() = Some((stamp, Rc::clone(&value)));
        Ok(value)
    }
}

fn stamp(path: &Path) -> std::io::Result<Option<Stamp>> {
    match statat(CWD, path, AtFlags::empty()) {
        Ok(stat) => Ok(Some(Stamp::from(stat))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<Stat> for Stamp {
    fn from(stat: Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: stat.st_size,
            // ctime, not mtime: it cannot be set back.
            changed: (stat.st_ctime, i64::try_from(stat.st_ctime_nsec).unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsed_once_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let cached = Cached::default();
        let count = std::cell::Cell::new(0);
        let read = || {
            let parse = |bytes: &[u8]| {
                count.set(count.get() + 1);
                bytes.len()
            };
            *cached.get(&path, parse).unwrap()
        };
        assert_eq!((read(), read(), count.get()), (0, 0, 1));
        std::fs::write(&path, "abc").unwrap();
        assert_eq!((read(), read(), count.get()), (3, 3, 2));
        std::fs::write(folder.path().join("g"), "xyz").unwrap();
        std::fs::rename(folder.path().join("g"), &path).unwrap();
        assert_eq!((read(), count.get()), (3, 3));
    }
}

//! How this room reads files: the real disk, the roles built into the binary, or memory in tests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A read-only tree of files.
pub trait Files {
    /// A file's bytes; `None` where nothing has that path.
    ///
    /// # Errors
    /// Whatever keeps it from being read, a folder in its place included.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// The names in a folder, in any order, a folder's own name ending in `/` (links followed);
    /// `None` where no folder has that path.
    ///
    /// # Errors
    /// Whatever keeps it from being listed.
    fn list(&self, path: &Path) -> io::Result<Option<Vec<String>>>;

    /// Whether what has this path, every link followed, lies in a folder.
    ///
    /// # Errors
    /// Whatever keeps it from being looked at.
    fn is_inside(&self, folder: &Path, path: &Path) -> io::Result<bool> {
        Ok(path.starts_with(folder))
    }
}

/// Files held in memory, by path.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles(BTreeMap<PathBuf, Vec<u8>>);

impl MemoryFiles {
    /// Adds a file.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), bytes.into());
        self
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.0.get(path) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None if self.list(path)?.is_some() => Err(io::ErrorKind::IsADirectory.into()),
            None => Ok(None),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Option<Vec<String>>> {
        let mut names: Vec<String> = Vec::new();
        // A path's relatives sort behind it, so the walk ends where they do.
        let behind = self.0.range(path.to_owned()..).map(|(file, _)| file);
        let inside = behind.map_while(|file| {
            (path.as_os_str().is_empty() || file.starts_with(path)).then_some(file)
        });
        for rest in inside.filter_map(|file| file.strip_prefix(path).ok()) {
            let mut parts = rest.components();
            let Some(first) = parts.next() else { continue };
            let mut name = first.as_os_str().to_string_lossy().into_owned();
            if parts.next().is_some() {
                name.push('/');
            }
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        Ok((!names.is_empty()).then_some(names))
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, MemoryFiles};
    use std::path::Path;

    #[test]
    fn memory_lists_like_a_disk() {
        let files = MemoryFiles::default()
            .with("inv/hosts.yml", "a")
            .with("inv/group_vars/all/1.yml", "b")
            .with("inv/group_vars/web.yml", "c")
            .with("other", "d");
        let list = |path: &str| files.list(Path::new(path)).unwrap();
        assert_eq!(list("inv"), Some(vec!["group_vars/".into(), "hosts.yml".into()]));
        assert_eq!(list("inv/group_vars"), Some(vec!["all/".into(), "web.yml".into()]));
        assert_eq!(list("inv/hosts.yml"), None);
        assert_eq!(list("nowhere"), None);
        assert_eq!(files.read(Path::new("other")).unwrap(), Some(b"d".to_vec()));
        assert_eq!(files.read(Path::new("none")).unwrap(), None);
        assert!(files.read(Path::new("inv")).is_err());
    }
}

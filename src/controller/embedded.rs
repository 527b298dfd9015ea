//! The project's own roles, built into the binary: an installed `converge` needs no other files.

use crate::config::{Files, RolePlace};
use include_dir::{Dir, include_dir};
use std::io;
use std::path::{Path, PathBuf};

static ROLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/roles");

/// Where the built-in roles are found.
pub(super) fn place() -> RolePlace<'static> {
    let label = "the built-in roles".to_owned();
    RolePlace { label, folder: PathBuf::new(), files: &BuiltIn }
}

/// The built-in roles as a tree of files, by role.
struct BuiltIn;

impl Files for BuiltIn {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(ROLES.get_file(path).map(|file| file.contents().to_vec()))
    }

    fn list(&self, path: &Path) -> io::Result<Option<Vec<String>>> {
        let folder = if path.as_os_str().is_empty() { Some(&ROLES) } else { ROLES.get_dir(path) };
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(folder.map(|folder| {
            let folders = folder.dirs().filter_map(|dir| name(dir.path())).map(|name| name + "/");
            folders.chain(folder.files().filter_map(|file| name(file.path()))).collect()
        }))
    }
}

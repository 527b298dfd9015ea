//! Where a path of a dry run really is: links on the way are followed, pending ones too.

use super::Overlay;
use crate::host::foreign_folder::{MOST_LINKS, names};
use crate::host::{HostError, Stat, StatAttributes};
use crate::value::Known;
use rustix::io::Errno;
use std::path::{Path, PathBuf};

impl Overlay<'_> {
    /// The place of a path; a link as its last component is the place itself. What lies below
    /// something unknown stays where it is named.
    pub(super) fn place(&self, path: &Path) -> Result<PathBuf, HostError> {
        let (mut rest, mut at, mut links) = (names(path), PathBuf::from("/"), 0);
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                at.pop();
                continue;
            }
            at.push(name);
            if rest.is_empty() {
                break;
            }
            let Some(target) = self.link_at(&at)? else { continue };
            links += 1;
            if links > MOST_LINKS {
                return Err(HostError::file("open", path, Errno::LOOP.into()));
            }
            at.pop();
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            names(&target).into_iter().rev().for_each(|name| rest.push_front(name));
        }
        Ok(at)
    }

    /// Where to look for a path: while nothing is pending, the host below follows links itself.
    pub(super) fn place_to_look(&self, path: &Path) -> Result<PathBuf, HostError> {
        if self.files.is_empty() { Ok(path.to_path_buf()) } else { self.place(path) }
    }

    /// The place of a folder, itself no link.
    pub(super) fn folder_place(&self, path: &Path) -> Result<PathBuf, HostError> {
        let inside = self.place(&path.join("x"))?;
        Ok(inside.parent().map_or_else(|| inside.clone(), Path::to_path_buf))
    }

    fn link_at(&self, at: &Path) -> Result<Option<PathBuf>, HostError> {
        if let Some(entry) = self.files.get(at) {
            let Known::Is(Stat::Symlink(target)) = &entry.stat else { return Ok(None) };
            self.followable(at)?;
            return Ok(Some(target.clone()));
        }
        if self.covering(at).is_some() {
            return Ok(None);
        }
        if let Some(known) = self.links.borrow().get(at) {
            return Ok(known.clone());
        }
        let target = match self.inner.stat(at)? {
            Known::Is(Stat::Symlink(target)) => {
                // The host says itself whether it would follow this one.
                self.inner.stat(&at.join("x"))?;
                Some(target)
            }
            _ => None,
        };
        self.links.borrow_mut().insert(at.to_path_buf(), target.clone());
        Ok(target)
    }

    /// A link is followed only where none but root could have made or can change it.
    fn followable(&self, link: &Path) -> Result<(), HostError> {
        let mut folders: Vec<&Path> = link.ancestors().skip(1).collect();
        folders.reverse();
        for (index, folder) in folders.iter().enumerate() {
            let Some(Known::Is(Stat::Directory(all))) = self.stat_at(folder).ok() else { continue };
            let nearest = index + 1 == folders.len();
            if !roots_alone(&all, nearest) {
                return Err(HostError::Failed {
                    message: format!(
                        "refusing to follow {}: others than root can change this symbolic link",
                        link.display()
                    ),
                    notes: Vec::new(),
                    help: Some("name the path that it leads to".to_owned()),
                });
            }
        }
        Ok(())
    }
}

fn roots_alone(folder: &StatAttributes, nearest: bool) -> bool {
    let mode = folder.mode.bits();
    let is_root = |name: &str| matches!(name, "root" | "0");
    let others = mode & 0o002 != 0 || (mode & 0o020 != 0 && !is_root(&folder.group));
    is_root(&folder.owner) && (!others || (mode & 0o1000 != 0 && !nearest))
}

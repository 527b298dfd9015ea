//! What is found where a file or directory is declared, held against declared attributes.

use crate::host::{Attributes, FileBefore, HostError, Stat, StatAttributes, Validate, View};
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Sha256};
use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OnDisk {
    pub(super) path: PathBuf,
    pub(super) stat: Known<Stat>,
    /// Of a regular file; empty where there is none.
    pub(super) content: Known<Vec<u8>>,
    /// Declared attributes that differ from what is there.
    pub(super) differing: Attributes,
}

impl OnDisk {
    /// Looks at a path and, if it is a regular file, at its content.
    pub(super) fn look(
        view: &dyn View,
        path: &Path,
        declared: &Attributes,
    ) -> Result<Self, HostError> {
        let stat = view.stat(path)?;
        let content = match &stat {
            Known::Is(Stat::File(_)) => view.read(path)?,
            Known::Is(_) => Known::Is(Vec::new()),
            Known::Unknown(origin) => Known::Unknown(origin.clone()),
        };
        let differing = match &stat {
            Known::Is(Stat::File(found) | Stat::Directory(found)) => {
                differing(view, declared, found)?
            }
            _ => declared.clone(),
        };
        Ok(Self { path: path.to_path_buf(), stat, content, differing })
    }

    /// The fingerprint that an action replaces. Content that is not known is not compared.
    pub(super) fn before(&self) -> Known<FileBefore> {
        let fingerprint = |stat: Stat| {
            let sha256 = match (&stat, &self.content) {
                (Stat::File(_), Known::Is(content)) => Some(Sha256::of(content)),
                _ => None,
            };
            FileBefore { stat, sha256 }
        };
        self.stat.clone().map(fingerprint)
    }

    /// Why it is not known what is there.
    pub(super) fn doubt(&self) -> Option<Origin> {
        match (&self.stat, &self.content) {
            (Known::Unknown(origin), _) | (_, Known::Unknown(origin)) => Some(origin.clone()),
            _ => None,
        }
    }

    /// The content may not be read by all, so nothing that holds it may be shown.
    pub(super) fn is_private(&self) -> bool {
        matches!(&self.stat, Known::Is(Stat::File(found)) if found.mode.bits() & 0o004 == 0)
    }

    /// The text of a regular file; `None` if nothing is there.
    ///
    /// # Errors
    /// If something else is there, or no UTF-8.
    pub(super) fn text(&self) -> Result<Known<Option<&str>>, Diagnostic> {
        match (&self.stat, &self.content) {
            (Known::Unknown(origin), _) | (_, Known::Unknown(origin)) => {
                Ok(Known::Unknown(origin.clone()))
            }
            (Known::Is(Stat::Absent), _) => Ok(Known::Is(None)),
            (Known::Is(Stat::File(_)), Known::Is(content)) => std::str::from_utf8(content)
                .map(|text| Known::Is(Some(text)))
                .map_err(|_| Diagnostic::new(format!("{} is not UTF-8 text", self.path.display()))),
            (Known::Is(Stat::Symlink(target)), _) => Err(self.is_a_link(target)),
            (Known::Is(_), _) => Err(self.in_the_way("a file")),
        }
    }

    /// Something stands where a file or directory should be.
    pub(super) fn in_the_way(&self, wanted: &str) -> Diagnostic {
        let found = match &self.stat {
            Known::Is(Stat::Directory(_)) => "a directory",
            Known::Is(Stat::File(_)) => "a file",
            Known::Is(Stat::Symlink(_)) => "a symbolic link",
            Known::Is(Stat::Other(what)) => what,
            _ => "nothing",
        };
        let path = self.path.display();
        Diagnostic::new(format!("{path} is {found}, where {wanted} should be")).help(format!(
            "if it is not needed, remove it first: `file: {{path: {path}, state: absent}}`"
        ))
    }

    pub(super) fn is_a_link(&self, target: &Path) -> Diagnostic {
        let path = self.path.display();
        Diagnostic::new(format!("{path} is a symbolic link to {}", target.display()))
            .help("name the file that it leads to")
    }
}

/// Which declared attributes are not there.
fn differing(
    view: &dyn View,
    declared: &Attributes,
    found: &StatAttributes,
) -> Result<Attributes, HostError> {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let mut differing = declared.clone();
    if declared.mode == Some(found.mode) {
        differing.mode = None;
    }
    if let Some(owner) = &declared.owner {
        let by_number = || -> Result<bool, HostError> {
            let Known::Is(Some(user)) = view.user(&found.owner)? else { return Ok(false) };
            Ok(user.uid.to_string() == *owner)
        };
        if *owner == found.owner || (is_number(owner) && by_number()?) {
            differing.owner = None;
        }
    }
    if let Some(group) = &declared.group {
        let by_number = || -> Result<bool, HostError> {
            let Known::Is(Some(entry)) = view.group(&found.group)? else { return Ok(false) };
            Ok(entry.gid.to_string() == *group)
        };
        if *group == found.group || (is_number(group) && by_number()?) {
            differing.group = None;
        }
    }
    Ok(differing)
}

/// Nothing is to be set.
pub(super) fn is_empty(attributes: &Attributes) -> bool {
    attributes.mode.is_none() && attributes.owner.is_none() && attributes.group.is_none()
}

/// A path that actions can name: absolute, without `..`.
///
/// # Errors
/// Says what it should be.
pub(super) fn absolute(parameter: &str, path: &Path) -> Result<(), Diagnostic> {
    let shown = path.display();
    if path.starts_with("~") {
        return Err(Diagnostic::new(format!("`{parameter}: {shown}` begins with `~`"))
            .help("write the home directory out"));
    }
    if !path.is_absolute() {
        return Err(Diagnostic::new(format!("`{parameter}: {shown}` is not an absolute path"))
            .help("write the whole path, from `/` on"));
    }
    if path.components().any(|part| part == std::path::Component::ParentDir) {
        return Err(Diagnostic::new(format!("`{parameter}: {shown}` has `..` in it"))
            .help("write the path without the detour"));
    }
    Ok(())
}

/// Whether a program is there, as a minimal PATH finds it.
pub(super) fn has_program(view: &dyn View, program: &str) -> Result<Known<bool>, HostError> {
    const PATH: &[&str] =
        &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    if program.starts_with('/') {
        return Ok(view.stat(Path::new(program))?.map(|stat| stat != Stat::Absent));
    }
    let mut doubt = None;
    for folder in PATH {
        match view.stat(&Path::new(folder).join(program))? {
            Known::Is(Stat::Absent) => {}
            Known::Is(_) => return Ok(Known::Is(true)),
            Known::Unknown(origin) => doubt = doubt.or(Some(origin)),
        }
    }
    Ok(doubt.map_or(Known::Is(false), Known::Unknown))
}

/// A `validate` parameter as the command it is.
///
/// # Errors
/// If `%s`, the new file, is not in it.
pub(super) fn validation(line: Option<&String>) -> Result<Option<Validate>, Diagnostic> {
    let Some(line) = line else { return Ok(None) };
    let argv = super::shell_words::split(line)?;
    if !argv.iter().any(|word| word.contains("%s")) {
        return Err(Diagnostic::new("`validate` has no `%s`")
            .help("`%s` stands for the new file: `validate: visudo -cf %s`"));
    }
    Ok(Some(Validate { argv }))
}

//! Parameters that the kinds which write files share, and what they come down to.

use super::on_disk;
use super::parameter::yes;
use super::planned::Planned;
use super::whole_file::{FileState, WholeFile};
use crate::host::{Attributes, HostError, Stat, Validate, View};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// How a new file takes the place of the old one.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Replacing {
    /// Keep the old file beside the new as `NAME.TIMESTAMP~`. A secret is never kept.
    #[serde(default)]
    backup: bool,
    /// A command that must accept the new file before it takes its place; `%s` is its path.
    validate: Option<String>,
}

impl Replacing {
    /// # Errors
    /// If `validate` is no command for a file.
    pub(super) fn validation(&self) -> Result<Option<Validate>, Diagnostic> {
        on_disk::validation(self.validate.as_ref())
    }

    pub(super) fn look(
        &self,
        view: &dyn View,
        path: &Path,
        attributes: &Attributes,
    ) -> Result<FileState, HostError> {
        FileState::look(view, path, attributes, self.validate.as_ref())
    }

    /// A file without its content yet.
    pub(super) fn file(&self, attributes: &Attributes) -> Result<WholeFile, Diagnostic> {
        Ok(WholeFile {
            attributes: attributes.clone(),
            backup: self.backup,
            validate: self.validation()?,
            ..WholeFile::default()
        })
    }
}

/// A file that is declared whole: everything but where it goes and where its content comes from.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Placing {
    #[serde(flatten)]
    attributes: Attributes,
    #[serde(flatten)]
    replacing: Replacing,
    /// Replace a content that differs. If false, only a missing file is written.
    #[serde(default = "yes")]
    force: bool,
}

impl Placing {
    /// # Errors
    /// If `validate` is no command for a file.
    pub(super) fn check(&self) -> Result<(), Diagnostic> {
        self.replacing.validation().map(|_| ())
    }

    /// Looks at where the file goes: into `dest` under this name, if `dest` is a folder.
    pub(super) fn look(
        &self,
        view: &dyn View,
        dest: &Path,
        name: Option<&PathBuf>,
    ) -> Result<FileState, HostError> {
        let mut path = dest.to_path_buf();
        if let Some(name) = name.and_then(|name| name.file_name()) {
            let is_folder = dest.as_os_str().as_encoded_bytes().ends_with(b"/")
                || matches!(view.stat(dest)?, Known::Is(Stat::Directory(_)));
            if is_folder {
                path.push(name);
            }
        }
        self.replacing.look(view, &path, &self.attributes)
    }

    pub(super) fn plan(&self, there: &FileState, content: Vec<u8>) -> Result<Planned, Diagnostic> {
        let file =
            WholeFile { content, force: self.force, ..self.replacing.file(&self.attributes)? };
        Ok(there.plan(&file)?.with("dest", there.on_disk.path.display().to_string()))
    }
}

//! `copy`: a file with this content.

use crate::host::{HostError, Stat, View};
use crate::resource::on_disk::{absolute, attributes, validation};
use crate::resource::parameter::Bytes;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Look, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Mode};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A file with exactly this content, from the role's `files/` or written in the task.
///
/// A new file is written beside the old one and takes its place in one step. A symbolic link at
/// `dest` is replaced, not followed.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Copy {
    /// Where. A folder (or a path that ends in `/`) takes the name of `src`.
    #[serde(alias = "path")]
    #[schemars(extend("aliases" = ["path"]))]
    dest: PathBuf,
    /// A file in the role's `files/`. Give this or `content`.
    src: Option<PathBuf>,
    /// The content itself: text, or `{base64: …}`.
    content: Option<Bytes>,
    /// Permission bits, in quotes. Without it an existing file keeps its own, a new one gets 0644.
    mode: Option<Mode>,
    /// Owner.
    owner: Option<String>,
    /// Group.
    group: Option<String>,
    /// Keep the old file beside the new as `NAME.TIMESTAMP~`. A secret is never kept.
    #[serde(default)]
    backup: bool,
    /// A command that must accept the new file before it takes its place; `%s` is its path.
    validate: Option<String>,
    /// Replace a content that differs. If false, only a missing file is written.
    #[serde(default = "yes")]
    force: bool,
}

pub(super) const fn yes() -> bool {
    true
}

/// Where a file goes: into `dest` under the source's name, if `dest` is a folder.
pub(super) fn destination(
    view: &dyn View,
    dest: &Path,
    src: Option<&PathBuf>,
) -> Result<PathBuf, HostError> {
    let Some(name) = src.and_then(|src| src.file_name()) else { return Ok(dest.to_path_buf()) };
    let is_folder = dest.as_os_str().as_encoded_bytes().ends_with(b"/")
        || matches!(view.stat(dest)?, Known::Is(Stat::Directory(_)));
    Ok(if is_folder { dest.join(name) } else { dest.to_path_buf() })
}

impl Resource for Copy {
    const NAME: &'static str = "copy";
    const EXAMPLE: &'static str = r#"- name: say who looks after this host
  copy:
    dest: /etc/motd
    content: |
      This host is looked after by converge.
    mode: "0644"
    owner: root
    group: root
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("dest", &self.dest)?;
        validation(self.validate.as_ref())?;
        if self.content.is_none() {
            return Err(Diagnostic::new("`copy` needs `src` or `content`"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        let path = destination(view, &self.dest, self.src.as_ref())?;
        let wanted = attributes(self.mode, self.owner.as_ref(), self.group.as_ref());
        FileState::look(view, &path, &wanted, self.validate.as_ref())
    }

    fn plan(&self, state: &FileState) -> Result<Look, Diagnostic> {
        state
            .plan(&WholeFile {
                content: self.content.clone().unwrap_or_default().0,
                attributes: attributes(self.mode, self.owner.as_ref(), self.group.as_ref()),
                backup: self.backup,
                validate: validation(self.validate.as_ref())?,
                force: self.force,
            })
            .map(|look| look.with("dest", state.on_disk.path.display().to_string()))
    }
}

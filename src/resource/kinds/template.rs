//! `template`: a file rendered from a template of the role.

use super::copy::{destination, yes};
use crate::host::{HostError, View};
use crate::resource::on_disk::{absolute, attributes, validation};
use crate::resource::parameter::Bytes;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Look, Resource};
use crate::text::Diagnostic;
use crate::value::Mode;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A file rendered from a template in the role's `templates/`.
///
/// Every variable that the template names must have a value. A new file is written beside the
/// old one and takes its place in one step.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// Where. A folder (or a path that ends in `/`) takes the name of `src` without `.j2`.
    #[serde(alias = "path")]
    #[schemars(extend("aliases" = ["path"]))]
    dest: PathBuf,
    /// A file in the role's `templates/`.
    #[schemars(required)]
    src: Option<PathBuf>,
    /// What it renders to; the engine gives it.
    #[schemars(extend("reserved" = true))]
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

impl Template {
    /// The file's name, where `dest` is a folder.
    fn name(&self) -> Option<PathBuf> {
        let src = self.src.as_ref()?;
        let is_template = src.extension().is_some_and(|suffix| suffix == "j2");
        Some(if is_template { src.with_extension("") } else { src.clone() })
    }
}

impl Resource for Template {
    const NAME: &'static str = "template";
    const EXAMPLE: &'static str = r#"- name: relay for the host's own mail
  template:
    src: main.cf.j2
    dest: /etc/postfix/main.cf
    mode: "0644"
    owner: root
    group: root
  notify: restart postfix
"#;
    const LITERAL: bool = false;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("dest", Path::new(&self.dest))?;
        validation(self.validate.as_ref())?;
        if self.content.is_none() {
            return Err(Diagnostic::new("the template was not rendered"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        let path = destination(view, &self.dest, self.name().as_ref())?;
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

//! `copy`: a file with this content.

use crate::host::{HostError, View};
use crate::resource::file_parameters::Placing;
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Bytes;
use crate::resource::whole_file::FileState;
use crate::resource::{FILES, Nature, Planned, Resource, Source};
use crate::text::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;

/// A file with exactly this content, from the role's `files/` or written in the task.
///
/// A new file is written beside the old one and takes its place in one step. A symbolic link at
/// `dest` is replaced, not followed.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Copy {
    /// Where. A folder (or a path that ends in `/`) takes the name of `src`.
    #[serde(alias = "path")]
    #[schemars(extend("aliases" = ["path"]))]
    dest: PathBuf,
    /// A file in the role's `files/`. Give this or `content`.
    src: Option<PathBuf>,
    /// The content itself: text, or `{base64: …}`.
    content: Option<Bytes>,
    #[serde(flatten)]
    placing: Placing,
}

impl Resource for Copy {
    const NAME: &'static str = "copy";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("dest");
    const RESULT: &'static [&'static str] = &["dest"];
    const FAMILY: &'static str = FILES;
    const WRITES_WHOLE: bool = true;
    const SOURCE: Option<Source> = Some(Source::File);
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
        self.placing.check()?;
        if self.content.is_none() {
            return Err(Diagnostic::new("`copy` needs `src` or `content`"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.placing.look(view, &self.dest, self.src.as_ref())
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        self.placing.plan(state, self.content.clone().unwrap_or_default().0)
    }
}

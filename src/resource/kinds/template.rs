//! `template`: a file rendered from a template of the role.

use crate::host::{HostError, View};
use crate::resource::file_parameters::Placing;
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Bytes;
use crate::resource::whole_file::FileState;
use crate::resource::{FILES, Nature, Planned, Resource, Source};
use crate::text::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;

/// A file rendered from a template in the role's `templates/`.
///
/// Every variable that the template names must have a value. A new file is written beside the
/// old one and takes its place in one step.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
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
    #[serde(flatten)]
    placing: Placing,
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
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("dest");
    const RESULT: &'static [&'static str] = &["dest"];
    const FAMILY: &'static str = FILES;
    const WRITES_WHOLE: bool = true;
    const SOURCE: Option<Source> = Some(Source::Template);
    const EXAMPLE: &'static str = r#"- name: relay for the host's own mail
  template:
    src: main.cf.j2
    dest: /etc/postfix/main.cf
    mode: "0644"
    owner: root
    group: root
  notify: restart postfix
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("dest", &self.dest)?;
        self.placing.check()?;
        if self.content.is_none() {
            return Err(Diagnostic::new("the template was not rendered"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.placing.look(view, &self.dest, self.name().as_ref())
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        self.placing.plan(state, self.content.clone().unwrap_or_default().0)
    }
}

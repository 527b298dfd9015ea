//! `slurp`: a file's content, for the run.

use crate::host::{HostError, View};
use crate::resource::on_disk::absolute;
use crate::resource::{Look, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Value};
use base64::Engine as _;
use serde::Deserialize;
use std::path::PathBuf;

/// Reads a file of the host, and changes nothing. Registered, `.content` is its content in
/// base64.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Slurp {
    /// The file.
    #[serde(alias = "path")]
    #[schemars(extend("aliases" = ["path"]))]
    src: PathBuf,
}

impl Resource for Slurp {
    const NAME: &'static str = "slurp";
    const EXAMPLE: &'static str = r#"- name: the host's own number
  slurp:
    src: /etc/machine-id
  register: machine_id
"#;
    type State = Known<Vec<u8>>;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("src", &self.src)
    }

    fn observe(&self, view: &dyn View) -> Result<Self::State, HostError> {
        view.read(&self.src)
    }

    fn plan(&self, content: &Self::State) -> Result<Look, Diagnostic> {
        let content = match content {
            Known::Is(bytes) => {
                Value::from(base64::engine::general_purpose::STANDARD.encode(bytes))
            }
            Known::Unknown(origin) => Value::Unknown(origin.clone()),
        };
        Ok(Look::as_declared()
            .with("content", content)
            .with("encoding", "base64")
            .with("source", self.src.display().to_string()))
    }
}

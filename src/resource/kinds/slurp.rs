//! `slurp`: a file's content, for the run.

use crate::host::{HostError, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Value};
use base64::Engine as _;
use serde::Deserialize;
use std::path::PathBuf;

/// Reads a file of the host, and changes nothing. Registered, `.content` is its content in
/// base64, and a secret unless everybody may read the file.
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
    const NATURE: Nature = Nature::Look;
    const TARGET: Option<&'static str> = Some("src");
    const RESULT: &'static [&'static str] = &["content", "encoding", "source"];
    const EXAMPLE: &'static str = r#"- name: the host's own number
  slurp:
    src: /etc/machine-id
  register: machine_id
"#;
    /// What it holds, and what it is.
    type State = (Known<Vec<u8>>, Known<Stat>);

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("src", &self.src)
    }

    fn observe(&self, view: &dyn View) -> Result<Self::State, HostError> {
        Ok((view.read(&self.src)?, view.stat(&self.src)?))
    }

    fn plan(&self, (content, stat): &Self::State) -> Result<Planned, Diagnostic> {
        let everybody_may_read = matches!(
            stat,
            Known::Is(Stat::File(attributes)) if attributes.mode.bits() & 0o004 != 0
        );
        let content = match content {
            Known::Is(bytes) => {
                let content = Value::from(base64::engine::general_purpose::STANDARD.encode(bytes));
                if everybody_may_read { content } else { content.into_secret() }
            }
            Known::Unknown(origin) => Value::Unknown(origin.clone()),
        };
        let planned = match stat {
            Known::Is(_) => Planned::as_declared(),
            // It may not be there.
            Known::Unknown(origin) => Planned::as_declared().assume(origin.clone()),
        };
        Ok(planned
            .with("content", content)
            .with("encoding", "base64")
            .with("source", self.src.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::StatAttributes;

    #[test]
    fn what_not_everybody_may_read_is_a_secret() {
        let slurp = Slurp { src: "/etc/token".into() };
        for (mode, secret) in [("0644", false), ("0640", true)] {
            let (owner, group) = ("root".to_owned(), "root".to_owned());
            let stat = Stat::File(StatAttributes { mode: mode.parse().unwrap(), owner, group });
            let planned = slurp.plan(&(Known::Is(b"token".to_vec()), Known::Is(stat))).unwrap();
            assert_eq!(planned.result["content"].has_secret(), secret);
        }
    }
}

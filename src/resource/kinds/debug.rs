//! `debug`: a message in the run's output.

use crate::host::{HostError, View};
use crate::resource::{Nature, Planned, Resource, Steer};
use crate::text::Diagnostic;
use crate::value::Value;
use serde::Deserialize;

/// Says something, or shows a variable.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Debug {
    /// What to say.
    msg: Option<serde_json::Value>,
    /// The name of a variable to show. Give this or `msg`.
    var: Option<serde_json::Value>,
    /// Say it only with at least so many `-v`.
    #[serde(default)]
    verbosity: u8,
}

impl Resource for Debug {
    const NAME: &'static str = "debug";
    const NATURE: Nature = Nature::Steer(Steer::Say);
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = &["msg", "verbosity"];
    const EXAMPLE: &'static str = r#"- name: say how mail leaves
  debug:
    msg: mail leaves through {{ relayhost | default("its own MX lookup") }}
"#;
    type State = ();

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.msg.is_some() && self.var.is_some() {
            return Err(Diagnostic::new("give `msg` or `var`, not both"));
        }
        Ok(())
    }

    fn observe(&self, _: &dyn View) -> Result<(), HostError> {
        Ok(())
    }

    fn plan(&self, (): &()) -> Result<Planned, Diagnostic> {
        let said = self.msg.as_ref().or(self.var.as_ref());
        let said = said.map_or_else(|| Value::str("Hello world!"), |said| said.clone().into());
        Ok(Planned::as_declared().with("msg", said).with("verbosity", i64::from(self.verbosity)))
    }
}

//! `fail`: the run ends here.

use crate::host::{HostError, View};
use crate::resource::{Nature, Planned, Resource, Steer};
use crate::text::Diagnostic;
use serde::Deserialize;

/// Ends the host's run with a message; stands under a `when`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {
    /// Why, and what to do.
    #[serde(default = "asked")]
    msg: String,
}

fn asked() -> String {
    "failed as requested from the task".to_owned()
}

impl Resource for Fail {
    const NAME: &'static str = "fail";
    const NATURE: Nature = Nature::Steer(Steer::Fail);
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = &["msg"];
    const EXAMPLE: &'static str = r#"- name: no way to send mail
  fail:
    msg: "{{ inventory_hostname }} has neither a relay nor a token"
  when: relayhost == "" and mailu_token is not defined
"#;
    type State = ();

    fn observe(&self, _: &dyn View) -> Result<(), HostError> {
        Ok(())
    }

    fn plan(&self, (): &()) -> Result<Planned, Diagnostic> {
        Ok(Planned::as_declared().with("msg", self.msg.as_str()).fail(Diagnostic::new(&self.msg)))
    }
}

//! `assert`: what must hold for the run to go on.

use crate::host::{HostError, View};
use crate::resource::{Nature, Planned, Resource, Steer};
use crate::text::Diagnostic;
use crate::value::Origin;
use schemars::JsonSchema;
use serde::Deserialize;

/// Conditions that must all hold, else the host's run ends here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assert {
    /// A condition, or a list of them, without `{{ }}`.
    #[schemars(with = "crate::resource::parameter::Conditions")]
    that: Vec<Answer>,
    /// What the failure says.
    #[serde(alias = "msg")]
    #[schemars(extend("aliases" = ["msg"]))]
    fail_msg: Option<String>,
    /// What is said where all hold.
    success_msg: Option<String>,
    /// Say nothing where all hold.
    #[serde(default)]
    quiet: bool,
}

/// A condition as the engine has evaluated it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// As it is written.
    condition: String,
    /// Whether it holds; `None` if that is not known yet.
    holds: Option<bool>,
    /// What will make it known.
    #[serde(default)]
    unknown: Option<String>,
}

impl Resource for Assert {
    const NAME: &'static str = "assert";
    const NATURE: Nature = Nature::Steer(Steer::Assert);
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = &["evaluated_to", "msg"];
    const EXAMPLE: &'static str = r#"- name: the next hop has a name
  assert:
    that: relayhost is match('\[.+\]:\d+')
    fail_msg: write relayhost as [NAME]:PORT
"#;
    const LITERAL: bool = false;
    type State = ();

    fn observe(&self, _: &dyn View) -> Result<(), HostError> {
        Ok(())
    }

    fn plan(&self, (): &()) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared();
        if let Some(not) = self.that.iter().find(|answer| answer.holds == Some(false)) {
            let stands = format!("`{}` does not hold", not.condition);
            let diagnostic = match &self.fail_msg {
                Some(message) => Diagnostic::new(message).note(stands),
                None => Diagnostic::new(stands),
            };
            return Ok(planned.with("evaluated_to", false).fail(diagnostic));
        }
        if let Some(open) = self.that.iter().find(|answer| answer.holds.is_none()) {
            let words = open.unknown.as_deref().unwrap_or(&open.condition);
            return Ok(planned.assume(Origin::new(words)));
        }
        let message = self.success_msg.as_deref().unwrap_or("all conditions hold");
        Ok(if self.quiet { planned } else { planned.with("msg", message) })
    }
}

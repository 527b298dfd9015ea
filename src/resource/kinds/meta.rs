//! `meta`: what is said to the run itself.

use crate::host::{HostError, View};
use crate::resource::{Nature, Planned, Resource, Steer};
use crate::text::Diagnostic;
use serde::Deserialize;

/// Something said to the run itself: `meta: flush_handlers`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    /// What.
    action: Order,
}

#[derive(Debug, Clone, Copy, Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// Notified handlers run now.
    FlushHandlers,
    /// The host's run ends here, and well.
    EndHost,
    /// The rest of the role is skipped.
    EndRole,
    /// Nothing.
    Noop,
}

impl Resource for Meta {
    const NAME: &'static str = "meta";
    const FREE_FORM: Option<&'static str> = Some("action");
    const NATURE: Nature = Nature::Steer(Steer::Order);
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = &["action"];
    const EXAMPLE: &'static str = r#"- name: let Postfix restart before it is asked
  meta: flush_handlers
"#;
    type State = ();

    fn observe(&self, _: &dyn View) -> Result<(), HostError> {
        Ok(())
    }

    fn plan(&self, (): &()) -> Result<Planned, Diagnostic> {
        let order = serde_json::to_value(self.action).unwrap_or_default();
        Ok(Planned::as_declared().with("action", crate::value::Value::from(order)))
    }
}

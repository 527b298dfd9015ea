//! `set_fact`: variables of this host for the rest of the run.

use crate::host::{HostError, View};
use crate::resource::{Nature, Planned, Resource, Steer};
use crate::text::Diagnostic;
use crate::value::Value;
use indexmap::IndexMap;
use serde::Deserialize;

/// Variables for the rest of the run, on this host: every parameter is a name and its value.
///
/// A value that a dry run cannot know yet makes the variable unknown.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(super) struct SetFact(IndexMap<String, serde_json::Value>);

impl Resource for SetFact {
    const NAME: &'static str = "set_fact";
    const NATURE: Nature = Nature::Steer(Steer::SetFacts);
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = &["ansible_facts"];
    const EXAMPLE: &'static str = r#"- name: remember whether mail goes to the front end
  set_fact:
    mail_reached: true
"#;
    type State = ();

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.0.is_empty() {
            return Err(Diagnostic::new("`set_fact` names no variable"));
        }
        for name in self.0.keys() {
            let starts =
                name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            let good = |char: char| char.is_ascii_alphanumeric() || char == '_';
            if name == "cacheable" {
                return Err(Diagnostic::new(
                    "`cacheable` is not supported: facts last for the run",
                )
                .help("`run_once: ever` and `creates` remember things on the host"));
            }
            if !starts || !name.chars().all(good) {
                return Err(Diagnostic::new(format!("`{name}` is not a variable's name")));
            }
        }
        Ok(())
    }

    fn observe(&self, _: &dyn View) -> Result<(), HostError> {
        Ok(())
    }

    fn plan(&self, (): &()) -> Result<Planned, Diagnostic> {
        let facts = self.0.iter();
        let facts = facts.map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
        Ok(Planned::as_declared().with("ansible_facts", Value::Map(facts)))
    }
}

//! Conditions as they are written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The schema of one condition or a list of them: expressions, or `true` and `false`. The engine
/// gives them evaluated.
pub(crate) struct Conditions;

impl JsonSchema for Conditions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Conditions".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "boolean"] },
            { "type": "array", "items": { "type": ["string", "boolean"] } },
            { "type": "array", "items": { "type": "object" }, "hidden": true },
        ] })
    }
}

//! Numbers that may be written as one.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// Small numbers: one, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Numbers(pub(crate) Vec<u16>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Numbers;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number or a list of them")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Numbers, E> {
                u16::try_from(number)
                    .map(|number| Numbers(vec![number]))
                    .map_err(|_| E::custom(format!("{number} is out of range")))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Numbers, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                items: A,
            ) -> Result<Numbers, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(items)).map(Numbers)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Numbers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Numbers".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = serde_json::json!({ "type": "integer", "minimum": 0, "maximum": 65535 });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

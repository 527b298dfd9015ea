//! A time as a parameter.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time in seconds, fractions allowed; kept in milliseconds. At most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seconds {
    pub(crate) ms: u64,
}

impl Seconds {
    pub(crate) const fn of(seconds: u64) -> Self {
        Self { ms: seconds * 1000 }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=86_400.0).contains(&seconds) {
            return Err(serde::de::Error::custom(format!("{seconds} is no time of at most a day")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 86,400,000"
        )]
        let ms = (seconds * 1000.0).round() as u64;
        Ok(Self { ms })
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.ms.is_multiple_of(1000) {
            serializer.serialize_u64(self.ms / 1000)
        } else {
            #[expect(clippy::cast_precision_loss, reason = "at most 86,400,000")]
            serializer.serialize_f64(self.ms as f64 / 1000.0)
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 86400 })
    }
}

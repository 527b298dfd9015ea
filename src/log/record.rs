//! One span that ended, or one event: what crosses a session, and what is written as JSON.

use crate::text::Redactor;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A span or an event, with its fields as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The span's name, or the event's message.
    pub name: String,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it began, in UTC (RFC 3339).
    pub at: String,
    /// `info`, `debug`, …
    pub level: String,
    /// The module.
    pub target: String,
    /// What it is.
    pub span: Named,
    /// In what, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Named>,
    /// How long it took, in milliseconds; an event takes no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
}

impl Record {
    /// Takes every known secret out of it.
    pub fn redact(&mut self, redactor: &Redactor) {
        for named in self.within.iter_mut().chain([&mut self.span]) {
            for text in named.fields.values_mut().chain([&mut named.name]) {
                if let Cow::Owned(clean) = redactor.redact(text) {
                    *text = clean;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stays_in_a_record() {
        let secret = "correct-horse-battery";
        let named = |text: &str| Named {
            name: format!("said {text}"),
            fields: [("id".to_owned(), text.to_owned())].into(),
        };
        let mut record = Record {
            at: String::new(),
            level: "debug".into(),
            target: "converge".into(),
            span: named(secret),
            within: vec![named(secret)],
            ms: Some(0.5),
        };
        record.redact(&Redactor::new([secret]));
        let json = serde_json::to_string(&record).unwrap();
        assert!(!json.contains(secret) && json.matches("[redacted]").count() == 4, "{json}");
    }
}

//! The name of a managed host.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A host's name as the inventory writes it: letters, digits, `.`, `-` and `_`, at most 253 of
/// them (RFC 1035, 2.3.4), not starting with `-`, so that no program takes it for an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(Arc<str>);

/// Why a text is not a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a host name: letters, digits, `.`, `-` and `_`, not starting with `-`",
    .0.escape_debug()
)]
pub struct HostNameError(String);

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if matches!(text.len(), 1..=253) && !text.starts_with('-') && text.bytes().all(allowed) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(HostNameError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for HostName {
    type Error = HostNameError;

    fn try_from(text: String) -> Result<Self, HostNameError> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets maps keyed by host names be asked with a `&str`.
impl std::borrow::Borrow<str> for HostName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::HostName;

    #[test]
    fn takes_names_and_no_options_or_addresses_with_colons() {
        for good in ["web1", "mx3.example.org", "192.0.2.7", "_gateway", "a-b", "X"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        let long = "a".repeat(254);
        for bad in ["", "-oProxyCommand=x", "a b", "a:22", "fe80::1", "a/b", "é", "a\n", &long] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
            assert!(serde_json::from_value::<HostName>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn is_plain_text_when_serialised() {
        let name: HostName = "web1".parse().unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"web1\"");
    }
}

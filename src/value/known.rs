//! What can be known before a run is applied, and what cannot.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why something is not known: what will make it known (`the files of package postfix`,
/// `the output of "make token"`). Two unknowns are the same only if their origins are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(Arc<str>);

/// Before the words of what is lost.
const LOST: &str = "\0lost ";

impl Origin {
    /// An origin in words that fit "depends on …".
    pub fn new(words: impl AsRef<str>) -> Self {
        Self(Arc::from(words.as_ref()))
    }

    /// Of something that was known once, and nothing will make known again: whoever needs it
    /// fails. In words that fit "… is lost".
    pub fn lost(words: impl std::fmt::Display) -> Self {
        Self(Arc::from(format!("{LOST}{words}")))
    }

    /// What is lost, if it is.
    #[must_use]
    pub fn is_lost(&self) -> Option<&str> {
        self.0.strip_prefix(LOST)
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.is_lost().unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An observation: the value, or why it cannot be had before apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// Observed, or foretold with certainty.
    Is(T),
    /// Known after apply.
    Unknown(Origin),
}

impl<T> Known<T> {
    /// The value, if known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// A view of the value.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Is(value) => Known::Is(value),
            Self::Unknown(origin) => Known::Unknown(origin.clone()),
        }
    }

    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Is(value) => Known::Is(f(value)),
            Self::Unknown(origin) => Known::Unknown(origin),
        }
    }
}

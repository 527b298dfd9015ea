//! One error as people read it: one cause, one place, one hint.

use super::{Lack, Span};
use serde::{Deserialize, Serialize};

/// An error that names its line. Rendered in rustc's form by [`crate::report`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// Where; `None` where no file is at fault (an option, the host itself).
    pub span: Option<Span>,
    /// Words under the marked span.
    pub label: Option<Box<str>>,
    /// Facts that explain (`log: …`, `used by …`).
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// What is asked for and not there, where that is what is wrong.
    #[serde(skip)]
    pub lack: Option<Box<Lack>>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
            label: None,
            notes: Vec::new(),
            help: None,
            lack: None,
        }
    }

    /// Points at the place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Points at the place unless a nearer one is known already.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Puts words under the marked place.
    #[must_use]
    pub fn label(mut self, label: impl Into<Box<str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact that explains.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Names what is asked for and not there.
    #[must_use]
    pub fn lacks(mut self, lack: Lack) -> Self {
        self.lack = Some(Box::new(lack));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

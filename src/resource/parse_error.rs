//! Why parameters are no specification.

use super::Kind;
use super::mismatch::Mismatch;
use crate::text::{Diagnostic, Span, nearest};
use crate::value::{self, Node};

/// A parameter that is unknown, missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The way to it: the parameter's name, then keys and positions (from 0) within it. Empty
    /// where the parameters as a whole are wrong.
    pub path: Vec<String>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl ParseError {
    /// As people read it: at the nearest place of the way to it that was written.
    #[must_use]
    pub fn diagnostic(&self, parameters: &Node) -> Diagnostic {
        let mut span = parameters.span;
        let mut node = Some(parameters);
        for name in &self.path {
            let Some(here) = node else { break };
            match &here.kind {
                value::NodeKind::List(items) => {
                    node = name.parse::<usize>().ok().and_then(|at| items.get(at));
                }
                _ => node = here.get(name),
            }
            span = node.map_or(span, |found| found.span);
        }
        self.at(span)
    }

    /// As people read it, at a place.
    #[must_use]
    pub fn at(&self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(&self.message).at(span);
        match &self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// At the first written parameter that the message names, where it says no other place; under
    /// the name that was written, where it has several; and with a hint, if there is none: what
    /// the kind takes.
    pub(super) fn completed(mut self, kind: &Kind, is_written: impl Fn(&str) -> bool) -> Self {
        if self.path.is_empty() {
            let quoted = self.message.split('`').skip(1).step_by(2);
            let names = quoted.map(|words| words.split(':').next().unwrap_or(words));
            let parameters = names.filter_map(|name| kind.parameters().get(name));
            let written = parameters.flat_map(|one| std::iter::once(&one.name).chain(&one.aliases));
            self.path = written.filter(|name| is_written(name)).take(1).cloned().collect();
        }
        if let Some(name) = self.path.first_mut()
            && !is_written(name)
            && let Some(parameter) = kind.parameters().get(name)
            && let Some(alias) = parameter.aliases.iter().find(|alias| is_written(alias))
        {
            name.clone_from(alias);
        }
        self.help.get_or_insert_with(|| format!("converge doc {}", kind.name));
        self
    }

    /// No such parameter.
    pub(super) fn unknown(kind: &Kind, name: &str) -> Self {
        let known = kind.parameters().names();
        let help = match nearest(name, known) {
            Some(meant) => format!("did you mean `{meant}`?  (converge doc {})", kind.name),
            None => format!("converge doc {}", kind.name),
        };
        Self {
            path: vec![name.to_owned()],
            message: format!("`{}` has no parameter `{name}`", kind.name),
            help: Some(help),
        }
    }

    /// A required parameter is not there.
    pub(super) fn missing(kind: &Kind, name: &str) -> Self {
        Self {
            path: Vec::new(),
            message: format!("`{}` needs `{name}`", kind.name),
            help: Some(format!("converge doc {}", kind.name)),
        }
    }

    /// A secret stands where `ps` shows it.
    pub(super) fn secret_argument(name: &str, takes_stdin: bool) -> Self {
        let help = if takes_stdin {
            "give it as `stdin`, or in the task's `environment`"
        } else {
            "write it without the secret: the programs that do this take it from nowhere else"
        };
        Self {
            path: vec![name.to_owned()],
            message: format!(
                "`{name}` has a secret in it, and every user can read a process's arguments"
            ),
            help: Some(help.to_owned()),
        }
    }

    /// The first parameter that the kind does not have.
    pub(super) fn first_unknown(kind: &Kind, written: &serde_json::Value) -> Option<Self> {
        let known = kind.parameters();
        let is_known = |name: &str| known.any || known.get(name).is_some();
        let unknown = written.as_object()?.keys().find(|name| !is_known(name))?;
        Some(Self::unknown(kind, unknown))
    }

    /// In better words, if what was written does not fit the schema.
    pub(super) fn explained(self, kind: &Kind, written: &serde_json::Value) -> Self {
        let parameters = kind.parameters();
        if let Some(written) = written.as_object() {
            for (name, value) in written {
                if let Some(parameter) = parameters.get(name)
                    && let Err(mismatch) = parameter.fits(name, value, false)
                {
                    return mismatch.into();
                }
            }
            let present = |name: &str| {
                parameters.get(name).is_some_and(|one| {
                    written.contains_key(&one.name)
                        || one.aliases.iter().any(|alias| written.contains_key(alias))
                })
            };
            if let Some(missing) = parameters.required().find(|name| !present(name)) {
                return Self::missing(kind, missing);
            }
        }
        self
    }
}

impl From<Mismatch> for ParseError {
    fn from(mismatch: Mismatch) -> Self {
        Self { path: mismatch.path, message: mismatch.message, help: mismatch.help }
    }
}

impl From<Diagnostic> for ParseError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { path: Vec::new(), message: diagnostic.message, help: diagnostic.help }
    }
}

impl From<serde_path_to_error::Error<serde_json::Error>> for ParseError {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        use serde_path_to_error::Segment;
        let path = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect::<Vec<_>>();
        let what = error.into_inner().to_string();
        let message = match path.first() {
            Some(name) => format!("`{name}`: {what}"),
            None => what,
        };
        Self { path, message, help: None }
    }
}

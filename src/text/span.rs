//! Where something was written: a file, a line, a column.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A stretch of one line of a source file.
///
/// Spans travel to the agent and come back in its errors; only the controller, which holds the
/// texts, turns them into snippets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters on that line; 0 marks a point.
    pub len: u32,
}

/// Every source file that was read, by id: what spans point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Keeps a file's text under the path that messages shall show.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> SourceId {
        let id = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push((path.into(), text.into()));
        SourceId(id)
    }

    /// The text of every file.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, text)| text.as_str())
    }

    /// The path that messages show for this file.
    #[must_use]
    pub fn path(&self, id: SourceId) -> Option<&Path> {
        self.files.get(id.0 as usize).map(|(path, _)| path.as_path())
    }

    /// The file's whole text.
    #[must_use]
    pub fn text(&self, id: SourceId) -> Option<&str> {
        self.files.get(id.0 as usize).map(|(_, text)| text.as_str())
    }

    /// `path:line:column`, as editors and compilers write it.
    #[must_use]
    pub fn locate(&self, span: Span) -> String {
        let path = self.path(span.source).unwrap_or(Path::new("?"));
        format!("{}:{}:{}", path.display(), span.line, span.column)
    }
}

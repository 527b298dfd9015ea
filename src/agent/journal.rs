//! A run's journal: lines that are appended, each with its checksum. A line that is torn, and all
//! after it, was never written.
//!
//! The first line names the run; then come contents, each once, before the first entry that names
//! them, and the run's entries.

use crate::engine::journal_entry::JournalEntry;
use crate::engine::seal::Sealed;
use crate::value::Sha256;
use serde::{Deserialize, Serialize};

/// Hexadecimal digits of the SHA-256 of a line that stand before it.
const CHECKSUM: usize = 16;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// Whose journal it is.
    Run {
        /// Its id.
        run: String,
        /// The how-manyth journal it is of this state.
        number: u64,
    },
    /// A content that was replaced.
    Content {
        /// Its digest under the host's key.
        digest: Sha256,
        /// Itself.
        sealed: Sealed,
    },
    /// Something to be remembered.
    #[serde(alias = "note")]
    Entry(JournalEntry),
}

impl Line {
    /// As it is appended.
    pub(super) fn write(&self, into: &mut Vec<u8>) -> serde_json::Result<()> {
        let text = serde_json::to_string(self)?;
        into.extend_from_slice(checksum(text.as_bytes()).as_bytes());
        into.push(b' ');
        into.extend_from_slice(text.as_bytes());
        into.push(b'\n');
        Ok(())
    }

    fn read(line: &[u8]) -> Option<Self> {
        let (sum, rest) = line.split_at_checked(CHECKSUM)?;
        let text = rest.strip_prefix(b" ")?;
        if checksum(text).as_bytes() != sum {
            return None;
        }
        serde_json::from_slice(text).ok()
    }
}

fn checksum(text: &[u8]) -> String {
    let mut sum = Sha256::of(text).to_string();
    sum.truncate(CHECKSUM);
    sum
}

/// What a journal holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Journal {
    /// The run and the journal's number; `None` if not even that was written.
    pub(super) run: Option<(String, u64)>,
    pub(super) entries: Vec<JournalEntry>,
    /// The number of a line that cannot be read although others follow: no kill leaves that.
    pub(super) damaged: Option<usize>,
}

/// Reads it as far as it is whole.
pub(super) fn read(bytes: &[u8]) -> Journal {
    let mut journal = Journal::default();
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    for (index, line) in lines.by_ref() {
        let whole = line.strip_suffix(b"\n").and_then(Line::read);
        match (index, whole) {
            (0, Some(Line::Run { run, number })) => journal.run = Some((run, number)),
            (1.., Some(Line::Entry(entry))) => journal.entries.push(entry),
            (1.., Some(Line::Content { .. })) => {}
            _ => {
                journal.damaged = lines.next().map(|_| index + 1);
                break;
            }
        }
    }
    journal
}

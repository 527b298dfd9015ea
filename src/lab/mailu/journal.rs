//! What was asked of Mailu, one line of JSON each: so that a test can say "once". Holds no secret.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Result, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A request over HTTP or HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The port that it came in by.
    pub port: u16,
    /// The client's address.
    pub peer: String,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Whether it carried an `Authorization` header.
    pub authorized: bool,
    /// The status that was answered.
    pub status: u16,
}

/// A login to submission, as Dovecot asked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The client's address.
    pub peer: String,
    /// Who it said it was.
    pub login: String,
    /// What Dovecot was told: `good`, `bad` or `down`.
    pub outcome: String,
}

/// Appends an entry.
pub(super) fn append(path: &Path, entry: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    // One write of a short line to a file opened for appending is not interleaved (open(2)).
    OpenOptions::new().create(true).append(true).open(path)?.write_all(&line)
}

/// Every entry so far, oldest first.
pub(super) fn entries<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

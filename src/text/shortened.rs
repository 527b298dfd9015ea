//! Words of a file, quoted in a message.

use std::borrow::Cow;

/// The most that is quoted, in characters.
const LIMIT: usize = 60;

/// A text that may be long, as a message quotes it.
#[must_use]
pub fn shortened(words: &str) -> Cow<'_, str> {
    match words.char_indices().nth(LIMIT) {
        Some((at, _)) => Cow::Owned(format!("{}…", &words[..at])),
        None => Cow::Borrowed(words),
    }
}

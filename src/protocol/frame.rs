//! Framing: four marker bytes, the length as a big-endian `u32`, then that many bytes of JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read, Write};

/// The largest frame, in bytes: a bundle with its files must fit.
pub const MAX_FRAME: usize = 64 << 20;

/// Begins every frame, so that a login banner is told from a message.
pub const MARK: &str = "cvg1";

/// Why a session cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    /// Something else than an agent answered.
    #[error("expected a message, got {0:?}")]
    NotAMessage(String),
    /// A frame over [`MAX_FRAME`].
    #[error("a message of {0} bytes is over the limit of {MAX_FRAME}")]
    TooLarge(usize),
    /// A frame whose content is not of the protocol.
    #[error("a message could not be read: {0}")]
    Malformed(String),
}

/// Writes one message and flushes.
///
/// # Errors
/// If it is over [`MAX_FRAME`], or the connection broke.
pub fn write<T: Serialize>(to: &mut dyn Write, message: &T) -> Result<(), FrameError> {
    to.write_all(&frame(message)?)?;
    to.flush()?;
    Ok(())
}

/// A message as it is written.
///
/// # Errors
/// If it is over [`MAX_FRAME`].
pub fn frame<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let body = serde_json::to_vec(message).map_err(|e| FrameError::Malformed(e.to_string()))?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_FRAME);
    let length = length.ok_or(FrameError::TooLarge(body.len()))?;
    let mut frame = Vec::with_capacity(body.len() + 8);
    frame.extend_from_slice(MARK.as_bytes());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// Reads one message; `None` at a clean end.
///
/// # Errors
/// If what comes is no frame of the protocol, too large, cut short, or the connection broke.
pub fn read<T: DeserializeOwned>(from: &mut dyn Read) -> Result<Option<T>, FrameError> {
    let mut head = [0; 8];
    match fill(from, &mut head)? {
        0 => return Ok(None),
        8 if head.starts_with(MARK.as_bytes()) => {}
        got => {
            // Read a little more of what it was, for the error.
            let mut text = head[..got].to_vec();
            let mut more = Vec::new();
            let _ = from.take(200).read_to_end(&mut more);
            text.extend(more);
            return Err(FrameError::NotAMessage(String::from_utf8_lossy(&text).into_owned()));
        }
    }
    let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
    if length > MAX_FRAME {
        return Err(FrameError::TooLarge(length));
    }
    // Grown as bytes arrive: the length is the peer's claim.
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_slice(&body).map(Some).map_err(|e| FrameError::Malformed(e.to_string()))
}

fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, FrameError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::{FrameError, MARK, read, write};

    #[test]
    fn a_message_comes_back_and_the_end_is_clean() {
        let mut wire = Vec::new();
        write(&mut wire, &vec!["a", "b"]).unwrap();
        let mut from = wire.as_slice();
        assert_eq!(read::<Vec<String>>(&mut from).unwrap().unwrap(), ["a", "b"]);
        assert!(read::<Vec<String>>(&mut from).unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_named() {
        let banner = b"Welcome to host1\n";
        let error = read::<String>(&mut banner.as_slice()).unwrap_err();
        assert!(error.to_string().contains("Welcome to host1"), "{error}");
    }

    #[test]
    fn a_claimed_length_over_the_limit_allocates_nothing() {
        let mut wire = MARK.as_bytes().to_vec();
        wire.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(read::<String>(&mut wire.as_slice()), Err(FrameError::TooLarge(_))));
    }

    #[test]
    fn a_message_cut_short_is_an_error_at_every_length() {
        let mut wire = Vec::new();
        write(&mut wire, &"hello").unwrap();
        for length in 1..wire.len() {
            assert!(read::<String>(&mut &wire[..length]).is_err(), "cut at {length}");
        }
    }
}

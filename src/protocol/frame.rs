//! Framing: four marker bytes, the length as a big-endian `u32`, then that many bytes of JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read, Write};

/// The largest frame, in bytes: a bundle with its files must fit.
pub const MAX_FRAME: usize = 64 << 20;

/// So much room is made for a frame before anything of it has come, in bytes.
const AT_ONCE: usize = 16 << 10;

/// The deepest that a frame's JSON nests: serde_json reads no deeper.
const MAX_DEPTH: usize = 127;

/// Begins every frame, so that a login banner is told from a message.
pub const MARK: &str = "cvg1";

/// Why a session cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    /// Something else than an agent answered: what came first of it.
    #[error("expected a message, got {0:?}")]
    NotAMessage(String),
    /// A frame over [`MAX_FRAME`].
    #[error("a message of {0} bytes is over the limit of {MAX_FRAME}")]
    TooLarge(usize),
    /// A frame whose content nests deeper than its reader goes.
    #[error("a message nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A frame whose content is not of the protocol.
    #[error("a message could not be read: {0}")]
    Malformed(String),
}

/// Writes one message and flushes.
///
/// # Errors
/// As [`frame`], or if the connection broke.
pub fn write<T: Serialize>(to: &mut dyn Write, message: &T) -> Result<(), FrameError> {
    to.write_all(&frame(message)?)?;
    to.flush()?;
    Ok(())
}

/// A message as it is written.
///
/// # Errors
/// If it is over [`MAX_FRAME`], or nests too deep to be read again.
pub fn frame<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let body = serde_json::to_vec(message).map_err(|e| FrameError::Malformed(e.to_string()))?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_FRAME);
    let length = length.ok_or(FrameError::TooLarge(body.len()))?;
    if depth(&body) > MAX_DEPTH {
        return Err(FrameError::TooDeep);
    }
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
    let Some(head) = head(from)? else { return Ok(None) };
    let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
    if length > MAX_FRAME {
        return Err(FrameError::TooLarge(length));
    }
    // Grown as bytes arrive, beyond what one reading brings: the length is the peer's claim.
    let mut body = Vec::with_capacity(length.min(AT_ONCE));
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_slice(&body).map(Some).map_err(|e| FrameError::Malformed(e.to_string()))
}

/// How deep a JSON text nests.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut bytes) = (0_usize, 0, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Marker and length. No more is waited for than it takes to know that it is no message: whoever
/// sends something else may send no more of it, and wait as well.
fn head(from: &mut dyn Read) -> Result<Option<[u8; 8]>, FrameError> {
    let mut head = [0; 8];
    let mut filled = 0;
    while filled < head.len() {
        match from.read(&mut head[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Broken(std::io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        let got = &head[..filled];
        if got.iter().zip(MARK.as_bytes()).any(|(byte, mark)| byte != mark) {
            return Err(FrameError::NotAMessage(String::from_utf8_lossy(got).into_owned()));
        }
    }
    Ok(Some(head))
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
        assert!(error.to_string().contains("Welcome "), "{error}");
    }

    /// Brings some bytes, and would then have its reader wait for ever.
    struct Waits(&'static [u8]);

    impl std::io::Read for Waits {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.0.is_empty(), "it is waited for more");
            let count = self.0.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn what_is_no_message_is_not_waited_for() {
        for text in [&b"$"[..], b"hi\n", b"cvg0", b"cvg", b"Welcome to host1\n"] {
            let read = || read::<String>(&mut Waits(text));
            match text {
                b"cvg" => assert!(std::panic::catch_unwind(read).is_err(), "it may be one"),
                _ => assert!(matches!(read(), Err(FrameError::NotAMessage(_)))),
            }
        }
    }

    #[test]
    fn a_claimed_length_over_the_limit_allocates_nothing() {
        let mut wire = MARK.as_bytes().to_vec();
        wire.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(read::<String>(&mut wire.as_slice()), Err(FrameError::TooLarge(_))));
    }

    #[test]
    fn what_is_written_can_be_read_however_deep_it_is() {
        let nested = |levels: usize| {
            let mut value = serde_json::json!("[{\"\\[[");
            (0..levels).for_each(|_| value = serde_json::json!([value]));
            value
        };
        for levels in [0, 1, 126, 127] {
            let mut wire = Vec::new();
            write(&mut wire, &nested(levels)).unwrap();
            let again: serde_json::Value = read(&mut wire.as_slice()).unwrap().unwrap();
            assert_eq!(again, nested(levels));
        }
        assert!(matches!(write(&mut Vec::new(), &nested(128)), Err(FrameError::TooDeep)));
    }

    /// Brings its bytes in pieces of these lengths.
    struct Pieces<'b>(&'b [u8], Vec<usize>);

    impl std::io::Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = self.1.pop().unwrap_or(usize::MAX).max(1);
            let count = most.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest::proptest! {
        /// In whatever pieces messages arrive, they are those that were sent; and of what is cut,
        /// those before the cut.
        #[test]
        fn messages_arrive_as_they_were_sent(
            texts in proptest::collection::vec(".{0,60}", 0..6),
            pieces in proptest::collection::vec(1_usize..40, 0..60),
            cut in 0_usize..400,
        ) {
            let mut wire = Vec::new();
            let mut ends = vec![0];
            for text in &texts {
                write(&mut wire, text).unwrap();
                ends.push(wire.len());
            }
            let cut = cut.min(wire.len());
            let mut from = Pieces(&wire[..cut], pieces);
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            for text in &texts[..whole] {
                proptest::prop_assert_eq!(&read::<String>(&mut from).unwrap().unwrap(), text);
            }
            match read::<String>(&mut from) {
                Ok(None) => proptest::prop_assert!(ends.contains(&cut)),
                Err(FrameError::Broken(_)) => proptest::prop_assert!(!ends.contains(&cut)),
                other => proptest::prop_assert!(false, "{:?}", other),
            }
        }

        /// No bytes make a reader panic, or keep more than they are.
        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(0_u8..255, 0..200)) {
            let marked: Vec<u8> = MARK.bytes().chain(bytes.iter().copied()).collect();
            for wire in [&bytes, &marked] {
                let mut from = wire.as_slice();
                while let Ok(Some(serde_json::Value::String(_))) = read(&mut from) {}
            }
        }
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

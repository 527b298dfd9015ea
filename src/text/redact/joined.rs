//! A text without the breaks of its lines, where a secret may have been broken.

/// The bytes that are left, and where each of them stood.
pub(super) struct Joined {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<usize>,
}

impl Joined {
    /// Without the breaks alone.
    pub(super) fn plain(text: &[u8]) -> Self {
        Self::of(text, |_| 0)
    }

    /// Without what lines are indented by.
    pub(super) fn bare(text: &[u8]) -> Self {
        Self::of(text, |rest| rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count())
    }

    /// Without the mark that each line begins with: a diff's `+`.
    pub(super) fn marked(text: &[u8]) -> Self {
        Self::of(text, |rest| rest.len().min(1))
    }

    fn of(text: &[u8], skipped: fn(&[u8]) -> usize) -> Self {
        let mut joined =
            Self { bytes: Vec::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            at += 1;
            match byte {
                b'\r' => {}
                b'\n' => at += skipped(&text[at..]),
                _ => {
                    joined.bytes.push(byte);
                    joined.places.push(at - 1);
                }
            }
        }
        joined
    }
}

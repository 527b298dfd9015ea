//! How large the program of a regular expression may be. A search takes time that grows with the
//! text alone as long as the engine can remember where it may be; at worst it is the program's size
//! times the text's.

/// The largest program, in bytes.
const LARGEST: usize = 1 << 20;
/// A program of this size is tried on any text: a `\w` takes 18 KiB.
const SMALL: usize = 128 << 10;
/// Bytes of a program times bytes of a text that are searched in some seconds.
const WORK: usize = 1 << 32;

/// The largest program that is tried on a text of this length, both in bytes: one of few sizes, so
/// that programs can be kept by them.
#[must_use]
pub fn pattern_size(text: usize) -> usize {
    let most = (WORK / text.max(1)).clamp(SMALL, LARGEST);
    1 << most.ilog2()
}

/// Why an expression is not tried on such a text.
#[must_use]
pub fn pattern_too_large(text: usize) -> String {
    let kib = pattern_size(text) >> 10;
    let tried = match text {
        0 => String::new(),
        _ => format!(", the most for a text of {} KiB", text.div_ceil(1 << 10)),
    };
    format!("its repetitions and classes make a program of more than {kib} KiB{tried}")
}

#[cfg(test)]
mod tests {
    use super::pattern_size;

    #[test]
    fn the_longer_a_text_the_smaller_what_is_tried_on_it() {
        assert_eq!(pattern_size(0), 1 << 20);
        assert_eq!(pattern_size(4 << 10), 1 << 20);
        assert_eq!(pattern_size(10_000), 256 << 10);
        assert_eq!(pattern_size(100 << 20), 128 << 10);
    }
}

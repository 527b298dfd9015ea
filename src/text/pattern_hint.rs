//! What to do about a regular expression that cannot be read.

/// A hint for the engine's complaint.
#[must_use]
pub fn pattern_hint(complaint: &str) -> &'static str {
    let says = |words: &str| complaint.contains(words);
    if says("look-around") || says("looks around") || says("backreference") {
        "match the whole line, and take from it what is needed"
    } else if says("make a program") {
        "let fewer of its parts repeat, or repeat less often: `\\w+` is small, `\\w{1000}` is not"
    } else if says("unclosed group") || says("unopened group") {
        r"a parenthesis that stands for itself is written `\(`"
    } else if says("unclosed character class") {
        r"a bracket that stands for itself is written `\[`"
    } else if says("repetition") {
        r"`*`, `+`, `?` and `{` follow what they repeat; one that stands for itself is written `\*`"
    } else {
        r"a character that stands for itself is written behind a backslash: `\.`"
    }
}

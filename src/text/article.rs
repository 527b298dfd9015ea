//! Kinds of values in a sentence.

/// A kind of value with its article: `a list`, `an integer`, `text`.
#[must_use]
pub fn with_article(kind: &str) -> String {
    match kind {
        "null" | "text" | "secret" | "unknown" => kind.to_owned(),
        "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_article;

    #[test]
    fn kinds_read_as_in_a_sentence() {
        for (kind, said) in [("list", "a list"), ("integer", "an integer"), ("text", "text")] {
            assert_eq!(with_article(kind), said);
        }
    }
}

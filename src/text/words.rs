//! A command line split into words as a POSIX shell splits it, with nothing expanded.

/// The words of a command line: quotes and backslashes as in sh(1), no variables, no globs.
///
/// # Errors
/// The quote that is not closed.
pub fn split_words(line: &str) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or('\'')? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or('"')? {
                        '"' => break,
                        '\\' => match chars.next().ok_or('"')? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            '\n' => {}
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(other) => word.get_or_insert_default().push(other),
            },
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::split_words;

    #[test]
    fn words_are_a_shells() {
        for (line, words) in [
            ("postmap /etc/x", vec!["postmap", "/etc/x"]),
            ("  a 'b c'  \"d \\\" e\" f\\ g ''", vec!["a", "b c", "d \" e", "f g", ""]),
            ("a\\\nb $HOME *", vec!["ab", "$HOME", "*"]),
            ("", vec![]),
        ] {
            assert_eq!(split_words(line).unwrap(), words, "{line}");
        }
        assert_eq!(split_words("echo 'x"), Err('\''));
        assert_eq!(split_words("echo \"x"), Err('"'));
    }
}

//! Words as a shell would read them back: for showing commands, and for the filter `quote`.

use std::borrow::Cow;

/// A word quoted for a POSIX shell where it must be: a plain word stays as it is, any other
/// stands in single quotes (POSIX.1-2017, Shell Command Language, 2.2.2).
#[must_use]
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r#"'"'"'"#)))
}

/// A command as one would type it.
#[must_use]
pub fn command_line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&quote(word.as_ref()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{command_line, quote};

    #[test]
    fn only_what_a_shell_would_read_otherwise_is_quoted() {
        for (word, quoted) in [
            ("/usr/sbin/postmap", "/usr/sbin/postmap"),
            ("hash:/etc/aliases", "hash:/etc/aliases"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r#"'it'"'"'s'"#),
            ("$HOME", "'$HOME'"),
            ("a\nb", "'a\nb'"),
            ("ümlaut", "'ümlaut'"),
            ("~", "'~'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
        assert_eq!(command_line(["sh", "-c", "exit 3"]), "sh -c 'exit 3'");
    }
}

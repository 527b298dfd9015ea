//! A line of an `authorized_keys` file, taken apart as sshd does it (sshd(8), AUTHORIZED_KEYS).

/// Options before a key, and the rest from the kind on.
pub(super) fn split(line: &str) -> (Option<&str>, &str) {
    if is_key(line) {
        return (None, line);
    }
    let mut quoted = false;
    let mut chars = line.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            // Within an option `\"` is a quote and ends nothing.
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => drop(chars.next()),
            '"' => quoted = !quoted,
            // The options end here, whatever follows them.
            ' ' | '\t' if !quoted => {
                let rest = line[at..].trim_start();
                return if is_key(rest) { (Some(&line[..at]), rest) } else { (None, line) };
            }
            _ => {}
        }
    }
    (None, line)
}

/// The key itself, by which two lines are the same.
pub(super) fn blob(line: &str) -> Option<&str> {
    let (_, rest) = split(line);
    (!line.starts_with('#') && is_key(rest)).then(|| rest.split_whitespace().nth(1)).flatten()
}

/// The word that says what kind the key is.
pub(super) fn kind(line: &str) -> Option<&str> {
    split(line).1.split_whitespace().next()
}

/// Whether a text begins with a kind and a key. Older sshds knew the kinds by short names too
/// (`ED25519` for `ssh-ed25519`); every key begins with the length of its kind's name, four bytes of
/// which the first three are zero.
fn is_key(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-@.".contains(&byte);
    let coded = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let kind = words.next().is_some_and(|kind| kind.bytes().all(named));
    let body = words.next().unwrap_or_default();
    kind && body.len() >= 20 && body.starts_with("AAAA") && body.bytes().all(coded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIOCGWkMZIi/jkPLQUO2elbU1K670iXYx3fBsbD0dcvxm";

    #[test]
    fn options_end_where_sshd_ends_them() {
        for options in [
            r#"command="sh -c \"echo ssh-rsa x\"""#,
            r#"cert-authority,principals="x y""#,
            "no-pty",
            r#"environment="A=\\x",from="1.2.3.4""#,
        ] {
            let line = format!("{options} ssh-ed25519 {KEY} a comment");
            assert_eq!(split(&line).0, Some(options));
            assert_eq!(blob(&line), Some(KEY));
        }
        assert_eq!(split(&format!("ED25519 {KEY}")), (None, &*format!("ED25519 {KEY}")));
    }

    #[test]
    fn what_sshd_takes_for_no_key_has_none() {
        let open = format!("command=\"x ssh-ed25519 {KEY}");
        let comment = format!("# ssh-ed25519 {KEY}");
        for line in ["", "ssh-ed25519", "ssh-ed25519 short", "no-pty", &open, &comment] {
            assert_eq!(blob(line), None, "{line}");
        }
    }
}

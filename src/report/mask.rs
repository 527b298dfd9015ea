//! A source line that is quoted in an error may hold a password that its author wrote there in
//! the clear. What stands behind such a key is not quoted.

use crate::value::REDACTED;
use std::ops::Range;

/// Ends of keys whose values are secrets more often than not.
const SECRET: [&str; 7] =
    ["password", "passwd", "passphrase", "secret", "token", "api_key", "private_key"];

/// The line with the value of every `password: …` replaced; a template expression stays, because
/// it names a variable and holds no value. `mark`, byte offsets into the line, moves along.
pub(super) fn mask(line: &str, mark: &mut Range<usize>) -> String {
    let mut out = line.to_owned();
    let mut from = 0;
    while let Some(value) = secret_value(&out, from) {
        let shift = |at: usize| match at {
            at if at <= value.start => at,
            at if at < value.end => value.start,
            at => at - value.len() + REDACTED.len(),
        };
        let inside = value.start < mark.end && mark.start < value.end;
        let end = if inside { value.start + REDACTED.len() } else { shift(mark.end) };
        *mark = shift(mark.start)..end.max(shift(mark.start));
        out.replace_range(value.clone(), REDACTED);
        from = value.start + REDACTED.len();
    }
    out
}

/// Text with the value of every `password=…` replaced.
#[must_use]
pub fn mask_secrets(text: &str) -> String {
    mask(text, &mut (0..0))
}

/// The first secret's place at or after `from`.
fn secret_value(line: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let colon = at + line.get(at..)?.find([':', '='])?;
        at = colon + 1;
        if !is_secret(line[..colon].trim_end().trim_end_matches(['"', '\''])) {
            continue;
        }
        let rest = &line[at..];
        let start = at + (rest.len() - rest.trim_start().len());
        let quote = line[start..].chars().next().filter(|char| ['"', '\''].contains(char));
        let end = match quote {
            Some(quote) => line[start + 1..].find(quote).map(|end| start + end + 2),
            None => line[start..].find([',', '}']).map(|end| start + end),
        };
        let end = end.unwrap_or(line.trim_end().len());
        let value = &line[start..end.max(start)];
        if value.is_empty() || value.contains("{{") || value.starts_with(['!', '|', '>']) {
            continue;
        }
        return Some(start..end);
    }
}

/// By the key's end alone: before it may stand a line of any length.
fn is_secret(key: &str) -> bool {
    let ends_with = |name: &&str| {
        let end = key.len().checked_sub(name.len()).and_then(|at| key.as_bytes().get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
    };
    SECRET.iter().any(ends_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_quoted_and_the_mark_stays_on_its_word() {
        for (line, mark, shown, marked) in [
            ("relay_password: hunter2", "hunter2", "relay_password: [redacted]", "[redacted]"),
            ("  - mailu_token: 'a, b'  # x", "# x", "  - mailu_token: [redacted]  # x", "# x"),
            ("u: {password: p, uid: 007}", "007", "u: {password: [redacted], uid: 007}", "007"),
            (
                "password: \"{{ vault_pw }}\"",
                "vault_pw",
                "password: \"{{ vault_pw }}\"",
                "vault_pw",
            ),
            ("token_file: /etc/t", "/etc/t", "token_file: /etc/t", "/etc/t"),
            ("mail_token: hunter2", "mail_token", "mail_token: [redacted]", "mail_token"),
            ("a_password:", "a_password", "a_password:", "a_password"),
        ] {
            let start = line.find(marked).or_else(|| line.find(mark)).unwrap();
            let mut range = start..start + mark.len();
            let out = mask(line, &mut range);
            assert_eq!(out, shown);
            assert_eq!(&out[range], marked, "{line}");
        }
    }

    /// Each colon looks at the end of what is before it: 64 KiB took half a minute, and now none.
    #[test]
    fn a_long_line_of_many_keys_takes_no_time() {
        let line = "e:PASSWORD= x, ".repeat(100_000);
        let masked = mask_secrets(&line);
        assert_eq!(masked, "e:PASSWORD= [redacted], ".repeat(100_000));
    }
}

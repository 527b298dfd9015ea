//! Regular expressions as roles write them (Python's), and replacement texts with references.

use crate::text::{Diagnostic, pattern_hint};
use regex::{Captures, Regex, RegexBuilder};

/// A regular expression. `lines` lets `^` and `$` match at every line.
///
/// # Errors
/// What the expression has that cannot be read, or that the engine does not know.
pub(super) fn compile(parameter: &str, text: &str, lines: bool) -> Result<Regex, Diagnostic> {
    RegexBuilder::new(&translated(text)).multi_line(lines).build().map_err(|error| {
        let why = match &error {
            regex::Error::Syntax(message) => {
                message.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()
            }
            other => other.to_string(),
        };
        Diagnostic::new(format!("`{parameter}: {text}` is no regular expression: {why}"))
            .help(pattern_hint(&why))
    })
}

/// Python writes the end of the text `\Z`.
fn translated(text: &str) -> String {
    let mut translated = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        translated.push(char);
        if char == '\\' {
            translated.extend(chars.next().map(|next| if next == 'Z' { 'z' } else { next }));
        }
    }
    translated
}

/// A replacement with `\1`, `\g<1>`, `\g<name>`, `\n`, `\t` and `\\` filled in.
///
/// # Errors
/// A reference to a group that the expression does not have.
pub(super) fn expand(template: &str, found: &Captures<'_>) -> Result<String, Diagnostic> {
    let mut text = String::new();
    let mut chars = template.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        let name: String = match chars.next() {
            Some('n') => {
                text.push('\n');
                continue;
            }
            Some('t') => {
                text.push('\t');
                continue;
            }
            Some('g') if chars.peek() == Some(&'<') => {
                chars.next();
                chars.by_ref().take_while(|&next| next != '>').collect()
            }
            Some(digit @ '0'..='9') => {
                let second = chars.next_if(char::is_ascii_digit);
                [Some(digit), second].into_iter().flatten().collect()
            }
            Some('\\') | None => {
                text.push('\\');
                continue;
            }
            Some(other) => {
                text.extend(['\\', other]);
                continue;
            }
        };
        let group = match name.parse::<usize>() {
            Ok(number) if number < found.len() => found.get(number),
            Err(_) if found.name(&name).is_some() => found.name(&name),
            _ => {
                return Err(Diagnostic::new(format!(
                    "`{template}` refers to a group `{name}` that the expression does not have"
                )));
            }
        };
        text.push_str(group.map_or("", |group| group.as_str()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in() {
        let pattern = compile("regexp", r"^(?P<key>\w+)\s*=(.*)\Z", false).unwrap();
        let found = pattern.captures("a =b").unwrap();
        assert_eq!(expand(r"\g<key>: \2\t\\ \g<1>", &found).unwrap(), "a: b\t\\ a");
        assert!(expand(r"\3", &found).is_err() && expand(r"\g<no>", &found).is_err());
    }

    #[test]
    fn what_the_engine_lacks_is_said() {
        let error = compile("regexp", "^(?!#)x", false).unwrap_err();
        assert!(error.message.contains("look-around") && error.help.is_some(), "{error}");
        assert!(compile("regexp", "a(b", false).unwrap_err().message.contains("unclosed group"));
    }
}

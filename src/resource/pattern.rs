//! Regular expressions as roles write them (Python's), and replacement texts with references.

use crate::text::{Diagnostic, pattern_hint, pattern_size, pattern_too_large, shortened};
use regex::{Captures, Regex, RegexBuilder};

/// How an expression is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// `^` and `$` match at every line.
    pub(super) lines: bool,
    /// The dot matches line breaks.
    pub(super) dot_all: bool,
    /// The length of the longest text that it is tried on, in bytes; 0 if it is read alone.
    pub(super) longest: usize,
}

/// A regular expression.
///
/// # Errors
/// What the expression has that cannot be read, that the engine does not know, or that would take
/// too long.
pub(super) fn compile(parameter: &str, text: &str, reading: Reading) -> Result<Regex, Diagnostic> {
    let mut builder = RegexBuilder::new(&translated(text));
    builder.multi_line(reading.lines).dot_matches_new_line(reading.dot_all);
    builder.size_limit(pattern_size(reading.longest)).build().map_err(|error| {
        let why = match &error {
            regex::Error::CompiledTooBig(_) => {
                let why = pattern_too_large(reading.longest);
                let text = shortened(text);
                let message = format!("`{parameter}: {text}` takes too long: {why}");
                return Diagnostic::new(message).help(pattern_hint(&why));
            }
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
        let pattern = compile("regexp", r"^(?P<key>\w+)\s*=(.*)\Z", Reading::default()).unwrap();
        let found = pattern.captures("a =b").unwrap();
        assert_eq!(expand(r"\g<key>: \2\t\\ \g<1>", &found).unwrap(), "a: b\t\\ a");
        assert!(expand(r"\3", &found).is_err() && expand(r"\g<no>", &found).is_err());
    }

    #[test]
    fn what_the_engine_lacks_is_said() {
        let error = compile("regexp", "^(?!#)x", Reading::default()).unwrap_err();
        assert!(error.message.contains("look-around") && error.help.is_some(), "{error}");
        assert!(
            compile("regexp", "a(b", Reading::default())
                .unwrap_err()
                .message
                .contains("unclosed group")
        );
    }

    /// Both take minutes without a bound: a program that the engine cannot remember its way through,
    /// and one that is as long as the text.
    #[test]
    fn what_would_take_too_long_is_refused() {
        let long = "[0-9]".repeat(12_000);
        for (pattern, longest) in
            [(r"\w{1000}", 0), (r"(?:[a-z]?){8000}[0-9]", 60_000), (long.as_str(), 60_000)]
        {
            let reading = Reading { longest, ..Reading::default() };
            let error = compile("regexp", pattern, reading).unwrap_err();
            assert!(error.message.contains(&pattern[..5]) && error.message.contains("too long"));
            assert!(error.help.unwrap().contains("repeat"));
        }
        let reading = Reading { longest: 100 << 20, ..Reading::default() };
        compile("regexp", r"^(\w+)\s*=\s*(\w+)\s*#.*$", reading).unwrap();
    }
}

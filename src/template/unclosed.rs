//! What a template opens and does not close. The parser says only that the text ended; what people
//! need is where it began (`${#x}` of a shell begins a comment).

use super::place::Place;
use crate::text::Diagnostic;
use std::ops::Range;

/// What is left open, at its first letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unclosed {
    Comment(Range<usize>),
    Raw(Range<usize>),
    /// A quote in `{{ … }}` or `{% … %}`.
    Quote(Range<usize>),
    /// A `{{` or `{%` itself.
    Braces(Range<usize>),
    /// A statement with an end of its own: its name.
    Statement(Range<usize>, String),
}

impl Unclosed {
    pub(super) fn diagnostic(self, text: &str, place: Place) -> Diagnostic {
        const LITERAL: &str =
            "text that is no template stands between `{% raw %}` and `{% endraw %}`";
        let (range, what, help) = match self {
            Self::Comment(range) => (range, "a comment `{#`".to_owned(), LITERAL.to_owned()),
            Self::Raw(range) => {
                (range, "`{% raw %}`".to_owned(), "it ends with `{% endraw %}`".to_owned())
            }
            Self::Quote(range) => {
                let quote = text.get(range.clone()).unwrap_or_default();
                let what = format!("a quote {quote}");
                (range, what, "close it, or write `\\` before a quote that is text".to_owned())
            }
            Self::Braces(range) => {
                let end = if text[range.clone()].ends_with('%') { "%}" } else { "}}" };
                let what = format!("`{}`", &text[range.clone()]);
                let help =
                    format!("close it with `{end}`, and before that every quote and bracket in it");
                (range, what, help)
            }
            Self::Statement(range, name) => {
                let help = format!("it ends with `{{% end{name} %}}`");
                (range, format!("`{{% {name} … %}}`"), help)
            }
        };
        Diagnostic::new(format!("syntax error in the template: {what} is not closed"))
            .at(place.span(text, range))
            .help(help)
    }
}

/// Statements that have an end.
const BLOCKS: &[&str] =
    &["if", "for", "macro", "call", "filter", "block", "with", "autoescape", "set"];

/// The first thing that is not closed; of statements the innermost.
pub(super) fn find(text: &str) -> Option<Unclosed> {
    let mut open: Vec<(Range<usize>, &str)> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        at += found;
        let begin = at..at + 2;
        at = match text.as_bytes().get(at + 1) {
            Some(b'#') => match text[begin.end..].find("#}") {
                Some(end) => begin.end + end + 2,
                None => return Some(Unclosed::Comment(begin)),
            },
            Some(b'{') => match end_of(text, begin.end, '}') {
                Ok(end) => end,
                Err(Some(quote)) => return Some(Unclosed::Quote(quote)),
                Err(None) => return Some(Unclosed::Braces(begin)),
            },
            Some(b'%') => {
                let end = match end_of(text, begin.end, '%') {
                    Ok(end) => end,
                    Err(Some(quote)) => return Some(Unclosed::Quote(quote)),
                    Err(None) => return Some(Unclosed::Braces(begin)),
                };
                let inside = text[begin.end..end - 2].trim_matches(['-', '+']).trim();
                let name = inside.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
                if inside == "raw" {
                    match end_of_raw(text, end) {
                        Some(end) => end,
                        None => return Some(Unclosed::Raw(begin.start..end)),
                    }
                } else {
                    if let Some(closed) = name.strip_prefix("end") {
                        if open.last().is_some_and(|(_, name)| *name == closed) {
                            open.pop();
                        }
                    } else if BLOCKS.contains(&name) && (name != "set" || !inside.contains('=')) {
                        open.push((begin.start..end, name));
                    }
                    end
                }
            }
            _ => at + 1,
        };
    }
    open.pop().map(|(range, name)| Unclosed::Statement(range, name.to_owned()))
}

/// Where `{{ … }}` or `{% … %}` ends: at `close` and a brace, outside quotes and brackets. Else
/// the quote that is not closed, if it is one.
fn end_of(text: &str, from: usize, close: char) -> Result<usize, Option<Range<usize>>> {
    let mut quote: Option<(char, usize)> = None;
    let mut depth = 0_usize;
    let mut letters = text[from..].char_indices().map(|(at, letter)| (from + at, letter));
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some((mark, _)), letter) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some((letter, at)),
            (None, letter) if letter == close && depth == 0 && text[at + 1..].starts_with('}') => {
                return Ok(at + 2);
            }
            (None, '{' | '[' | '(') => depth += 1,
            (None, '}' | ']' | ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Err(quote.map(|(_, at)| at..at + 1))
}

fn end_of_raw(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find("{%") {
        at += found + 2;
        let end = at + text[at..].find("%}")?;
        if text[at..end].trim_matches(['-', '+']).trim() == "endraw" {
            return Some(end + 2);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_found_where_it_began() {
        let raw = "a\n{% raw -%}\n{{ x";
        for (text, found) in [
            ("n=${#x}\n", Some(Unclosed::Comment(3..5))),
            ("{# a #}{% if x %}{{ 'a }}\n{% endif %}", Some(Unclosed::Quote(20..21))),
            (raw, Some(Unclosed::Raw(2..12))),
            ("{{ {'a': '}}'} }} {{ x }", Some(Unclosed::Braces(18..20))),
            (
                "{% if a %}{% for b in c %}{% endif %}",
                Some(Unclosed::Statement(10..26, "for".into())),
            ),
            ("{% if a %}{% set b = 1 %}{% endif -%} {% raw %}{% if %}{%- endraw %}", None),
            ("{{ \"\\\"\" }} { # {%+ set b %}x{% endset %}", None),
        ] {
            assert_eq!(find(text), found, "{text}");
        }
    }
}

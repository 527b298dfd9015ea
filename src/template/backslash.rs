//! Backslashes in the texts of tasks and variables: there YAML has taken away its own, so that in
//! the quotes of a `{{ … }}` each one left stands for itself, as in Ansible. Not so in a template
//! file, a condition or a `{% … %}`, where Jinja takes another.

use std::borrow::Cow;

/// The text with every backslash doubled that stands in quotes in a `{{ … }}`. One before a quote
/// still keeps that quote from closing the text.
pub(super) fn doubled(text: &str) -> Cow<'_, str> {
    if !(text.contains('\\') && text.contains("{{")) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut raw = false;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = match rest.as_bytes().get(1) {
            Some(b'{') if !raw => copy(rest, '}', &mut out),
            Some(b'%') => {
                let len = copy(rest, '%', &mut out);
                match rest[..len].trim_matches(|c: char| !c.is_alphanumeric()) {
                    "raw" => raw = true,
                    "endraw" => raw = false,
                    _ => {}
                }
                len
            }
            Some(b'#') if !raw => {
                let len = rest.find("#}").map_or(rest.len(), |end| end + 2);
                out.push_str(&rest[..len]);
                len
            }
            _ => {
                out.push('{');
                1
            }
        };
        rest = &rest[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Copies `{{ … }}` or `{% … %}`, which ends at `close` and a brace outside quotes; of the first
/// kind with its backslashes doubled. Gives its length in bytes.
fn copy(text: &str, close: char, out: &mut String) -> usize {
    let (mut quote, mut depth) = (None, 0_usize);
    let mut letters = text.char_indices().skip(2);
    out.push_str(&text[..2]);
    while let Some((at, letter)) = letters.next() {
        out.push(letter);
        match (quote, letter) {
            (Some(mark), '\\') => {
                let Some((_, next)) = letters.next() else { continue };
                if close == '}' && next != mark {
                    out.push('\\');
                    if next == '\\' {
                        out.push('\\');
                    }
                }
                out.push(next);
            }
            (Some(mark), _) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, _) if letter == close && depth == 0 && text[at + 1..].starts_with('}') => {
                out.push('}');
                return at + 2;
            }
            (None, '{') => depth += 1,
            (None, '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::doubled;

    #[test]
    fn a_backslash_stands_for_itself_in_quotes_in_an_expression_only() {
        for (text, result) in [
            (r"a\b", r"a\b"),
            (r"\ {{ x }} \", r"\ {{ x }} \"),
            (r"{{ x | f('\1') }}\1", r"{{ x | f('\\1') }}\1"),
            (r"{{ '\\' }}", r"{{ '\\\\' }}"),
            (r#"{{ "\d'\d" }}"#, r#"{{ "\\d'\\d" }}"#),
            (r"{{ 'it\'s \d' }}", r"{{ 'it\'s \\d' }}"),
            (r"{{ {'a': {'b}}': '\1'}} }}{{ '\2' }}", r"{{ {'a': {'b}}': '\\1'}} }}{{ '\\2' }}"),
            (r"{% if '\n' %}{{ '\n' }}", r"{% if '\n' %}{{ '\\n' }}"),
            (r"{# {{ '\1' }} #}{{ '\1' }}", r"{# {{ '\1' }} #}{{ '\\1' }}"),
            (
                r"{%- raw %}{{ '\1' }}{% endraw -%}{{ '\1' }}",
                r"{%- raw %}{{ '\1' }}{% endraw -%}{{ '\\1' }}",
            ),
            (r"{ '\1' {{ 'a\", r"{ '\1' {{ 'a\"),
            (r"{{ 'é\ü' }}{", r"{{ 'é\\ü' }}{"),
        ] {
            assert_eq!(doubled(text), result, "{text}");
        }
    }
}

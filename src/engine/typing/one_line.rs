//! Parameters written in one line, as older roles have them: `service: name=nginx state=started`.

use crate::resource::Kind;
use crate::text::Span;
use crate::value::{Key, Node, NodeKind};

/// Options that Ansible reads from a command's line.
const OF_COMMANDS: [&str; 6] = ["chdir", "creates", "executable", "removes", "stdin", "warn"];

/// The parameters of a line of `name=value`; `None` where it is no such line.
pub(super) fn parameters(kind: &Kind, line: &str, span: Span) -> Option<Vec<(Key, Node)>> {
    let pair = |word: &String| {
        let word = decoded(word);
        let (name, value) = word.split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_name.then(|| {
            let key = Key { name: name.to_owned(), span };
            (key, value_of(kind, name, unquoted(value), span))
        })
    };
    words(line)?.iter().map(pair).collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())
}

/// The first option in a command's line that Ansible would not give to the command.
pub(super) fn option_of_command(line: &str) -> Option<&'static str> {
    let words = words(line)?;
    let names = words.iter().filter_map(|word| word.split_once('=')).map(|(name, _)| name);
    names.into_iter().find_map(|name| OF_COMMANDS.iter().find(|option| **option == name).copied())
}

/// Text, or the boolean or number that the parameter takes.
fn value_of(kind: &Kind, name: &str, text: &str, span: Span) -> Node {
    let node = |kind| Node { kind, span, secret: false };
    let written = node(NodeKind::Str(text.to_owned()));
    if kind.check_literal(name, &written).is_ok() {
        return written;
    }
    let other = match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(NodeKind::Bool(true)),
        "no" | "false" | "off" => Some(NodeKind::Bool(false)),
        number => number.parse().ok().map(NodeKind::Int),
    };
    let other = other.map(node).filter(|other| kind.check_literal(name, other).is_ok());
    other.unwrap_or(written)
}

/// Words between blanks, as they are written. What stands in quotes or in a template's braces is
/// not taken apart, and a backslash keeps a quote from ending anything; `None` where one is open.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let (mut depth, mut before) = (0_usize, ' ');
    for char in line.chars() {
        match char {
            '{' | '%' | '#' if before == '{' => depth += 1,
            '}' if "}%#".contains(before) => depth = depth.saturating_sub(1),
            '"' | '\'' if before != '\\' => {
                quote = match quote {
                    None => Some(char),
                    Some(open) if open == char => None,
                    open => open,
                };
            }
            _ => {}
        }
        before = char;
        if char.is_whitespace() && quote.is_none() && depth == 0 {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        } else {
            word.push(char);
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    quote.is_none().then_some(words)
}

/// Python's escapes, as far as Ansible reads them here: each other backslash is text.
fn decoded(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else {
            text.push('\\');
            break;
        };
        let hex = |digits: usize| {
            let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
            Some((char::from_u32(code)?, digits + 1))
        };
        let found = match letter {
            '\\' | '\'' | '"' => Some((letter, 1)),
            'a' => Some(('\x07', 1)),
            'b' => Some(('\x08', 1)),
            'f' => Some(('\x0c', 1)),
            'n' => Some(('\n', 1)),
            'r' => Some(('\r', 1)),
            't' => Some(('\t', 1)),
            'v' => Some(('\x0b', 1)),
            'x' => hex(2),
            'u' => hex(4),
            'U' => hex(8),
            _ => None,
        };
        let (char, len) = found.unwrap_or(('\\', 0));
        text.push(char);
        rest = &rest[len..];
    }
    text + rest
}

/// Without the quotes around it.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let inner = inner('"').or_else(|| inner('\''));
    inner.filter(|inner| !inner.ends_with('\\')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::{decoded, option_of_command, unquoted, words};

    /// What ansible-core 2.19.14's `parse_kv` makes of these lines.
    #[test]
    fn a_line_is_taken_apart_as_ansible_does_it() {
        for (line, expected) in [
            ("name=a state=started", &["name=a", "state=started"][..]),
            ("src={{ a | default('b c') }} dest=/x", &["src={{ a | default('b c') }}", "dest=/x"]),
            ("line='a b'  mode=\"0644\"", &["line=a b", "mode=0644"]),
            (r#"content="a\nb" dest=/x"#, &["content=a\nb", "dest=/x"]),
            (r#"regexp='^a\\s' line="x \"y\"""#, &[r"regexp=^a\s", r#"line=x "y""#]),
            (r"regexp=^a\s+\d line=\x41\u00e9", &[r"regexp=^a\s+\d", "line=Aé"]),
            ("a='b'c d='e\" f'", &["a='b'c", "d=e\" f"]),
            ("a={% if x == 'y z' %}b{% endif %}", &["a={% if x == 'y z' %}b{% endif %}"]),
            ("", &[]),
        ] {
            let parts = words(line).unwrap().into_iter().map(|word| {
                let word = decoded(&word);
                let (name, value) = word.split_once('=').unwrap();
                format!("{name}={}", unquoted(value))
            });
            assert_eq!(parts.collect::<Vec<_>>(), expected, "{line}");
        }
        assert_eq!(words("a='b"), None);
        assert_eq!(option_of_command("touch /x creates=/x"), Some("creates"));
        assert_eq!(option_of_command("env A=b creates /x"), None);
    }
}

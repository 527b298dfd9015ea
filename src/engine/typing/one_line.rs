//! Parameters written in one line, as older roles have them: `service: name=nginx state=started`.

use crate::resource::Kind as ResourceKind;
use crate::text::Span;
use crate::value::{Key, Kind, Node};

/// Options that Ansible reads from a command's line.
const OF_COMMANDS: [&str; 6] = ["chdir", "creates", "executable", "removes", "stdin", "warn"];

/// The parameters of a line of `name=value`; `None` where it is no such line.
pub(super) fn parameters(kind: &ResourceKind, line: &str, span: Span) -> Option<Vec<(Key, Node)>> {
    let words = words(line);
    let pair = |word: &String| {
        let (name, value) = word.split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_name.then(|| {
            let key = Key { name: name.to_owned(), span };
            (key, value_of(kind, name, value, span))
        })
    };
    words.iter().map(pair).collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())
}

/// The first option in a command's line that Ansible would not give to the command.
pub(super) fn option_of_command(line: &str) -> Option<&'static str> {
    let words = words(line);
    let names = words.iter().filter_map(|word| word.split_once('=')).map(|(name, _)| name);
    names.into_iter().find_map(|name| OF_COMMANDS.iter().find(|option| **option == name).copied())
}

/// Text, or the boolean or number that the parameter takes.
fn value_of(kind: &ResourceKind, name: &str, text: &str, span: Span) -> Node {
    let node = |kind| Node { kind, span, secret: false };
    let written = node(Kind::Str(text.to_owned()));
    if kind.check_literal(name, &written).is_ok() {
        return written;
    }
    let other = match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(Kind::Bool(true)),
        "no" | "false" | "off" => Some(Kind::Bool(false)),
        number => number.parse().ok().map(Kind::Int),
    };
    let other = other.map(node).filter(|other| kind.check_literal(name, other).is_ok());
    other.unwrap_or(written)
}

/// Words between blanks; quotes are taken off, and an expression in braces is not taken apart.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut depth = 0_usize;
    for char in line.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (quote, char) {
            (Some(open), char) if char == open && depth == 0 => quote = None,
            (None, '"' | '\'') if depth == 0 => quote = Some(char),
            (None, char) if char.is_whitespace() && depth == 0 => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            (_, char) => word.push(char),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::{option_of_command, words};

    #[test]
    fn a_line_is_taken_apart_as_ansible_does_it() {
        for (line, expected) in [
            ("name=a state=started", &["name=a", "state=started"][..]),
            ("src={{ a | default('b c') }} dest=/x", &["src={{ a | default('b c') }}", "dest=/x"]),
            ("line='a b'  mode=\"0644\"", &["line=a b", "mode=0644"]),
            ("", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
        assert_eq!(option_of_command("touch /x creates=/x"), Some("creates"));
        assert_eq!(option_of_command("env A=b creates /x"), None);
    }
}

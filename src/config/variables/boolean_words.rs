//! `yes`, `no` and their like in a variable: text here, booleans to Ansible, so that a condition
//! on one would do the opposite without a word.

use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};

/// Adds an error for every word in a variable's value that Ansible reads as a boolean and this
/// program as text. In quotes a word is text to both.
pub(crate) fn refuse_boolean_words(value: &Node, errors: &mut Vec<Diagnostic>) {
    match &value.kind {
        NodeKind::Str(text) => {
            let error = meant(value, text).map(|is| refusal(value, text, is));
            // An alias repeats what its anchor names.
            errors.extend(error.filter(|error| !errors.contains(error)));
        }
        NodeKind::List(items) => items.iter().for_each(|item| refuse_boolean_words(item, errors)),
        NodeKind::Map(entries) => {
            entries.iter().for_each(|(_, node)| refuse_boolean_words(node, errors));
        }
        _ => {}
    }
}

/// What YAML 1.1 makes of a plain scalar, as PyYAML reads it (`Resolver`, `tag:yaml.org,2002:bool`):
/// `y` and `n` are text to it too. Only what stands there plainly covers no more than itself.
fn meant(value: &Node, text: &str) -> Option<bool> {
    let is = match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "True" | "TRUE" => true,
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "False" | "FALSE" => false,
        _ => return None,
    };
    (usize::try_from(value.span.len) == Ok(text.len())).then_some(is)
}

fn refusal(value: &Node, text: &str, is: bool) -> Diagnostic {
    let error = if value.secret {
        Diagnostic::new("a word that is text here and a boolean to Ansible")
            .help("write `true` or `false`, or the word in quotes if it is meant")
    } else {
        Diagnostic::new(format!("`{text}` is text here, and `{is}` to Ansible"))
            .help(format!("write `{is}`, or \"{text}\" in quotes if the word is meant"))
    };
    error.at(value.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;
    use crate::text::SourceId;

    fn refused(text: &str) -> Vec<String> {
        let node = yaml::parse(SourceId(0), text).unwrap();
        let mut errors = Vec::new();
        refuse_boolean_words(&node, &mut errors);
        let show = |error: &Diagnostic| {
            let span = error.span.unwrap();
            format!("{}:{} {}", span.line, span.column, error.message)
        };
        errors.iter().map(show).collect()
    }

    #[test]
    fn every_spelling_of_pyyaml_s_and_nothing_else() {
        for (is, words) in [
            ("true", ["yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE"]),
            ("false", ["no", "No", "NO", "off", "Off", "OFF", "False", "FALSE"]),
        ] {
            for word in words {
                let error = format!("`{word}` is text here, and `{is}` to Ansible");
                assert_eq!(refused(&format!("a: {word}")), [format!("1:4 {error}")]);
                assert_eq!(refused(&format!("&x {word}")), [format!("1:4 {error}")]);
                assert_eq!(
                    refused(&format!("a: [1, {{b: {word}}}]\nc:\n- {word} # why")),
                    [format!("1:12 {error}"), format!("3:3 {error}")]
                );
                for text in [
                    format!("\"{word}\""),
                    format!("'{word}'"),
                    format!("|-\n  {word}"),
                    format!(">\n  {word}"),
                    format!(">-\n  {word}\n"),
                    format!("!!str {word}"),
                    format!("! {word}"),
                    format!("!unsafe {word}"),
                    format!("{word} more"),
                    format!("x{word}"),
                ] {
                    assert_eq!(refused(&format!("a: {text}")), [""; 0], "{text}");
                }
            }
        }
        for text in ["true", "false", "y", "n", "Y", "N", "yEs", "nO", "~", "{yes: 1}"] {
            assert_eq!(refused(text), [""; 0], "{text}");
        }
    }
}

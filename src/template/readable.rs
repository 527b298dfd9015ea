//! A text as the parser is to read it, and what it ends with: what Ansible does around Jinja.

use super::backslash;
use super::header::{self, Header};
use super::place::Place;
use super::program::Form;
use crate::text::Diagnostic;
use minijinja::syntax::SyntaxConfig;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A text, ready for the parser.
pub(super) struct Readable<'t> {
    pub(super) text: Cow<'t, str>,
    /// Lines before it: a header's.
    pub(super) skipped: u32,
    pub(super) syntax: SyntaxConfig,
    pub(super) ending: Ending,
}

/// How the text that is written ends: the parser drops one line break at a template's end, and
/// Ansible gives back those that are missing then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending(usize);

/// Ansible's: the line break after a block is dropped, and one at the end of the text.
pub(super) static SYNTAX: LazyLock<SyntaxConfig> = LazyLock::new(|| {
    let mut builder = SyntaxConfig::builder();
    builder.trim_blocks(true);
    builder.build().unwrap_or_default()
});

impl<'t> Readable<'t> {
    /// # Errors
    /// A header that asks for what does not exist here.
    pub(super) fn of(form: Form, text: &'t str, place: Place) -> Result<Self, Diagnostic> {
        let ending = Ending(at_end(text));
        let plain = |text| Readable { text, skipped: 0, syntax: SYNTAX.clone(), ending };
        match form {
            Form::Expression => Ok(plain(Cow::Borrowed(text))),
            Form::Text => Ok(plain(kept_after_raw(one_line_break(backslash::doubled(text))))),
            Form::File => match header::split(text, place)? {
                None => Ok(plain(kept_after_raw(one_line_break(Cow::Borrowed(text))))),
                Some((Header { syntax, line_break }, body)) => {
                    let mut text = one_line_break(Cow::Borrowed(body));
                    if syntax.trim_blocks() {
                        text = kept_after_raw(text);
                    }
                    if line_break != "\n" {
                        text = Cow::Owned(text.replace('\n', line_break));
                    }
                    Ok(Self { text, skipped: 1, syntax, ending })
                }
            },
        }
    }
}

impl Ending {
    /// The rendered text with the line breaks that it lacks.
    pub(super) fn restored(self, mut rendered: String) -> String {
        rendered.extend(std::iter::repeat_n('\n', self.0.saturating_sub(at_end(&rendered))));
        rendered
    }
}

fn at_end(text: &str) -> usize {
    text.len() - text.trim_end_matches('\n').len()
}

/// Jinja reads every kind of line break as one.
fn one_line_break(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    }
}

/// In Jinja the line break after `{% raw %}` is text, which the parser would drop. `+` keeps it,
/// in place of a blank, so that everything stays where it is.
fn kept_after_raw(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut rest: &str = &text;
    while let Some(at) = rest.find("{%") {
        let Some(len) = rest[at + 2..].find("%}").map(|len| len + 2) else { break };
        let (tag, after) = (&rest[at + 2..at + len], &rest[at + len..]);
        let is_raw = tag.trim_start_matches(['-', '+']).trim() == "raw";
        if is_raw && after.starts_with("%}\n") {
            kept.push_str(&rest[..at + 2]);
            kept.push_str(tag.strip_suffix(' ').unwrap_or(tag));
            kept.push('+');
        } else {
            kept.push_str(&rest[..at + len]);
        }
        rest = after;
    }
    if kept.is_empty() { text } else { Cow::Owned(kept + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_break_after_raw_is_text() {
        let kept = |text| kept_after_raw(Cow::Borrowed(text)).into_owned();
        assert_eq!(kept("a{%- raw %}\nb{% endraw %}\n"), "a{%- raw+%}\nb{% endraw %}\n");
        assert_eq!(kept("{%raw%}\n{% x"), "{%raw+%}\n{% x");
        for same in ["{%}", "{% raw %}a", "{% raw -%}\na", "{% if raw %}\na", "a"] {
            assert_eq!(kept(same), same);
        }
    }
}

//! How deep a text nests, measured before it is parsed: the parser, and whoever walks what it makes,
//! call themselves for every level, and a process whose stack ends is gone without a word.

use super::place::Place;
use super::program::Form;
use super::readable::Readable;
use super::survey::range;
use crate::text::Diagnostic;
use minijinja::machinery::{Token, Tokenizer};

/// The deepest that is read, in links. In a test build a link takes 2 KiB of stack and the least
/// stack that a thread has is 2 MiB; `templates.rs` keeps the other half free.
const MOST: usize = 500;
/// What a bracket takes, in links.
const BRACKET: usize = 12;
/// What a block takes.
const BLOCK: usize = 6;
/// What an `elif` takes.
const ALTERNATIVE: usize = 2;

/// Refuses what nests too deep, at the place where it does.
pub(super) fn check(form: Form, readable: &Readable<'_>, place: Place) -> Result<(), Diagnostic> {
    let text = &*readable.text;
    let in_expression = form == Form::Expression;
    let mut tokens = Tokenizer::new(text, "", in_expression, readable.syntax.clone());
    let mut depth = Depth::default();
    // What cannot be read, the parser says.
    while let Ok(Some((token, span))) = tokens.next_token() {
        depth.take(&token);
        if depth.now() > MOST {
            return Err(Diagnostic::new("this nests deeper than a template may")
                .at(place.after(readable.skipped).span(text, range(span)))
                .help(depth.way_out()));
        }
    }
    Ok(())
}

/// Where in the text one is.
#[derive(Default)]
struct Depth {
    /// The open blocks, and what their `elif`s take.
    blocks: Vec<usize>,
    /// The expression in hand, and what is in its open brackets.
    levels: Vec<Level>,
    /// The next word says what the statement is.
    begins: bool,
    /// A `set` that has a block unless a `=` comes.
    is_set: bool,
}

/// Between two brackets.
#[derive(Default)]
struct Level {
    /// Operators since the last comma: each takes the ones before it as its value.
    links: usize,
    /// The deepest bracket that was closed since.
    below: usize,
    /// The deepest before that.
    before: usize,
}

impl Level {
    const fn in_hand(&self) -> usize {
        self.links + self.below
    }
}

impl Depth {
    fn now(&self) -> usize {
        let blocks: usize = self.blocks.iter().sum();
        let levels: usize = self.levels.iter().map(Level::in_hand).sum();
        blocks + levels + BRACKET * self.levels.len().saturating_sub(1)
    }

    const fn way_out(&self) -> &'static str {
        if self.blocks.len() * BLOCK > MOST / 2 {
            "make a macro of the inner blocks, or write them as several tasks"
        } else {
            "give parts of it names, with `{% set … %}` or as variables, and write those together"
        }
    }

    fn take(&mut self, token: &Token<'_>) {
        let begins = std::mem::take(&mut self.begins);
        match token {
            Token::TemplateData(_) => {}
            Token::VariableStart | Token::BlockStart => {
                self.levels = vec![Level::default()];
                self.begins = matches!(token, Token::BlockStart);
                self.is_set = false;
            }
            Token::VariableEnd | Token::BlockEnd => self.levels.clear(),
            Token::Ident(word) if begins => self.statement(word),
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                self.levels.push(Level::default());
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => self.close(),
            Token::Comma | Token::Colon => {
                let level = self.level();
                level.before = level.before.max(level.in_hand());
                (level.links, level.below) = (0, 0);
            }
            Token::Assign if self.is_set && self.levels.len() == 1 => {
                self.is_set = false;
                self.blocks.pop();
            }
            Token::Ident("not" | "and" | "or" | "is" | "in" | "if" | "else") => {
                self.level().links += 1;
            }
            Token::Ident(_)
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_) => {}
            _ => self.level().links += 1,
        }
    }

    fn statement(&mut self, word: &str) {
        match word {
            "set" => {
                self.is_set = true;
                self.blocks.push(BLOCK);
            }
            "if" | "for" | "with" | "autoescape" | "filter" | "block" | "macro" | "call" => {
                self.blocks.push(BLOCK);
            }
            "elif" => self.blocks.last_mut().into_iter().for_each(|block| *block += ALTERNATIVE),
            _ if word.starts_with("end") => drop(self.blocks.pop()),
            _ => {}
        }
    }

    fn close(&mut self) {
        let Some(closed) = self.levels.pop() else { return };
        let inside = BRACKET + closed.before.max(closed.in_hand());
        let level = self.level();
        level.below = level.below.max(inside);
        level.links += 1;
    }

    /// The level in hand; an expression that stands alone begins one.
    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Scope, Templates};
    use crate::text::{SourceId, Span};
    use crate::value::Value;
    use std::sync::Arc;

    const SPAN: Span = Span { source: SourceId(0), line: 1, column: 1, len: 0 };

    /// Variables `v0` to `v38`, each naming the next; the last has a text of its own.
    #[derive(Clone)]
    struct Chain {
        macros: bool,
        last: String,
    }

    impl Scope for Chain {
        fn lookup(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
            let Some(number) = name.strip_prefix('v') else { return Ok(None) };
            let next = format!("v{}", number.parse::<u32>().unwrap() + 1);
            let text = match (next.as_str(), self.macros) {
                ("v39", _) => self.last.clone(),
                (_, true) => format!(
                    "{{% macro m(n) %}}{{% if n > 0 %}}{{{{ m(n - 1) }}}}{{% else %}}\
                     {{{{ {next} }}}}{{% endif %}}{{% endmacro %}}{{{{ m(90) }}}}"
                ),
                (_, false) => format!("x{{{{ {next} }}}}"),
            };
            let scope: Arc<dyn Scope> = Arc::new(self.clone());
            Templates::new().text(&text, SPAN, &scope).map(Some)
        }

        fn names(&self) -> Vec<String> {
            Vec::new()
        }
    }

    fn checked(form: Form, text: &str) -> Result<(), Diagnostic> {
        let place = if form == Form::File { Place::File(SourceId(0)) } else { Place::Scalar(SPAN) };
        check(form, &Readable::of(form, text, place).unwrap(), place)
    }

    #[test]
    fn what_is_long_but_not_deep_is_read() {
        let many = |part: &str| part.repeat(3000);
        for flat in [
            format!("{{{{ [{}] }}}}", many("a.b + 1, ")),
            format!("{{{{ {{{}}} }}}}", many("'a': [b | int], ")),
            many("{{ a | int }}"),
            many("{% if a %}{% elif b %}{% else %}{% endif %}"),
            many("{% set a = 1 %}"),
            many("{% set a %}1{% endset %}"),
            format!("{{{{ f({}) }}}}", many("a=b, ")),
            format!("{{% raw %}}{}{{% endraw %}}", many("{{ (")),
        ] {
            checked(Form::File, &flat).unwrap();
        }
    }

    #[test]
    fn what_is_deep_is_refused_where_it_is_too_deep() {
        let deep = |open: &str, close: &str| format!("\n{}{}", open.repeat(600), close.repeat(600));
        for text in [
            deep("{% if a %}", "{% endif %}"),
            deep("{% set a %}", "{% endset %}"),
            format!("\n{{% if a %}}{}{{% endif %}}", "{% elif b %}".repeat(600)),
            format!("\n{{{{ {}1 }}}}", "- ".repeat(600)),
            format!("\n{{{{ 1{} }}}}", " | int".repeat(600)),
            format!("\n{{{{ 1{} }}}}", "[0]".repeat(600)),
            format!("\n{{{{ {}1 }}}}", "a if b else ".repeat(600)),
            format!("\n{{{{ {}1{} }}}}", "(".repeat(100), ")".repeat(100)),
            format!("\n{{{{ ({}1){} }}}}", "- ".repeat(300), " | int".repeat(300)),
        ] {
            let error = checked(Form::File, &text).unwrap_err();
            let span = error.span.unwrap();
            assert!(span.line == 2 && span.column > 40 && error.help.is_some(), "{error}");
        }
        assert!(checked(Form::Expression, &format!("{}a", "not ".repeat(600))).is_err());
    }

    /// The deepest of each kind that is read, below variables and macros as deep as may be.
    #[test]
    fn nothing_that_is_read_ends_the_stack() {
        let nested = |open: &str, inside: &str, close: &str, by: usize| {
            format!("{}{inside}{}", open.repeat(MOST / by), close.repeat(MOST / by))
        };
        let deepest = [
            nested("{% if 1 %}", "", "{% endif %}", BLOCK + 1),
            nested("{% for a in [1] %}", "", "{% endfor %}", BLOCK + 2),
            format!("{{% if 0 %}}{}{{% endif %}}", "{% elif not 1 %}".repeat(240)),
            format!("{{{{ {} }}}}", nested("- ", "1", "", 1)),
            format!("{{{{ 1{} }}}}", " | int".repeat(MOST)),
            format!("{{{{ 1{} }}}}", " is sameas 1".repeat(MOST)),
            format!("{{{{ 1{} }}}}", " ~ 1".repeat(MOST)),
            format!("{{{{ {}1 }}}}", "1 if 0 else ".repeat(240)),
            format!("{{{{ {} }}}}", nested("[", "1", "]", BRACKET + 1)),
            format!("{{{{ {} }}}}", nested("(", "1", ",)", BRACKET + 1)),
            format!("{{{{ {} }}}}", nested("{1: ", "1", "}", BRACKET + 1)),
            format!("{{{{ {} }}}}", nested("dict(a=", "1", ")", BRACKET + 3)),
        ];
        for (at, text) in deepest.iter().enumerate() {
            checked(Form::Text, text).unwrap_or_else(|error| panic!("{at}: {error}"));
            for macros in [false, true] {
                let scope: Arc<dyn Scope> = Arc::new(Chain { macros, last: text.clone() });
                let run = move || drop(Templates::new().text("{{ v0 }}", SPAN, &scope));
                std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
            }
        }
    }
}

//! What can never work in a template, found before it is rendered: an include, a filter that
//! does not exist, a bad regular expression.

use super::environment;
use super::filters::pattern::{Flags, Pattern};
use super::names::bare;
use super::place::Place;
use super::survey::{Survey, range};
use crate::text::{Diagnostic, Lack, nearest, pattern_hint};
use minijinja::machinery::ast::{CallArg, Expr};
use std::ops::Range;

/// What can never work, by byte range.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) lack: Option<Lack>,
}

impl Mistake {
    /// As people read it.
    pub(super) fn diagnostic(&self, text: &str, place: Place) -> Diagnostic {
        let mut diagnostic =
            Diagnostic::new(self.message.clone()).at(place.span(text, self.range.clone()));
        diagnostic.help.clone_from(&self.help);
        match &self.lack {
            Some(lack) => diagnostic.lacks(lack.clone()),
            None => diagnostic,
        }
    }
}

/// Python's methods that a value does not have here, whatever it is, and what to use instead.
const METHODS: [(&str, &str); 24] = [
    ("append", "write `{% set list = list + [ITEM] %}`"),
    ("casefold", "use the filter `lower`"),
    ("center", "use the filter `center(WIDTH)`"),
    ("clear", "write `{% set list = [] %}`"),
    ("decode", "a text is no bytes; leave it out"),
    ("encode", "a text is no bytes; leave it out, or use `b64encode`"),
    ("expandtabs", "use the filter `replace`"),
    ("extend", "write `{% set list = list + OTHERS %}`"),
    ("format_map", "use `'%(name)s' | format(name=VALUE)`"),
    ("index", "use `.find(PART)` on a text"),
    ("insert", "write `{% set list = [ITEM] + list %}`"),
    ("istitle", "use the test `match`"),
    ("ljust", "use `'%-10s' | format(VALUE)`"),
    ("partition", "use `.split(SEPARATOR, 1)`"),
    ("pop", "use the filters `first` and `last`, or `list[1:]`"),
    ("removeprefix", "use the filter `regex_replace('^PREFIX', '')`"),
    ("removesuffix", "use the filter `regex_replace('SUFFIX$', '')`"),
    ("rindex", "use `.rfind(PART)`"),
    ("rjust", "use `'%10s' | format(VALUE)`"),
    ("rsplit", "use `.split(SEPARATOR)`, or the filter `regex_replace`"),
    ("swapcase", "use the filters `upper` and `lower`"),
    ("translate", "use the filter `replace`"),
    ("update", "use the filter `combine`"),
    ("zfill", "use `'%05d' | format(NUMBER)`"),
];

impl Survey {
    /// A method of Python's that no value has here.
    pub(super) fn known_method(&mut self, name: &str, range: Range<usize>) {
        if let Some((_, instead)) = METHODS.iter().find(|(method, _)| *method == name) {
            let message = format!("there is no method `.{name}()`");
            self.mistake(range, message, Some((*instead).to_owned()));
        }
    }

    pub(super) fn refuse_loading(&mut self, word: &str, range: Range<usize>) {
        self.mistake(
            range,
            format!("`{word}` is not supported: a template stands alone"),
            Some("write the shared part as a variable or a macro in this file".to_owned()),
        );
    }

    pub(super) fn mistake(&mut self, range: Range<usize>, message: String, help: Option<String>) {
        self.mistakes.push(Mistake { range, message, help, lack: None });
    }

    /// Something that is asked for and not there: why, or what was meant.
    pub(super) fn lacks(
        &mut self,
        range: Range<usize>,
        lack: Lack,
        why: Option<&str>,
        known: impl IntoIterator<Item = &'static str>,
    ) {
        let (kind, name) = (lack.kind(), lack.name());
        let called =
            if kind == "function" { format!("`{name}()`") } else { format!("{kind} `{name}`") };
        let (message, help) = match why {
            Some(why) => match why.split_once("; ") {
                Some((why, instead)) => {
                    (format!("there is no {called}: {why}"), Some(instead.to_owned()))
                }
                None => (format!("there is no {called}"), Some(why.to_owned())),
            },
            None => {
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "write it as Jinja or Ansible does; not every {kind} of theirs is here"
                    ),
                };
                (format!("unknown {kind} `{name}`"), Some(help))
            }
        };
        self.mistakes.push(Mistake { range, message, help, lack: Some(lack) });
    }

    pub(super) fn known_function(&mut self, name: &str, range: Range<usize>) {
        let why = environment::refused_function(name);
        if why.is_some() || !environment::is_global(name) {
            let known = environment::GLOBALS.iter().copied();
            self.lacks(range, Lack::Function(name.to_owned()), why, known);
        }
    }

    pub(super) fn known_filter(&mut self, name: &str, range: &Range<usize>) {
        let why = environment::refused_filter(name);
        if why.is_some() || !environment::has_filter(name) {
            let known = environment::filter_names();
            self.lacks(range.clone(), Lack::Filter(name.to_owned()), why, known);
        }
    }

    pub(super) fn known_test(&mut self, name: &str, range: &Range<usize>) {
        let why = environment::refused_test(name);
        if why.is_some() || !environment::has_test(name) {
            let known = environment::test_names();
            self.lacks(range.clone(), Lack::Test(name.to_owned()), why, known);
        }
    }

    /// Python's `'…' % values`: here `%` is of numbers.
    pub(super) fn filled_text(&mut self, left: &Expr<'_>) {
        if let Expr::Const(text) = left
            && text.value.as_str().is_some()
        {
            let message = "`%` does not put values into a text".to_owned();
            let help = "write `'…' | format(VALUE, …)`".to_owned();
            self.mistake(range(text.span()), message, Some(help));
        }
    }

    /// A regular expression that is written out is tried at once.
    pub(super) fn pattern(&mut self, name: &str, args: &[CallArg<'_>]) {
        let takes = matches!(
            bare(name),
            "regex_replace" | "regex_search" | "regex_findall" | "match" | "search" | "regex"
        );
        let Some(CallArg::Pos(Expr::Const(pattern))) = args.first() else { return };
        if let (true, Some(text)) = (takes, pattern.value.as_str())
            && let Err(error) = Pattern::of(text, Flags::default(), "")
        {
            let message = error.detail().unwrap_or("bad regular expression").to_owned();
            let help = pattern_hint(&message).to_owned();
            self.mistake(range(pattern.span()), message, Some(help));
        }
    }
}

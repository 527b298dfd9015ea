//! What can never work in a template, found before it is rendered: an include, a filter that
//! does not exist, a bad regular expression.

use super::names::bare;
use super::survey::{Survey, range};
use super::{environment, filters};
use crate::text::nearest;
use minijinja::machinery::ast::{CallArg, Expr};
use std::ops::Range;

/// What can never work, by byte range.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Survey {
    pub(super) fn refuse_loading(&mut self, word: &str, range: Range<usize>) {
        self.mistake(
            range,
            format!("`{word}` is not supported: a template stands alone"),
            Some("write the shared part as a variable or a macro in this file".to_owned()),
        );
    }

    fn mistake(&mut self, range: Range<usize>, message: String, help: Option<String>) {
        self.mistakes.push(Mistake { range, message, help });
    }

    pub(super) fn known_function(&mut self, name: &str, range: Range<usize>) {
        if let Some(why) = environment::refused_function(name) {
            self.mistake(range, format!("there is no `{name}()`: {why}"), None);
        } else if !environment::is_global(name) {
            let help = nearest(name, environment::GLOBALS.iter().copied());
            let help = help.map(|near| format!("did you mean `{near}`?"));
            self.mistake(range, format!("unknown function `{name}`"), help);
        }
    }

    pub(super) fn known_filter(&mut self, name: &str, range: &Range<usize>) {
        if let Some(why) = environment::refused_filter(name) {
            self.mistake(range.clone(), format!("there is no filter `{name}`: {why}"), None);
        } else if !environment::has_filter(name) {
            let help = nearest(name, environment::filter_names());
            let help = help.map(|near| format!("did you mean `{near}`?"));
            self.mistake(range.clone(), format!("unknown filter `{name}`"), help);
        }
    }

    pub(super) fn known_test(&mut self, name: &str, range: &Range<usize>) {
        if let Some(why) = environment::refused_test(name) {
            self.mistake(range.clone(), format!("there is no test `{name}`: {why}"), None);
        } else if !environment::has_test(name) {
            let help = nearest(name, environment::test_names());
            let help = help.map(|near| format!("did you mean `{near}`?"));
            self.mistake(range.clone(), format!("unknown test `{name}`"), help);
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
            && let Err(error) = filters::regex::compile(text, filters::regex::Flags::default())
        {
            let message = error.detail().unwrap_or("bad regular expression").to_owned();
            self.mistake(range(pattern.span()), message, None);
        }
    }
}

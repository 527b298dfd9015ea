//! Regular expressions as Python reads them: by the `regex` crate, in time that grows with the text
//! alone; those that look around or back by one that goes back, within bounds.

use super::invalid;
use crate::text::{pattern_size, pattern_too_large, shortened};
use minijinja::Error;
use minijinja::value::Kwargs;
use regex::RegexBuilder;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Compiled expressions that are kept; beyond it all are dropped and made anew.
const KEPT: usize = 500;

/// How often an expression that looks around may go back in one search.
const MAX_BACKTRACKS: usize = 100_000;

/// The longest text that such an expression is tried on, in bytes: each look may read all of it.
const MAX_TEXT: usize = 64 << 10;

/// By expression, flags, whether `$` is an early end, and the largest program. What cannot be read
/// is kept too: to find a program too large is to make it.
type Cache = Mutex<HashMap<(String, Flags, bool, usize), Result<Arc<Pattern>, String>>>;

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// How to read an expression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(in crate::template) struct Flags {
    pub(in crate::template) ignore_case: bool,
    pub(in crate::template) multiline: bool,
}

impl Flags {
    /// Takes `ignorecase` and `multiline`, given by position or by name.
    pub(in crate::template) fn of(
        ignore_case: Option<bool>,
        multiline: Option<bool>,
        kwargs: &Kwargs,
    ) -> Result<Self, Error> {
        Ok(Self {
            ignore_case: ignore_case.or(kwargs.get("ignorecase")?).unwrap_or(false),
            multiline: multiline.or(kwargs.get("multiline")?).unwrap_or(false),
        })
    }
}

/// A compiled expression.
pub(in crate::template) enum Pattern {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

/// One match: its groups' places, the whole first.
pub(in crate::template) struct Found<'t> {
    text: &'t str,
    groups: Vec<Option<Range<usize>>>,
}

impl<'t> Found<'t> {
    /// Where the whole match stands.
    pub(super) fn whole(&self) -> Range<usize> {
        self.groups.first().cloned().flatten().unwrap_or_default()
    }

    /// A group's text; nothing where it took no part.
    pub(super) fn group(&self, number: usize) -> &'t str {
        let place = self.groups.get(number).cloned().flatten();
        place.and_then(|place| self.text.get(place)).unwrap_or_default()
    }

    /// How many groups there are, the whole counted.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }
}

impl Pattern {
    /// Compiles an expression to be tried on this text.
    pub(in crate::template) fn of(
        pattern: &str,
        flags: Flags,
        text: &str,
    ) -> Result<Arc<Self>, Error> {
        // To Python `$` is also the place before a line's end that ends the text.
        let early_end = text.ends_with('\n') && !flags.multiline && pattern.contains('$');
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (pattern.to_owned(), flags, early_end, pattern_size(text.len()));
        let kept = cache.get(&key).cloned();
        // Shared, not cloned: a clone would start without the memory that matching has made.
        let compiled = kept.unwrap_or_else(|| {
            let size = text.len();
            let compiled = Self::compile(&from_python(pattern, early_end), flags, size);
            if cache.len() >= KEPT {
                cache.clear();
            }
            let compiled = compiled.map(Arc::new);
            cache.insert(key, compiled.clone());
            compiled
        });
        compiled.map_err(invalid)
    }

    fn compile(pattern: &str, flags: Flags, text: usize) -> Result<Self, String> {
        let size = pattern_size(text);
        let linear = RegexBuilder::new(pattern)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multiline)
            .size_limit(size)
            .build();
        let error = match linear {
            Ok(regex) => return Ok(Self::Linear(regex)),
            Err(error) => error,
        };
        if matches!(error, regex::Error::CompiledTooBig(_)) {
            let why = pattern_too_large(text);
            return Err(format!(
                "the regular expression `{}` takes too long: {why}",
                shortened(pattern)
            ));
        }
        let why = words(&error);
        if !["look-around", "backreferences", "unrecognized flag"].iter().any(|w| why.contains(w)) {
            return Err(why);
        }
        fancy_regex::RegexBuilder::new(pattern)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multiline)
            .backtrack_limit(MAX_BACKTRACKS)
            .delegate_size_limit(size)
            .max_prog_size(size >> 6)
            .build()
            .map(Self::Backtracking)
            .map_err(|error| format!("bad regular expression: {error}"))
    }

    /// The first match at or behind a place.
    pub(super) fn find_at<'t>(&self, text: &'t str, at: usize) -> Result<Option<Found<'t>>, Error> {
        let groups = match self {
            Self::Linear(regex) => regex
                .captures_at(text, at)
                .map(|found| found.iter().map(|group| group.map(|group| group.range())).collect()),
            Self::Backtracking(regex) => {
                bounded(text)?;
                let found = regex.captures_from_pos(text, at).map_err(|_| too_often())?;
                found.map(|found| {
                    found.iter().map(|group| group.map(|group| group.range())).collect()
                })
            }
        };
        Ok(groups.map(|groups| Found { text, groups }))
    }

    /// Whether it matches anywhere.
    pub(in crate::template) fn is_in(&self, text: &str) -> Result<bool, Error> {
        match self {
            Self::Linear(regex) => Ok(regex.is_match(text)),
            Self::Backtracking(regex) => {
                bounded(text)?;
                regex.is_match(text).map_err(|_| too_often())
            }
        }
    }

    /// How many groups it has, the whole counted.
    pub(super) fn groups(&self) -> usize {
        match self {
            Self::Linear(regex) => regex.captures_len(),
            Self::Backtracking(regex) => regex.captures_len(),
        }
    }

    /// A named group's number.
    pub(super) fn group_of_name(&self, name: &str) -> Option<usize> {
        let is = |group: Option<&str>| group == Some(name);
        match self {
            Self::Linear(regex) => regex.capture_names().position(is),
            Self::Backtracking(regex) => regex.capture_names().position(is),
        }
    }
}

fn bounded(text: &str) -> Result<(), Error> {
    if text.len() <= MAX_TEXT {
        return Ok(());
    }
    Err(invalid(format!(
        "a regular expression that looks around or back is tried on texts of {} KiB at most; split \
         it into lines first",
        MAX_TEXT >> 10
    )))
}

fn too_often() -> Error {
    invalid(format!(
        "the regular expression goes back more than {MAX_BACKTRACKS} times; write it so that fewer \
         of its repetitions can match the same text"
    ))
}

/// An expression with what the crate reads otherwise than Python, or not at all, written so that it
/// means the same: `\Z`, `\<`, a `{` that repeats nothing, `[`, `&` and `~` in a class; and `$` where
/// the text ends in a line's end.
fn from_python(pattern: &str, early_end: bool) -> String {
    // Where the expression itself says that `$` is every line's end, it stays so.
    let early_end = early_end && !sets_multiline(pattern);
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut letters = pattern.char_indices();
    while let Some((at, letter)) = letters.next() {
        let rest = &pattern[at + letter.len_utf8()..];
        match letter {
            '\\' => match letters.next() {
                Some((_, 'Z')) => out.push_str(r"\z"),
                Some((_, mark @ ('<' | '>'))) => out.push(mark),
                Some((_, other)) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                // A bracket that comes first stands for itself.
                let first = if rest.starts_with('^') { "^]" } else { "]" };
                if rest.starts_with(first) {
                    letters.nth(first.len() - 1);
                    out.push_str(if first == "]" { r"\]" } else { r"^\]" });
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '$' if early_end && !in_class => out.push_str(r"(?=\n?\z)"),
            '[' | '&' | '~' if in_class => out.extend(['\\', letter]),
            '{' if !in_class && !repeats(rest) => out.push_str(r"\{"),
            other => out.push(other),
        }
    }
    out
}

/// Whether it has a flag `m` in itself: `(?m)`, `(?im:…)`.
fn sets_multiline(pattern: &str) -> bool {
    let flags = |rest: &str| -> bool {
        let letters = rest.split(|letter: char| !letter.is_ascii_lowercase()).next();
        letters.is_some_and(|letters| letters.contains('m'))
    };
    pattern.split("(?").skip(1).any(flags)
}

/// Whether what follows a `{` makes it a repetition: `3}`, `3,}`, `3,5}` or `,5}`.
fn repeats(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    inside.bytes().any(|byte| byte.is_ascii_digit())
        && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && inside.matches(',').count() <= 1
}

/// The cause in one line; the crate draws a picture of several.
fn words(error: &regex::Error) -> String {
    let text = error.to_string();
    let cause = text.lines().last().unwrap_or(&text).trim();
    format!("bad regular expression: {}", cause.strip_prefix("error: ").unwrap_or(cause))
}

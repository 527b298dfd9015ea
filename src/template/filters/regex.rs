//! Regular expressions: Python's syntax as far as the `regex` crate has it.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest};
use minijinja::{Error, Value};
use regex::{Captures, Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Compiled expressions that are kept; beyond it all are dropped and made anew.
const KEPT: usize = 500;

type Cache = Mutex<HashMap<(String, Flags), Arc<Regex>>>;

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// How to read an expression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(in crate::template) struct Flags {
    pub(in crate::template) ignore_case: bool,
    pub(in crate::template) multiline: bool,
}

impl Flags {
    /// Takes `ignorecase` and `multiline` from named arguments.
    pub(in crate::template) fn of(kwargs: &Kwargs) -> Result<Self, Error> {
        Ok(Self {
            ignore_case: kwargs.get::<Option<bool>>("ignorecase")?.unwrap_or(false),
            multiline: kwargs.get::<Option<bool>>("multiline")?.unwrap_or(false),
        })
    }
}

/// Compiles an expression of Python's syntax.
pub(in crate::template) fn compile(pattern: &str, flags: Flags) -> Result<Arc<Regex>, Error> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (pattern.to_owned(), flags);
    if let Some(regex) = cache.get(&key) {
        return Ok(regex.clone());
    }
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look)) {
        return Err(invalid(
            "the regular expression looks around (`(?=`, `(?!`, `(?<=`, `(?<!`), which is not \
             supported; capture the surroundings in a group instead",
        ));
    }
    let regex = RegexBuilder::new(&pattern.replace(r"\Z", r"\z"))
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multiline)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| invalid(words(&error)))?;
    // Shared, not cloned: a clone would start without the memory that matching has made.
    let regex = Arc::new(regex);
    if cache.len() >= KEPT {
        cache.clear();
    }
    cache.insert(key, regex.clone());
    Ok(regex)
}

/// The cause in one line; the crate draws a picture of several.
fn words(error: &regex::Error) -> String {
    let text = error.to_string();
    let cause = text.lines().last().unwrap_or(&text).trim();
    format!("bad regular expression: {}", cause.strip_prefix("error: ").unwrap_or(cause))
}

pub(super) fn register(to: &mut Registry) {
    to.filter("regex_escape", escape);
    to.filter("regex_findall", find_all);
    to.filter("regex_replace", replace);
    to.filter("regex_search", search);
}

/// Every match replaced; `\1` and `\g<name>` stand for groups.
fn replace(
    value: &Value,
    pattern: Option<&str>,
    replacement: Option<&str>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let pattern = pattern.or(kwargs.get("pattern")?).unwrap_or("");
    let replacement = replacement.or(kwargs.get("replacement")?).unwrap_or("");
    let count = kwargs.get::<Option<usize>>("count")?.unwrap_or(0);
    let mandatory = kwargs.get::<Option<usize>>("mandatory_count")?.unwrap_or(0);
    let regex = compile(pattern, Flags::of(&kwargs)?)?;
    kwargs.assert_all_used()?;
    let value = text(value)?;
    let pieces = Piece::parse(replacement, &regex)?;
    let mut made = 0;
    let result = regex.replacen(&value, count, |found: &Captures<'_>| {
        made += 1;
        Piece::fill(&pieces, found)
    });
    if made < mandatory {
        return Err(invalid(format!(
            "`regex_replace` made {made} replacements, {mandatory} are mandatory"
        )));
    }
    Ok(result.into_owned())
}

/// A part of a replacement.
enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

impl Piece {
    fn parse(replacement: &str, regex: &Regex) -> Result<Vec<Self>, Error> {
        if let Some(octal) = replacement.chars().find(|letter| ('\u{1}'..='\u{7}').contains(letter))
        {
            // `'\1'` is the character number 1: the template takes the backslash.
            let group = u32::from(octal);
            return Err(invalid(format!(
                "the group was written `\\{group}`, which is a control character in a template; \
                 write `\\\\{group}`"
            )));
        }
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = replacement;
        while let Some(at) = rest.find('\\') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
            let piece = if digits > 0 {
                let (number, after) = rest.split_at(digits);
                rest = after;
                Some(Self::Group(number.parse().unwrap_or(usize::MAX)))
            } else if let Some((name, after)) =
                rest.strip_prefix("g<").and_then(|rest| rest.split_once('>'))
            {
                rest = after;
                Some(name.parse().map_or_else(|_| Self::Named(name.to_owned()), Self::Group))
            } else {
                let next = rest.chars().next();
                literal.push_str(match next {
                    Some('n') => "\n",
                    Some('t') => "\t",
                    Some('r') => "\r",
                    Some('\\') | None => "\\",
                    Some(_) => &rest[..0],
                });
                if let Some(other) = next {
                    if !matches!(other, 'n' | 't' | 'r' | '\\') {
                        literal.push('\\');
                        literal.push(other);
                    }
                    rest = &rest[other.len_utf8()..];
                }
                None
            };
            if let Some(piece) = piece {
                piece.exists_in(regex)?;
                pieces.push(Self::Text(std::mem::take(&mut literal)));
                pieces.push(piece);
            }
        }
        literal.push_str(rest);
        pieces.push(Self::Text(literal));
        Ok(pieces)
    }

    fn exists_in(&self, regex: &Regex) -> Result<(), Error> {
        let missing = match self {
            Self::Text(_) => return Ok(()),
            Self::Group(number) if *number < regex.captures_len() => return Ok(()),
            Self::Named(name) if regex.capture_names().flatten().any(|n| n == name) => {
                return Ok(());
            }
            Self::Group(number) => number.to_string(),
            Self::Named(name) => name.clone(),
        };
        Err(invalid(format!("the regular expression has no group `{missing}`")))
    }

    fn fill(pieces: &[Self], found: &Captures<'_>) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Self::Text(text) => text.as_str(),
                Self::Group(number) => found.get(*number).map_or("", |group| group.as_str()),
                Self::Named(name) => found.name(name).map_or("", |group| group.as_str()),
            })
            .collect()
    }
}

/// The first match, or the groups asked for (`'\\1'`, `'\\g<name>'`); null where none is.
fn search(
    value: &Value,
    pattern: &str,
    groups: Rest<minijinja::value::ValueOrKwargs>,
) -> Result<Value, Error> {
    let groups = groups.into_values();
    let (groups, kwargs): (&[Value], Kwargs) = minijinja::value::from_args(&groups)?;
    let regex = compile(pattern, Flags::of(&kwargs)?)?;
    kwargs.assert_all_used()?;
    let value = text(value)?;
    let Some(found) = regex.captures(&value) else { return Ok(Value::from(())) };
    if groups.is_empty() {
        return Ok(Value::from(&found[0]));
    }
    let mut parts = Vec::new();
    for group in groups {
        let wanted = text(group)?;
        let pieces = Piece::parse(&wanted, &regex)?;
        if !matches!(pieces.as_slice(), [Piece::Text(before), Piece::Group(_) | Piece::Named(_), Piece::Text(after)] if before.is_empty() && after.is_empty())
        {
            return Err(invalid(format!(
                "`{wanted}` is no group such as `\\\\1` or `\\\\g<name>`"
            )));
        }
        parts.push(Piece::fill(&pieces, &found));
    }
    Ok(Value::from(parts))
}

/// Every match; with one group its text, with several a list of their texts.
fn find_all(value: &Value, pattern: &str, kwargs: Kwargs) -> Result<Vec<Value>, Error> {
    let regex = compile(pattern, Flags::of(&kwargs)?)?;
    kwargs.assert_all_used()?;
    let value = text(value)?;
    let group = |found: &Captures<'_>, at: usize| {
        found.get(at).map_or("", |group| group.as_str()).to_owned()
    };
    Ok(regex
        .captures_iter(&value)
        .map(|found| match found.len() {
            1 => Value::from(group(&found, 0)),
            2 => Value::from(group(&found, 1)),
            groups => (1..groups).map(|at| Value::from(group(&found, at))).collect(),
        })
        .collect())
}

/// Text with what is special in an expression escaped; `posix_basic` for `sed` and `grep`.
fn escape(value: &Value, kind: Option<&str>, kwargs: Kwargs) -> Result<String, Error> {
    let kind = kind.or(kwargs.get("re_type")?).unwrap_or("python");
    kwargs.assert_all_used()?;
    let value = text(value)?;
    match kind {
        "python" => Ok(regex::escape(&value)),
        "posix_basic" => Ok(value
            .chars()
            .flat_map(|letter| {
                let special = matches!(letter, '[' | ']' | '.' | '^' | '$' | '*' | '\\');
                special.then_some('\\').into_iter().chain(Some(letter))
            })
            .collect()),
        other => {
            Err(invalid(format!("`regex_escape` knows `python` and `posix_basic`, not `{other}`")))
        }
    }
}

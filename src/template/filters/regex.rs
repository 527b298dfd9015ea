//! Regular expressions: Python's syntax as far as the `regex` crate has it.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs, from_args};
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
    let regex = RegexBuilder::new(&from_python(pattern))
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

/// An expression with what the crate reads otherwise than Python, or not at all, written so that it
/// means the same: `\Z`, `\<`, a `{` that repeats nothing, `[`, `&` and `~` in a class.
fn from_python(pattern: &str) -> String {
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
            '[' | '&' | '~' if in_class => out.extend(['\\', letter]),
            '{' if !in_class && !repeats(rest) => out.push_str(r"\{"),
            other => out.push(other),
        }
    }
    out
}

/// Whether what follows a `{` makes it a repetition: `3}`, `3,}`, `3,5}` or `,5}`.
fn repeats(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    inside.bytes().any(|byte| byte.is_ascii_digit())
        && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && inside.matches(',').count() <= 1
}

/// Every match, as Python finds them: an empty one may follow right on one that is not.
fn matches<'t>(regex: &Regex, text: &'t str, most: usize) -> Vec<Captures<'t>> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < most
        && let Some(captures) = (at <= text.len()).then(|| regex.captures_at(text, at)).flatten()
    {
        let Some(whole) = captures.get(0) else { break };
        at = whole.end();
        if whole.is_empty() {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        found.push(captures);
    }
    found
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
    flags: Rest<ValueOrKwargs>,
) -> Result<String, Error> {
    type Given = (Option<bool>, Option<bool>, Option<usize>, Option<usize>, Kwargs);
    let flags = flags.into_values();
    let (ignore_case, multiline, count, mandatory, kwargs): Given = from_args(&flags)?;
    let pattern = pattern.or(kwargs.get("pattern")?).unwrap_or("");
    let replacement = replacement.or(kwargs.get("replacement")?).unwrap_or("");
    let count = count.or(kwargs.get("count")?).filter(|count| *count > 0);
    let mandatory = mandatory.or(kwargs.get("mandatory_count")?).unwrap_or(0);
    let regex = compile(pattern, Flags::of(ignore_case, multiline, &kwargs)?)?;
    kwargs.assert_all_used()?;
    let value = text(value)?;
    let pieces = Piece::parse(replacement, &regex)?;
    let found = matches(&regex, &value, count.unwrap_or(usize::MAX));
    let made = found.len();
    if made < mandatory {
        return Err(invalid(format!(
            "`regex_replace` made {made} replacements, {mandatory} are mandatory"
        )));
    }
    let mut result = String::with_capacity(value.len());
    let mut copied = 0;
    for captures in &found {
        let Some(whole) = captures.get(0) else { continue };
        result.push_str(&value[copied..whole.start()]);
        result.push_str(&Piece::fill(&pieces, captures));
        copied = whole.end();
    }
    result.push_str(&value[copied..]);
    Ok(result)
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
fn search(value: &Value, pattern: &str, groups: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let groups = groups.into_values();
    let (groups, kwargs): (&[Value], Kwargs) = from_args(&groups)?;
    let regex = compile(pattern, Flags::of(None, None, &kwargs)?)?;
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
fn find_all(
    value: &Value,
    pattern: &str,
    multiline: Option<bool>,
    ignore_case: Option<bool>,
    kwargs: Kwargs,
) -> Result<Vec<Value>, Error> {
    let regex = compile(pattern, Flags::of(ignore_case, multiline, &kwargs)?)?;
    kwargs.assert_all_used()?;
    let value = text(value)?;
    let group = |found: &Captures<'_>, at: usize| {
        found.get(at).map_or("", |group| group.as_str()).to_owned()
    };
    Ok(matches(&regex, &value, usize::MAX)
        .iter()
        .map(|found| match found.len() {
            1 => Value::from(group(found, 0)),
            2 => Value::from(group(found, 1)),
            groups => (1..groups).map(|at| Value::from(group(found, at))).collect(),
        })
        .collect())
}

/// Text with what is special in an expression escaped; `posix_basic` for `sed` and `grep`.
fn escape(value: &Value, kind: Option<&str>, kwargs: Kwargs) -> Result<String, Error> {
    let kind = kind.or(kwargs.get("re_type")?).unwrap_or("python");
    kwargs.assert_all_used()?;
    let value = text(value)?;
    match kind {
        "python" => {
            // Blanks too, as in Python.
            let blanks = [(' ', r"\ "), ('\t', "\\\t"), ('\n', "\\\n"), ('\r', "\\\r")];
            let escaped = regex::escape(&value);
            Ok(blanks.into_iter().fold(escaped, |text, (blank, with)| text.replace(blank, with)))
        }
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

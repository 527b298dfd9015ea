//! Filters that search and replace by regular expressions.

use super::pattern::{Flags, Found, Pattern};
use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs, from_args};
use minijinja::{Error, Value};

/// Every match, as Python finds them: an empty one may follow right on one that is not.
fn matches<'t>(pattern: &Pattern, text: &'t str, most: usize) -> Result<Vec<Found<'t>>, Error> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < most
        && at <= text.len()
        && let Some(next) = pattern.find_at(text, at)?
    {
        let whole = next.whole();
        at = whole.end;
        if whole.is_empty() {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        found.push(next);
    }
    Ok(found)
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
    let value = text(value)?;
    let pattern = Pattern::of(pattern, Flags::of(ignore_case, multiline, &kwargs)?, &value)?;
    kwargs.assert_all_used()?;
    let pieces = Piece::parse(replacement, &pattern)?;
    let found = matches(&pattern, &value, count.unwrap_or(usize::MAX))?;
    let made = found.len();
    if made < mandatory {
        return Err(invalid(format!(
            "`regex_replace` made {made} replacements, {mandatory} are mandatory"
        )));
    }
    let mut result = String::with_capacity(value.len());
    let mut copied = 0;
    for found in &found {
        let whole = found.whole();
        result.push_str(&value[copied..whole.start]);
        result.push_str(&Piece::fill(&pieces, found));
        super::short_enough(result.len())?;
        copied = whole.end;
    }
    result.push_str(&value[copied..]);
    Ok(result)
}

/// A part of a replacement.
enum Piece {
    Text(String),
    Group(usize),
}

impl Piece {
    fn parse(replacement: &str, pattern: &Pattern) -> Result<Vec<Self>, Error> {
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
                Some(Self::group(number, pattern)?)
            } else if let Some((name, after)) =
                rest.strip_prefix("g<").and_then(|rest| rest.split_once('>'))
            {
                rest = after;
                Some(Self::group(name, pattern)?)
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
                pieces.push(Self::Text(std::mem::take(&mut literal)));
                pieces.push(piece);
            }
        }
        literal.push_str(rest);
        pieces.push(Self::Text(literal));
        Ok(pieces)
    }

    /// A group of the expression, by number or name.
    fn group(name: &str, pattern: &Pattern) -> Result<Self, Error> {
        let number = match name.parse() {
            Ok(number) => Some(number).filter(|number| *number < pattern.groups()),
            Err(_) => pattern.group_of_name(name),
        };
        let missing = || invalid(format!("the regular expression has no group `{name}`"));
        number.map(Self::Group).ok_or_else(missing)
    }

    fn fill(pieces: &[Self], found: &Found<'_>) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Self::Text(text) => text.as_str(),
                Self::Group(number) => found.group(*number),
            })
            .collect()
    }
}

/// The first match, or the groups asked for (`'\\1'`, `'\\g<name>'`); null where none is.
fn search(value: &Value, pattern: &str, groups: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let groups = groups.into_values();
    let (groups, kwargs): (&[Value], Kwargs) = from_args(&groups)?;
    let value = text(value)?;
    let pattern = Pattern::of(pattern, Flags::of(None, None, &kwargs)?, &value)?;
    kwargs.assert_all_used()?;
    let Some(found) = pattern.find_at(&value, 0)? else { return Ok(Value::from(())) };
    if groups.is_empty() {
        return Ok(Value::from(found.group(0)));
    }
    let mut parts = Vec::new();
    for group in groups {
        let wanted = text(group)?;
        let pieces = Piece::parse(&wanted, &pattern)?;
        if !matches!(pieces.as_slice(), [Piece::Text(before), Piece::Group(_), Piece::Text(after)] if before.is_empty() && after.is_empty())
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
    let value = text(value)?;
    let pattern = Pattern::of(pattern, Flags::of(ignore_case, multiline, &kwargs)?, &value)?;
    kwargs.assert_all_used()?;
    let found = matches(&pattern, &value, usize::MAX)?;
    let texts = found.iter().map(|found| match found.len() {
        1 => Value::from(found.group(0)),
        2 => Value::from(found.group(1)),
        groups => (1..groups).map(|at| Value::from(found.group(at))).collect(),
    });
    Ok(texts.collect())
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

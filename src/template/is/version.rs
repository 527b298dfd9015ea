//! The test `version`: two version numbers compared.

use super::super::filters::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs, from_args};
use minijinja::{Error, Value};
use regex::Regex;
use std::cmp::Ordering;
use std::sync::LazyLock;

pub(super) fn register(to: &mut Registry) {
    for name in ["version", "version_compare"] {
        to.test(name, version);
    }
}

fn version(value: &Value, other: &Value, how: Rest<ValueOrKwargs>) -> Result<bool, Error> {
    type Given<'a> = (Option<&'a str>, Option<bool>, Option<&'a str>, Kwargs);
    let how = how.into_values();
    let (operator, strict, kind, kwargs): Given<'_> = from_args(&how)?;
    let operator = operator.or(kwargs.get("operator")?).unwrap_or("==");
    let strict = strict.or(kwargs.get("strict")?);
    let kind = kind.or(kwargs.get("version_type")?);
    kwargs.assert_all_used()?;
    let (left, right) = (text(value)?, text(other)?);
    if left.is_empty() || right.is_empty() {
        return Err(invalid("an empty text is no version"));
    }
    let order = match (strict, kind) {
        (Some(_), Some(_)) => {
            return Err(invalid("`version` takes `strict` or `version_type`, not both"));
        }
        (Some(true), _) | (_, Some("strict")) => strictly(&left)?.cmp(&strictly(&right)?),
        (_, None | Some("loose")) => parts(&left).cmp(&parts(&right)),
        (_, Some("semver" | "semantic")) => semantic(&left)?.cmp(&semantic(&right)?),
        (_, Some(other)) => {
            return Err(invalid(format!(
                "`version` knows the types loose, strict and semver, not `{other}`"
            )));
        }
    };
    Ok(match operator {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "!=" | "<>" | "ne" => order != Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        other => {
            return Err(invalid(format!("`version` knows ==, !=, <, <=, > and >=, not `{other}`")));
        }
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Word(&'a str),
    // A number is newer than a word in the same place, where Python's LooseVersion gives up:
    // 1.0rc1 comes before 1.0.1.
    Number(u128),
}

/// As Python's LooseVersion takes it apart: numbers, words, and what stands between them but dots.
fn parts(version: &str) -> Vec<Part<'_>> {
    let kind = |letter: char| match letter {
        '.' => 0,
        '0'..='9' => 1,
        'a'..='z' => 2,
        _ => 3,
    };
    let mut parts = Vec::new();
    let mut rest = version.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| kind(letter) != kind(first)).unwrap_or(rest.len());
        match kind(first) {
            0 => {}
            1 => parts.push(Part::Number(rest[..end].parse().unwrap_or(u128::MAX))),
            _ => parts.push(Part::Word(&rest[..end])),
        }
        rest = &rest[end..];
    }
    parts
}

static STRICT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([0-9]+)\.([0-9]+)(?:\.([0-9]+))?(?:([ab])([0-9]+))?$").ok());

/// `1.2`, `1.2.3`, `1.2a4` and `1.2.3b4`, as Python's StrictVersion has it: an `a` or `b` comes
/// before the version without.
fn strictly(version: &str) -> Result<([u128; 3], bool, String, u128), Error> {
    let found = STRICT.as_ref().and_then(|form| form.captures(version));
    let found = found.ok_or_else(|| invalid(format!("`{version}` is no strict version")))?;
    let number = |at: usize| found.get(at).map_or(0, |n| n.as_str().parse().unwrap_or(u128::MAX));
    let early = found.get(4).map_or("", |letter| letter.as_str());
    Ok(([1, 2, 3].map(number), early.is_empty(), early.to_owned(), number(5)))
}

static SEMANTIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$",
    )
    .ok()
});

/// A version of semver.org: its numbers, whether it is no pre-release, the pre-release's
/// identifiers; numbers come before words (11.4.3). What stands behind `+` does not count.
type Semantic = ([u128; 3], bool, Vec<(bool, u128, String)>);

fn semantic(version: &str) -> Result<Semantic, Error> {
    let found = SEMANTIC.as_ref().and_then(|form| form.captures(version));
    let found = found.ok_or_else(|| invalid(format!("`{version}` is no semantic version")))?;
    let number = |at: usize| found.get(at).map_or(0, |n| n.as_str().parse().unwrap_or(u128::MAX));
    let early = found.get(4).map(|early| early.as_str());
    let identifier = |word: &str| match word.parse() {
        Ok(number) => (false, number, String::new()),
        Err(_) => (true, 0, word.to_owned()),
    };
    let identifiers = early.into_iter().flat_map(|early| early.split('.')).map(identifier);
    Ok(([1, 2, 3].map(number), early.is_none(), identifiers.collect()))
}

//! The test `version`: two version numbers compared.

use super::super::filters::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};
use std::cmp::Ordering;

pub(super) fn register(to: &mut Registry) {
    for name in ["version", "version_compare"] {
        to.test(name, version);
    }
}

fn version(
    value: &Value,
    other: &Value,
    operator: Option<&str>,
    kwargs: Kwargs,
) -> Result<bool, Error> {
    let operator = operator.or(kwargs.get("operator")?).unwrap_or("==");
    // Accepted for the sake of existing roles: numbers and words are told apart either way.
    let _ = kwargs.get::<Option<bool>>("strict")?;
    let _ = kwargs.get::<Option<&str>>("version_type")?;
    kwargs.assert_all_used()?;
    let order = compare(&text(value)?, &text(other)?);
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
    // A number is newer than a word in the same place, as in Python's LooseVersion sorted by
    // people's expectation: 1.0rc1 comes before 1.0.1.
    Number(u128),
}

/// Compares part by part; numbers by value, words by letter.
fn compare(left: &str, right: &str) -> Ordering {
    parts(left).cmp(&parts(right))
}

fn parts(version: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = version.trim();
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|letter: char| {
                letter.is_ascii_digit() != digits || (!digits && !letter.is_ascii_alphabetic())
            })
            .unwrap_or(rest.len());
        if digits {
            parts.push(Part::Number(rest[..end].parse().unwrap_or(u128::MAX)));
        } else if end > 0 {
            parts.push(Part::Word(&rest[..end]));
        }
        rest = &rest[if end == 0 { first.len_utf8() } else { end }..];
    }
    parts
}

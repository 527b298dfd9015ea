//! Powers, logarithms, and sizes as people write them.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

/// Units of sizes, in powers of 1024, the largest first.
const UNITS: [(char, i32); 9] =
    [('Y', 8), ('Z', 7), ('E', 6), ('P', 5), ('T', 4), ('G', 3), ('M', 2), ('K', 1), ('B', 0)];

pub(super) fn register(to: &mut Registry) {
    to.filter("human_readable", human_readable);
    to.filter("human_to_bytes", human_to_bytes);
    to.filter("log", |value: &Value, base: Option<f64>| {
        let value = number(value)?;
        Ok::<_, Error>(match base {
            None => value.ln(),
            Some(10.0) => value.log10(),
            Some(base) => value.ln() / base.ln(),
        })
    });
    to.filter("pow", |value: &Value, power: f64| Ok::<_, Error>(number(value)?.powf(power)));
    to.filter("root", |value: &Value, base: Option<f64>| {
        let base = base.unwrap_or(2.0);
        let value = number(value)?;
        Ok::<_, Error>(if base == 2.0 { value.sqrt() } else { value.powf(base.recip()) })
    });
}

fn number(value: &Value) -> Result<f64, Error> {
    f64::try_from(value.clone()).map_err(|_| invalid("expected a number"))
}

/// `1.00 KB`, as Ansible writes sizes.
fn human_readable(
    value: &Value,
    bits: Option<bool>,
    unit: Option<&str>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let bits = bits.or(kwargs.get("isbits")?).unwrap_or(false);
    let unit = unit.or(kwargs.get("unit")?);
    kwargs.assert_all_used()?;
    let size = match value.as_str() {
        Some(words) => words.trim().parse().map_err(|_| invalid("expected a number"))?,
        None => number(value)?,
    };
    let wanted = unit.map(letter).transpose()?;
    let found = UNITS.iter().find(|(letter, power)| match wanted {
        Some(wanted) => wanted == *letter,
        None => size >= 1024_f64.powi(*power),
    });
    let (letter, power) = *found.unwrap_or(&('B', 0));
    let size = size / 1024_f64.powi(power);
    let word = match (power, bits) {
        (0, false) => "Bytes".to_owned(),
        (0, true) => "bits".to_owned(),
        (_, bits) => format!("{letter}{}", if bits { 'b' } else { 'B' }),
    };
    Ok(format!("{size:.2} {word}"))
}

/// The number of bytes that `10 MB` says.
fn human_to_bytes(
    value: &Value,
    default_unit: Option<&str>,
    bits: Option<bool>,
    kwargs: Kwargs,
) -> Result<i64, Error> {
    let default_unit = default_unit.or(kwargs.get("default_unit")?);
    let bits = bits.or(kwargs.get("isbits")?).unwrap_or(false);
    kwargs.assert_all_used()?;
    let words = text(value)?;
    let words = words.trim();
    let wrong = || invalid(format!("`{words}` is no size such as `10 MB`"));
    let end = words.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (size, unit) = words.split_at(end.unwrap_or(words.len()));
    let size: f64 = size.parse().map_err(|_| wrong())?;
    let unit = Some(unit.trim()).filter(|unit| !unit.is_empty()).or(default_unit).unwrap_or("B");
    let letter = letter(unit)?;
    let rest = &unit[1..];
    let fits = match (letter, bits) {
        ('B', _) => {
            matches!(rest.to_ascii_lowercase().as_str(), "" | "yte" | "ytes" | "it" | "its")
        }
        (_, false) => matches!(rest, "" | "B" | "byte" | "bytes"),
        (_, true) => matches!(rest, "" | "b" | "bit" | "bits"),
    };
    let power = UNITS.iter().find(|(known, _)| *known == letter).map(|(_, power)| *power);
    let (true, Some(power)) = (fits, power) else { return Err(wrong()) };
    let bytes = (size * 1024_f64.powi(power)).round();
    #[expect(clippy::cast_possible_truncation, reason = "a size of 2^63 and more is none")]
    Ok(bytes as i64)
}

/// A unit by its first letter.
fn letter(unit: &str) -> Result<char, Error> {
    let first = unit.chars().next().map(|letter| letter.to_ascii_uppercase());
    first
        .filter(|first| UNITS.iter().any(|(letter, _)| letter == first))
        .ok_or_else(|| invalid(format!("`{unit}` is no unit of size")))
}

//! Text cut or filled to a width, as Jinja does it.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

/// A line is not filled to more than this.
const WIDEST: usize = 100_000;

pub(super) fn register(to: &mut Registry) {
    to.filter("center", |value: &Value, width: Option<usize>| {
        let (value, width) = (text(value)?, width.unwrap_or(80));
        if width > WIDEST {
            return Err(invalid(format!("`center` fills to {WIDEST} at most")));
        }
        // Python leaves the odd blank on the left where the width is odd.
        let room = width.saturating_sub(value.chars().count());
        let left = room / 2 + (room & width & 1);
        Ok(format!("{}{value}{}", " ".repeat(left), " ".repeat(room - left)))
    });
    to.filter("truncate", truncate);
    to.filter("wordcount", |value: &Value| {
        let value = text(value)?;
        let words = value.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        Ok::<_, Error>(words.filter(|word| !word.is_empty()).count())
    });
}

/// Cut at a word's end, the mark of it included in the length.
fn truncate(
    value: &Value,
    length: Option<usize>,
    kill_words: Option<bool>,
    end: Option<String>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let length = length.or(kwargs.get("length")?).unwrap_or(255);
    let kill_words = kill_words.or(kwargs.get("killwords")?).unwrap_or(false);
    let end = end.or(kwargs.get("end")?).unwrap_or_else(|| "...".to_owned());
    let leeway = kwargs.get::<Option<usize>>("leeway")?.unwrap_or(5);
    kwargs.assert_all_used()?;
    let value = text(value)?;
    if value.chars().count() <= length.saturating_add(leeway) {
        return Ok(value.into_owned());
    }
    let Some(room) = length.checked_sub(end.chars().count()) else {
        return Err(invalid(format!("`truncate` cannot cut to less than `{end}`")));
    };
    let cut: String = value.chars().take(room).collect();
    let cut = match cut.rsplit_once(' ') {
        Some((words, _)) if !kill_words => words,
        _ => &cut,
    };
    Ok(format!("{cut}{end}"))
}

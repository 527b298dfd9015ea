//! Text as a comment, or indented, for a file of another language.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("comment", comment);
    to.filter("indent", indent);
}

/// Every line behind the style's mark, with an empty comment line before and after.
fn comment(value: &Value, style: Option<&str>, kwargs: Kwargs) -> Result<String, Error> {
    let style = style.or(kwargs.get("style")?).unwrap_or("plain");
    let (beginning, decoration, end) = match style {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        other => {
            return Err(invalid(format!(
                "`comment` knows plain, erlang, c, cblock and xml, not `{other}`"
            )));
        }
    };
    let given = |name: &str, usual: &str| {
        kwargs.get::<Option<&str>>(name).map(|given| given.unwrap_or(usual).to_owned())
    };
    let newline = given("newline", "\n")?;
    let decoration = given("decoration", decoration)?;
    let beginning = given("beginning", beginning)?;
    let end = given("end", end)?;
    let bare = decoration.trim_end().to_owned();
    let prefix = given("prefix", &bare)?;
    let postfix = given("postfix", &bare)?;
    let prefixes = kwargs.get::<Option<usize>>("prefix_count")?.unwrap_or(1);
    let postfixes = kwargs.get::<Option<usize>>("postfix_count")?.unwrap_or(1);
    kwargs.assert_all_used()?;

    let mut lines = Vec::new();
    if !beginning.is_empty() {
        lines.push(beginning);
    }
    if !prefix.is_empty() {
        // A prefix that is itself a line's end makes empty lines.
        let line = if prefix == newline { String::new() } else { prefix };
        lines.extend(std::iter::repeat_n(line, prefixes.min(100)));
    }
    let value = text(value)?;
    let mut body = value.split(newline.as_str()).peekable();
    while let Some(line) = body.next() {
        let trailing = line.is_empty() && body.peek().is_some();
        lines.push(if trailing { bare.clone() } else { format!("{decoration}{line}") });
    }
    lines.extend(std::iter::repeat_n(postfix, postfixes.min(100)));
    if !end.is_empty() {
        lines.push(end);
    }
    Ok(lines.join(&newline))
}

/// Every line but the first moved to the right by `width` spaces, or by that text; the first
/// and empty ones, too, if asked.
fn indent(
    value: &Value,
    width: Option<Value>,
    first: Option<bool>,
    blank: Option<bool>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let width = match width {
        Some(width) => Some(width),
        None => kwargs.get::<Option<Value>>("width")?,
    };
    let first = first.or(kwargs.get("first")?).unwrap_or(false);
    let blank = blank.or(kwargs.get("blank")?).unwrap_or(false);
    kwargs.assert_all_used()?;
    let space = match &width {
        None => " ".repeat(4),
        Some(width) => match (width.as_str(), width.as_usize()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(count)) if count <= 1000 => " ".repeat(count),
            _ => return Err(invalid("`indent` takes a number of spaces, or the text itself")),
        },
    };
    let value = text(value)?;
    let line = |(at, line): (usize, &str)| {
        let moved = if at == 0 { first } else { blank || !line.trim_end().is_empty() };
        if moved { format!("{space}{line}") } else { line.to_owned() }
    };
    Ok(value.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n"))
}

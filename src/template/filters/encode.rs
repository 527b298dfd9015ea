//! Encodings: base64, URLs, shell words.

use super::{invalid, text};
use crate::template::environment::Registry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use std::fmt::Write;

pub(super) fn register(to: &mut Registry) {
    to.filter("b64decode", |value: &Value| {
        let packed: String = text(value)?.split_ascii_whitespace().collect();
        let bytes = STANDARD
            .decode(packed)
            .map_err(|_| invalid("the text given to `b64decode` is no base64"))?;
        String::from_utf8(bytes).map_err(|_| invalid("what `b64decode` decoded is no UTF-8 text"))
    });
    to.filter("b64encode", |value: &Value| Ok(STANDARD.encode(text(value)?.as_bytes())));
    to.filter("quote", |value: &Value| Ok(crate::text::quote(&text(value)?).into_owned()));
    to.filter("urlencode", url_encode);
}

/// Percent-encoded text; a mapping, or a list of pairs, as a query.
fn url_encode(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Map => {
            let mut parts = Vec::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let member = value.get_item(&key)?;
                parts.push(pair(&key, &member)?);
            }
            Ok(parts.join("&"))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut parts = Vec::new();
            for item in super::lists::items(value)? {
                let both = super::lists::items(&item)?;
                let [key, member] = both.as_slice() else {
                    return Err(invalid("`urlencode` takes pairs of name and value"));
                };
                parts.push(pair(key, member)?);
            }
            Ok(parts.join("&"))
        }
        _ => Ok(percent(&text(value)?, "-._~/")),
    }
}

fn pair(key: &Value, value: &Value) -> Result<String, Error> {
    let part = |value: &Value| Ok::<_, Error>(percent(&text(value)?, "-._~").replace("%20", "+"));
    Ok(format!("{}={}", part(key)?, part(value)?))
}

fn percent(text: &str, kept: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

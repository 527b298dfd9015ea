//! Encodings: base64, shell words.

use super::{invalid, text};
use crate::template::environment::Registry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;

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
}

//! Encodings: base64, shell words.

use super::{invalid, text};
use crate::template::environment::Registry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Kwargs;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("b64decode", |value: &Value, kwargs: Kwargs| {
        let encoding = Encoding::of(&kwargs)?;
        let packed: String = text(value)?.split_ascii_whitespace().collect();
        let bytes = STANDARD
            .decode(packed)
            .map_err(|_| invalid("the text given to `b64decode` is no base64"))?;
        let decoded = match encoding {
            Encoding::Utf8 => String::from_utf8(bytes).ok(),
            Encoding::Utf16Le => utf16(&bytes),
        };
        decoded.ok_or_else(|| invalid("what `b64decode` decoded is no text of that encoding"))
    });
    to.filter("b64encode", |value: &Value, kwargs: Kwargs| {
        let value = text(value)?;
        Ok(STANDARD.encode(match Encoding::of(&kwargs)? {
            Encoding::Utf8 => value.as_bytes().to_vec(),
            Encoding::Utf16Le => value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }))
    });
    to.filter("quote", |value: &Value| match value.is_none() {
        // As in Ansible: an empty argument, not the word None.
        true => Ok("''".to_owned()),
        false => Ok(crate::text::quote(&text(value)?).into_owned()),
    });
}

/// How text is written in bytes.
enum Encoding {
    Utf8,
    /// What Windows' PowerShell takes.
    Utf16Le,
}

impl Encoding {
    fn of(kwargs: &Kwargs) -> Result<Self, Error> {
        let name = kwargs.get::<Option<&str>>("encoding")?.unwrap_or("utf-8");
        kwargs.assert_all_used()?;
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "utf-16-le" => Ok(Self::Utf16Le),
            _ => Err(invalid(format!("base64 is of text in utf-8 or utf-16-le, not `{name}`"))),
        }
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().copied().map(u16::from_le_bytes).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

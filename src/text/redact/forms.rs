//! The forms in which a secret is searched for.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Shorter secrets are not searched for: they would be found in innocent text.
const SHORTEST: usize = 8;

/// A line of key material in a text of several lines has at least so many bytes.
const KEY_LINE: usize = 24;

/// Of a text that is secret as a whole. A key of several lines is shown line by line, each with
/// something before it.
pub(super) fn of_text(text: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let is_material =
        |line: &&[u8]| line.len() >= KEY_LINE && !line.iter().any(u8::is_ascii_whitespace);
    learn(text, forms);
    lines(text).filter(is_material).for_each(|line| learn(line, forms));
}

/// Of a secret as somebody wrote it: each of its lines is one, and what is assigned in a line.
pub(super) fn of_lines(secret: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    learn(secret, forms);
    for line in lines(secret) {
        learn(line, forms);
        if let Some(at) = line.iter().position(|byte| matches!(byte, b'=' | b':')) {
            let quoted = |byte: &u8| matches!(byte, b'"' | b'\'' | b' ');
            let value = &line[at + 1..];
            let from = value.iter().position(|byte| !quoted(byte)).unwrap_or(value.len());
            let to = value.iter().rposition(|byte| !quoted(byte)).map_or(from, |last| last + 1);
            learn(&value[from..to], forms);
        }
    }
}

/// The lines of a text that has several; the ends of a PEM block (RFC 7468) tell nothing.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.trim_ascii();
    let several = text.contains(&b'\n');
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(move |line| several && !line.starts_with(b"-----"))
}

fn learn(secret: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let secret = secret.trim_ascii();
    if secret.len() < SHORTEST {
        return;
    }
    let encoded = (0..3)
        .flat_map(|shift| [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|to| shifted(secret, shift, to)))
        .chain(percent(secret));
    forms.extend(encoded.chain(quoted(secret)).filter(|form| form.len() >= SHORTEST));
    forms.insert(secret.to_vec());
}

/// The part of the base64 text that depends on the secret alone, when it stands `shift` bytes
/// into a group of three (RFC 4648, 4).
fn shifted(secret: &[u8], shift: usize, engine: &GeneralPurpose) -> Vec<u8> {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(secret);
    let encoded = engine.encode(&bytes).into_bytes();
    let from = (shift * 8).div_ceil(6);
    let to = bytes.len() * 8 / 6;
    encoded[from..to.max(from)].to_vec()
}

/// Percent-encoded: as a URL's part, with `/` kept, and as a form's field (RFC 3986, 2.1).
fn percent(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for kept in ["-._~", "-._~/", "-._*"] {
        for upper in [true, false] {
            let mut form = String::new();
            for &byte in secret {
                match byte {
                    b' ' if kept.contains('*') => form.push('+'),
                    _ if byte.is_ascii_alphanumeric() => form.push(char::from(byte)),
                    _ if kept.as_bytes().contains(&byte) => form.push(char::from(byte)),
                    _ if upper => drop(write!(form, "%{byte:02X}")),
                    _ => drop(write!(form, "%{byte:02x}")),
                }
            }
            forms.push(form.into_bytes());
        }
    }
    forms
}

/// As it stands between the quotes of other languages, and in hexadecimal.
fn quoted(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![hex::<false>(secret), hex::<true>(secret)];
    let Ok(text) = std::str::from_utf8(secret) else { return forms };
    // With a mark before each of these.
    let marked = |is: &dyn Fn(char) -> bool, mark: char| -> String {
        text.chars().flat_map(|one| is(one).then_some(mark).into_iter().chain([one])).collect()
    };
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let texts = [
        json.to_owned(),
        ascii(json),
        // A JSON text within one.
        json.replace('\\', r"\\").replace('"', r#"\""#),
        // POSIX shell, 2.2: between single quotes, also as Python's shlex writes it; between
        // double quotes; by backslashes.
        text.replace('\'', r"'\''"),
        text.replace('\'', r#"'"'"'"#),
        marked(&|one| "\"$`\\".contains(one), '\\'),
        marked(&|one| !one.is_alphanumeric() && !"-_./@%+=:,".contains(one), '\\'),
        // Python's repr, C.
        marked(&|one| "'\\".contains(one), '\\'),
        marked(&|one| "\"\\".contains(one), '\\'),
        // YAML between single quotes, SQL; systemd's units; Postfix's main.cf.
        text.replace('\'', "''"),
        text.replace('%', "%%"),
        text.replace('$', "$$"),
        xml.replace('"', "&quot;"),
        xml.replace('"', "&quot;").replace('\'', "&#39;"),
        xml.replace('"', "&quot;").replace('\'', "&#x27;"),
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml.replace('"', "&#34;").replace('\'', "&#39;"),
        xml,
    ];
    forms.extend(texts.map(String::into_bytes));
    forms
}

/// Text of JSON with only ASCII in it (RFC 8259, 7).
fn ascii(json: &str) -> String {
    let mut form = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            form.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(form, "\\u{unit:04x}");
            }
        }
    }
    form
}

fn hex<const UPPER: bool>(secret: &[u8]) -> Vec<u8> {
    let digits = if UPPER { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let digit = |nibble: u8| digits[usize::from(nibble)];
    secret.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

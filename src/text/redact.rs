//! Secrets taken out of any text that is about to be shown.

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

/// Shorter secrets are not searched for: they would be found in innocent text.
const SHORTEST: usize = 8;

/// A line of key material in a secret of several lines has at least so many bytes.
const KEY_LINE: usize = 24;

/// Knows secrets, and replaces them in text: as they are, in base64 (within longer encoded text,
/// too), percent-encoded as in URLs, and escaped as in JSON. Cheap to clone and to ask; adding
/// rebuilds the search. `Debug` shows nothing of them.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<BTreeSet<Vec<u8>>>,
    search: Option<AhoCorasick>,
}

impl Redactor {
    /// Knows these secrets; those of fewer than 8 bytes are left out.
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut redactor = Self::default();
        redactor.add(secrets);
        redactor
    }

    /// Learns more secrets.
    pub fn add<S: AsRef<[u8]>>(&mut self, secrets: impl IntoIterator<Item = S>) {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            learn(secret.as_ref(), &mut forms);
        }
        if forms.is_subset(&self.forms) {
            return;
        }
        Arc::make_mut(&mut self.forms).append(&mut forms);
        // More forms than the search has numbers for cannot be: it counts to two thousand million.
        self.search = AhoCorasick::new(self.forms.iter()).ok();
    }

    /// Whether no secret is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The text with every secret replaced by `[redacted]`.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut end = 0;
        for (from, to) in self.found(text.as_bytes()) {
            // Forms are whole bytes of whatever encoding; text is cut between characters.
            let from = (end..=from).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(end);
            let to = (to..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
            out.push_str(&text[end..from]);
            out.push_str(REDACTED);
            end = to;
        }
        if out.is_empty() && end == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[end..]);
        Cow::Owned(out)
    }

    /// The bytes with every secret replaced by `[redacted]`.
    #[must_use]
    pub fn redact_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut out = Vec::new();
        let mut end = 0;
        for (from, to) in self.found(bytes) {
            out.extend_from_slice(&bytes[end..from]);
            out.extend_from_slice(REDACTED.as_bytes());
            end = to;
        }
        if out.is_empty() && end == 0 {
            return Cow::Borrowed(bytes);
        }
        out.extend_from_slice(&bytes[end..]);
        Cow::Owned(out)
    }

    /// Where secrets stand; those that overlap are one.
    fn found(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let Some(search) = &self.search else { return Vec::new() };
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut all: Vec<_> =
            search.find_overlapping_iter(bytes).map(|hit| (hit.start(), hit.end())).collect();
        all.sort_unstable();
        for (from, to) in all {
            match found.last_mut() {
                Some(last) if from < last.1 => last.1 = last.1.max(to),
                _ => found.push((from, to)),
            }
        }
        found
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

/// The forms in which a secret is searched for.
fn learn(secret: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let secret = secret.trim_ascii();
    if secret.len() < SHORTEST {
        return;
    }
    variants(secret, forms);
    if secret.contains(&b'\n') {
        // A key of several lines is shown line by line, each with something before it.
        let lines = secret.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        for line in lines {
            let material = line.len() >= KEY_LINE
                && !line.starts_with(b"-----")
                && !line.iter().any(u8::is_ascii_whitespace);
            if material {
                variants(line, forms);
            }
        }
    }
}

fn variants(secret: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(secret.to_vec());
    for shift in 0..3 {
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.insert(shifted(secret, shift, &engine));
        }
    }
    forms.extend(percent(secret));
    forms.insert(json(secret));
    forms.retain(|form| form.len() >= SHORTEST);
}

/// The part of the base64 text that depends on the secret alone, when it stands `shift` bytes
/// into a group of three (RFC 4648, 4).
fn shifted(
    secret: &[u8],
    shift: usize,
    engine: &base64::engine::general_purpose::GeneralPurpose,
) -> Vec<u8> {
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

/// Escaped as between the quotes of a JSON string.
fn json(secret: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(secret) else { return Vec::new() };
    let quoted = serde_json::Value::from(text).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

#[cfg(test)]
mod tests {
    use super::{REDACTED, Redactor};
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_replaced_wherever_and_however_it_stands() {
        let redactor =
            Redactor::new(["pa55/word one", "short", "line1\nMIIEvQIBADANBgkqhkiG9w0BAQ\n"]);
        for (text, expected) in [
            ("the pa55/word one, twice: pa55/word one", "the [redacted], twice: [redacted]"),
            ("short stays", "short stays"),
            ("https://u:pa55%2Fword%20one@h/", "https://u:[redacted]@h/"),
            ("q=pa55%2fword+one", "q=[redacted]"),
            ("pa55/word%20one", "[redacted]"),
            ("  | MIIEvQIBADANBgkqhkiG9w0BAQ", "  | [redacted]"),
            ("nothing", "nothing"),
            ("pa55/word on", "pa55/word on"),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
        for prefix in ["", "u", "us", "user:"] {
            let text = format!("{prefix}pa55/word one!");
            for engine in [STANDARD, URL_SAFE] {
                let shown = redactor.redact(&engine.encode(&text)).into_owned();
                assert!(shown.contains(REDACTED), "{prefix}: {shown}");
            }
        }
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_of_either() {
        let redactor = Redactor::new(["abcdefgh", "efghijkl"]);
        assert_eq!(redactor.redact("<abcdefghijkl>"), "<[redacted]>");
    }

    #[test]
    fn nothing_of_a_secret_is_in_its_debug_form() {
        let redactor = Redactor::new(["correct horse battery"]);
        assert_eq!(format!("{redactor:?}"), "Redactor");
        assert!(!redactor.is_empty());
        assert_eq!(redactor.redact_bytes(b"\xffcorrect horse battery").as_ref(), b"\xff[redacted]");
    }

    #[test]
    fn json_strings_are_searched_as_they_are_escaped() {
        let redactor = Redactor::new(["say \"hello\"\\"]);
        let json = serde_json::json!({ "stdout": "it is say \"hello\"\\ there" }).to_string();
        assert_eq!(redactor.redact(&json), r#"{"stdout":"it is [redacted] there"}"#);
    }

    proptest! {
        #[test]
        fn no_secret_of_eight_bytes_passes(
            secret in "[!-~]{1}[ -~äöü]{6,20}[!-~]{1}",
            before in ".{0,20}",
            after in ".{0,20}",
        ) {
            let redactor = Redactor::new([&secret]);
            let text = format!("{before}{secret}{after}");
            prop_assert!(!redactor.redact(&text).contains(&secret));
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                prop_assert!(redactor.redact(&encoded).contains(REDACTED));
            }
        }
    }
}

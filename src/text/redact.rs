//! Secrets taken out of any text that is about to be shown.

mod forms;

use aho_corasick::AhoCorasick;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

/// Knows secrets, and replaces them in text: as they are, in base64 (within longer encoded text,
/// too), percent-encoded as in URLs, and quoted as other languages do. A clone knows what the
/// original learns. `Debug` shows nothing of them.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    forms: BTreeSet<Vec<u8>>,
    /// Over all forms; made when it is asked for after something new was learnt.
    search: Option<AhoCorasick>,
}

impl Redactor {
    /// Knows these secrets: see [`Redactor::add`].
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let redactor = Self::default();
        redactor.add(secrets);
        redactor
    }

    /// Learns texts that are secret as a whole; those of fewer than 8 bytes are left out. Of a
    /// text of several lines those are learnt that look like key material: the rest of what was
    /// made of a secret is not secret by itself.
    pub fn add<S: AsRef<[u8]>>(&self, texts: impl IntoIterator<Item = S>) {
        self.learn(texts, forms::of_text);
    }

    /// Learns secrets as somebody wrote them: each of their lines is one, too, and what is
    /// assigned in it.
    pub fn add_line_by_line<S: AsRef<[u8]>>(&self, secrets: impl IntoIterator<Item = S>) {
        self.learn(secrets, forms::of_lines);
    }

    fn learn<S: AsRef<[u8]>>(
        &self,
        secrets: impl IntoIterator<Item = S>,
        learn: fn(&[u8], &mut BTreeSet<Vec<u8>>),
    ) {
        let mut new = BTreeSet::new();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            for secret in secrets {
                // The secret itself is among its forms.
                if !known.forms.contains(secret.as_ref().trim_ascii()) {
                    learn(secret.as_ref(), &mut new);
                }
            }
        }
        if new.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.forms.append(&mut new);
        known.search = None;
    }

    /// Whether no secret is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).forms.is_empty()
    }

    /// Whether a secret stands in a text.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        !self.found(text.as_bytes()).is_empty()
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
        let Some(search) = self.search() else { return Vec::new() };
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

    fn search(&self) -> Option<AhoCorasick> {
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if known.forms.is_empty() || known.search.is_some() {
                return known.search.clone();
            }
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // More forms than the search has numbers for cannot be: it counts to two thousand million.
        known.search = AhoCorasick::new(&known.forms).ok();
        known.search.clone()
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
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

    /// As programs do quote it: bash's `printf %q`, Python's `shlex.quote`, `repr`, `json.dumps`
    /// (also twice) and `html.escape`.
    #[test]
    fn quoted_as_other_languages_do_it_is_found() {
        let secret = r#"it's "50%" of $a\b & ü"#;
        let redactor = Redactor::new([secret]);
        for quoted in [
            r#"it\'s\ \"50%\"\ of\ \$a\\b\ \&\ ü"#,
            r#"'it'"'"'s "50%" of $a\b & ü'"#,
            r#"'it'\''s "50%" of $a\b & ü'"#,
            r#""it's \"50%\" of \$a\\b & ü""#,
            r#"'it\'s "50%" of $a\\b & ü'"#,
            r#""it's \"50%\" of $a\\b & \u00fc""#,
            r#""it's \"50%\" of $a\\b & ü""#,
            r#"{\"a\": \"it's \\\"50%\\\" of $a\\\\b & ü\"}"#,
            "it&#x27;s &quot;50%&quot; of $a\\b &amp; ü",
            "it&#39;s &quot;50%&quot; of $a\\b &amp; ü",
            r#"'it''s "50%" of $a\b & ü'"#,
            r#"it's "50%%" of $a\b & ü"#,
            "69742773202235302522206f662024615c62202620c3bc",
        ] {
            let shown = redactor.redact(quoted);
            assert!(shown.contains(REDACTED) && !shown.contains("50"), "{quoted}: {shown}");
        }
    }

    #[test]
    fn each_line_of_what_somebody_wrote_is_secret_and_what_is_assigned_there() {
        let redactor = Redactor::default();
        redactor.add_line_by_line(["USER=me\nPASSWORD=\"correct horse\"\nbattery-staple\n"]);
        for (text, expected) in [
            ("  2  PASSWORD=\"correct horse\"", "  2  [redacted]"),
            ("correct horse", "[redacted]"),
            ("battery-staple", "[redacted]"),
            ("USER=me", "USER=me"),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
    }

    #[test]
    fn what_one_learns_its_clones_know() {
        let (one, other) = (Redactor::new(["correct horse"]), Redactor::default());
        assert!(!other.finds("correct horse"));
        let other = one.clone();
        assert_eq!(other.redact("correct horse"), "[redacted]");
        one.add(["battery staple"]);
        assert!(other.finds("a battery staple") && !other.finds("battery"));
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

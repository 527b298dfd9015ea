//! Secrets taken out of any text that is about to be shown.

mod forms;
mod joined;

use aho_corasick::AhoCorasick;
use joined::Joined;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
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
    /// What was learnt, and how: one secret may be a form of another, or be given first as a text
    /// and then as somebody wrote it.
    learnt: HashSet<(Given, Vec<u8>)>,
    forms: BTreeSet<Vec<u8>>,
    /// Over all forms; made when it is asked for after something new was learnt.
    search: Option<AhoCorasick>,
}

/// How a secret was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Given {
    /// Secret as a whole.
    Text,
    /// Each of its lines is one, too.
    Lines,
}

impl Redactor {
    /// Knows these secrets: see [`Redactor::add`].
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let redactor = Self::default();
        redactor.add(secrets);
        redactor
    }

    /// Knows these as they stand and in no other form, down to three bytes: for a text that they are
    /// known to have gone into.
    pub fn as_they_stand<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let long_enough = |secret: &Vec<u8>| secret.len() >= 3;
        let secrets = secrets.into_iter().map(|secret| secret.as_ref().trim_ascii().to_vec());
        let forms = secrets.filter(long_enough).collect();
        Self(Arc::new(RwLock::new(Known { forms, ..Known::default() })))
    }

    /// Learns texts that are secret as a whole; those of fewer than 8 bytes are left out. Of a
    /// text of several lines those are learnt that look like key material: the rest of what was
    /// made of a secret is not secret by itself.
    pub fn add<S: AsRef<[u8]>>(&self, texts: impl IntoIterator<Item = S>) {
        self.learn(texts, Given::Text);
    }

    /// Learns secrets as somebody wrote them: each of their lines is one, too, and what is
    /// assigned in it.
    pub fn add_line_by_line<S: AsRef<[u8]>>(&self, secrets: impl IntoIterator<Item = S>) {
        self.learn(secrets, Given::Lines);
    }

    fn learn<S: AsRef<[u8]>>(&self, secrets: impl IntoIterator<Item = S>, given: Given) {
        let mut new: HashSet<_> =
            secrets.into_iter().map(|secret| (given, secret.as_ref().to_vec())).collect();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            new.retain(|secret| !known.learnt.contains(secret));
        }
        if new.is_empty() {
            return;
        }
        let mut forms = BTreeSet::new();
        for (given, secret) in &new {
            match given {
                Given::Text => forms::of_text(secret, &mut forms),
                Given::Lines => forms::of_lines(secret, &mut forms),
            }
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.learnt.extend(new);
        let before = known.forms.len();
        known.forms.append(&mut forms);
        if known.forms.len() > before {
            known.search = None;
        }
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

    /// Where secrets stand, those too that lines were broken in; those that overlap are one.
    fn found(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let Some(search) = self.search() else { return Vec::new() };
        let mut all: Vec<_> =
            search.find_overlapping_iter(bytes).map(|hit| (hit.start(), hit.end())).collect();
        if bytes.contains(&b'\n') {
            for join in [Joined::plain, Joined::bare, Joined::marked] {
                let Joined { bytes, places } = join(bytes);
                let hits = search.find_overlapping_iter(&bytes);
                all.extend(hits.map(|hit| (places[hit.start()], places[hit.end() - 1] + 1)));
            }
        }
        all.sort_unstable();
        let mut found: Vec<(usize, usize)> = Vec::new();
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

    /// `base64`, `fold`, and what a diff makes of their lines.
    #[test]
    fn broken_into_lines_it_is_found() {
        let redactor = Redactor::new(["correct horse battery staple"]);
        for (text, expected) in [
            ("a correct horse\n battery staple b", "a [redacted] b"),
            ("correct\n horse battery staple", "[redacted]"),
            ("1: correct ho\r\nrse battery sta\nple\n", "1: [redacted]\n"),
            ("+x Y29ycmVjdCBob3JzZSBi\n+YXR0ZXJ5IHN0YXBsZQ\n", "+x [redacted]Q\n"),
            ("ü\ncorrect horse\nü", "ü\ncorrect horse\nü"),
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

    /// Secrets that are forms, parts and lines of each other, as they are hard to keep apart.
    fn entangled() -> impl Strategy<Value = Vec<(String, bool)>> {
        let word = "[a-z]{1}[a-z/ '=]{7,12}[a-z]{1}";
        let tied = (word, 0..7_usize, any::<bool>(), any::<bool>());
        proptest::collection::vec(tied, 1..7).prop_map(|ties| {
            let mut secrets: Vec<(String, bool)> = Vec::new();
            for (index, (word, tie, first, by_lines)) in ties.into_iter().enumerate() {
                let other = match (index, first) {
                    (0, _) => word.clone(),
                    (_, true) => secrets[0].0.clone(),
                    _ => secrets[index - 1].0.clone(),
                };
                let secret = match tie {
                    0 => word,
                    1 => STANDARD.encode(&other),
                    2 => other.replace('/', "%2F").replace(' ', "%20"),
                    3 => other.chars().take(9).collect(),
                    4 => format!("{word}{other}"),
                    5 => format!("{word}\nkey = {other}\n"),
                    _ => other,
                };
                secrets.push((secret, by_lines));
            }
            secrets
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn in_whatever_order_secrets_are_learnt_nothing_of_one_is_left(
            secrets in entangled().prop_flat_map(|secrets| (Just(secrets.clone()), Just(secrets).prop_shuffle())),
        ) {
            let (secrets, order) = secrets;
            let redactor = Redactor::default();
            for (secret, by_lines) in &order {
                match by_lines {
                    true => redactor.add_line_by_line([secret]),
                    false => redactor.add([secret]),
                }
            }
            let mut needles = Vec::new();
            for (secret, by_lines) in &secrets {
                needles.push(secret.trim());
                if *by_lines && secret.trim().contains('\n') {
                    needles.extend(secret.lines().map(str::trim));
                    let assigned = secret.lines().filter_map(|line| line.split_once(['=', ':']));
                    needles
                        .extend(assigned.map(|(_, value)| value.trim_matches(['\'', '"', ' '])));
                }
            }
            needles.retain(|needle| needle.len() >= 8);
            for needle in &needles {
                let url: String = needle
                    .bytes()
                    .map(|byte| match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                        _ => format!("%{byte:02X}"),
                    })
                    .collect();
                let forms = [(*needle).to_owned(), STANDARD.encode(needle).trim_end_matches('=').to_owned(), url];
                let text = format!("a {} b {} c {}", forms[0], forms[1], forms[2]);
                let shown = redactor.redact(&text).into_owned();
                for form in &forms {
                    prop_assert!(!shown.contains(form), "{form} in {shown}");
                }
            }
        }

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

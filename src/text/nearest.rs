//! The nearest known name: what "did you mean …" offers.

/// The known name that a mistyped one most likely meant, if any is near enough: a third of its
/// letters may differ (at least one, at most three), by insertion, removal, change or swap.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed * 4)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn offers_what_was_meant_and_nothing_far() {
        let known = ["mode", "owner", "group", "validate"];
        for (typed, meant) in [
            ("mdoe", Some("mode")),
            ("onwer", Some("owner")),
            ("valdate", Some("validate")),
            ("frobnicate", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}

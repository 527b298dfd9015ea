//! The markers of units that are held down for the length of a package transaction: they tell a
//! later run which masks a killed one left.

use std::collections::BTreeMap;
use std::path::Path;

/// One file a unit, named after it.
pub(super) const MARKERS: &str = "/run/converge/held";

/// What a marker holds for a unit that was enabled before.
pub(super) const WAS_ENABLED: &str = "enabled";

/// The units that a killed run left masked, and whether each was enabled before; one system call
/// where there are none.
pub(super) fn left_over() -> BTreeMap<String, bool> {
    let Ok(entries) = std::fs::read_dir(MARKERS) else { return BTreeMap::new() };
    let names =
        entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    names.map(|name| (was_enabled(&name), name)).map(|(enabled, name)| (name, enabled)).collect()
}

/// Whether a held unit was enabled before.
pub(super) fn was_enabled(name: &str) -> bool {
    std::fs::read(Path::new(MARKERS).join(name)).is_ok_and(|was| was == WAS_ENABLED.as_bytes())
}

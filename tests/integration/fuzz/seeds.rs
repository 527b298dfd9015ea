//! The project's own files as seeds.

use crate::house::ROOT;
use std::path::Path;

/// Where there are some.
const FOLDERS: [&str; 7] = [
    "inventory",
    "roles",
    "tests/fixtures",
    "tests/integration/fixtures",
    "tests/lab_cases",
    "tests/resource",
    "tests/template",
];

/// The files whose names end so, in the order of their paths.
pub(super) fn ending(endings: &[&str]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        gather(&Path::new(ROOT).join(folder), endings, &mut found);
    }
    assert!(!found.is_empty(), "no file ends in {endings:?}");
    found
}

/// Texts as seeds.
pub(super) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn gather(folder: &Path, endings: &[&str], found: &mut Vec<Vec<u8>>) {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, endings, found);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            found.push(std::fs::read(&path).unwrap());
        }
    }
}

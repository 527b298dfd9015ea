//! What keeps the house habitable: small files, no relaxed safety outside the lab, and documents
//! that name only what exists.

use std::path::Path;

/// The project's folder.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every Rust file below `src/` with its text; paths from the project's folder.
pub(crate) fn sources() -> Vec<(String, String)> {
    let mut found = files("src");
    found.retain(|path| path.ends_with(".rs"));
    found.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Every file below a folder, sorted; none if there is no such folder.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(Path::new(ROOT).join(folder)) else { return found };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> String {
    let bytes = std::fs::read(Path::new(ROOT).join(path)).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn files_are_small() {
    let sizes: Vec<(usize, String)> =
        sources().into_iter().map(|(path, text)| (text.lines().count(), path)).collect();
    let long: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > 500).collect();
    assert!(long.is_empty(), "over 500 lines: {long:?}");
    let small = sizes.iter().filter(|(lines, _)| *lines < 150).count();
    assert!(small * 2 >= sizes.len(), "{small} of {} files have under 150 lines", sizes.len());
}

#[test]
fn what_the_lab_relaxes_stays_in_the_lab() {
    let relaxed = [
        "trusted=yes",
        "siglevel = never",
        "siglevel=never",
        "stricthostkeychecking=no",
        "stricthostkeychecking no",
        "userknownhostsfile=/dev/null",
        "userknownhostsfile /dev/null",
        "allow-unauthenticated",
        "allowinsecurerepositories",
        "ssl_verify=false",
        "--insecure",
    ];
    let outside = |path: &String| !path.starts_with("src/lab/") && path != "src/cli/lab.rs";
    let looked_at = ["roles", "src", "inventory"].into_iter().flat_map(files).filter(outside);
    let mut count = 0;
    for path in looked_at {
        count += 1;
        let text = read(&path).to_lowercase();
        for word in relaxed {
            assert!(!text.contains(word), "{path} has `{word}`, which only the lab may");
        }
    }
    assert!(count > 50, "the search found its files");
}

#[test]
fn no_place_of_work_is_named() {
    let folders = ["roles", "src", "docs", "inventory", "scripts", ".ci"];
    let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Cargo.toml", "clippy.toml"];
    let top = top.into_iter().map(str::to_owned).filter(|path| Path::new(ROOT).join(path).exists());
    for path in folders.into_iter().flat_map(files).chain(top) {
        let text = read(&path);
        for word in [concat!("/wo", "rk/"), concat!("/ro", "ot/.cargo")] {
            assert!(!text.contains(word), "{path} names a place of one machine: `{word}`");
        }
    }
}

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

/// What a task can ask for itself stands in one place, and is used in one, for such a task.
const ASKED_FOR: (&str, &str) = ("src/host/local/tls.rs", ".dangerous()");

#[test]
fn certificates_go_unverified_only_for_who_asks_for_that() {
    let uses = files("src").into_iter().flat_map(|path| {
        let text = read(&path);
        let lines = text.lines().filter(|line| line.contains("trusting_everybody"));
        lines.map(|line| format!("{path}: {}", line.trim())).collect::<Vec<_>>()
    });
    assert_eq!(
        uses.collect::<Vec<_>>(),
        [
            "src/host/local/http.rs: _ if !request.verify => tls::trusting_everybody()?,",
            "src/host/local/tls.rs: pub(super) fn trusting_everybody() -> Result<ClientConfig, HostError> {",
        ]
    );
}

#[test]
fn what_the_lab_relaxes_stays_in_the_lab() {
    let outside = |path: &String| !path.starts_with("src/lab/") && path != "src/cli/lab.rs";
    let looked_at = ["roles", "src", "inventory"].into_iter().flat_map(files).filter(outside);
    let mut count = 0;
    for path in looked_at {
        count += 1;
        let mut text = read(&path);
        if path == ASKED_FOR.0 {
            assert_eq!(text.matches(ASKED_FOR.1).count(), 1, "{path}");
            text = text.replace(ASKED_FOR.1, "");
        }
        if let Some(word) = relaxed(&text) {
            panic!("{path} has `{word}`, which only the lab may");
        }
    }
    assert!(count > 50, "the search found its files");
    let in_the_lab = files("src/lab");
    assert!(in_the_lab.iter().any(|path| relaxed(&read(path)).is_some()), "the lab does relax");
}

/// What relaxes safety, in whatever way it is spaced and quoted: `trusted = yes` is `trusted=yes`.
fn relaxed(text: &str) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "trusted=yes",
        "siglevel=never",
        "siglevel=optional",
        "siglevel=trustall",
        "optionaltrustall",
        "allowuntrusted",
        "allow-untrusted",
        "allow-unauthenticated",
        "allowunauthenticated",
        "allowinsecurerepositories",
        "allow-insecure-repositories",
        "allowdowngradetoinsecure",
        "allowweakrepositories",
        "verify-peer=false",
        "nogpgcheck",
        "no-gpg-check",
        "gpgcheck=0",
        "force-yes",
        "stricthostkeychecking=no",
        "stricthostkeychecking=off",
        "stricthostkeychecking=accept-new",
        "accept-new",
        "userknownhostsfile=/dev/null",
        "globalknownhostsfile=/dev/null",
        "danger_accept",
        "disable_verification(true)",
        "dangerous()",
        "ssl_verify=false",
        "sslverify=false",
        "validate_certs=false",
        "validate_certs=no",
        "--insecure",
        "no-check-certificate",
    ];
    // Quotes, blanks and signs between a name and its value differ from file to file.
    let bare = |text: &str| text.replace(['"', '\'', '_', '=', ':', ' ', '\t'], "");
    let lower = bare(&text.to_lowercase());
    WORDS.iter().find(|word| lower.contains(&bare(word))).copied()
}

#[test]
fn every_spelling_of_relaxed_safety_is_found() {
    for text in [
        "deb [trusted = yes] http://x",
        "SigLevel  =  Optional TrustAll",
        "sigLevel=Never",
        "APT::Get::AllowUnauthenticated \"true\";",
        "Acquire::AllowInsecureRepositories true;",
        "-o StrictHostKeyChecking=no",
        "StrictHostKeyChecking accept-new",
        "UserKnownHostsFile /dev/null",
        ".danger_accept_invalid_certs(true)",
        "validate_certs: false",
        "curl --insecure",
    ] {
        assert!(relaxed(text).is_some(), "{text}");
    }
    for text in ["trusted: the host's key", "SigLevel = Required DatabaseOptional", "secure"] {
        assert_eq!(relaxed(text), None, "{text}");
    }
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

/// What events say is worded in one file: the engine gives data, and no report reads words back.
#[test]
fn words_for_events_are_made_in_one_place() {
    const WORDS: &str = "src/report/words.rs";
    let pieces: Vec<String> = literals(&read(WORDS)).iter().flat_map(|text| pieces(text)).collect();
    for piece in ["REMOVES", "installs also", "would fail:", "every run: nothing says when"] {
        assert!(pieces.iter().any(|known| known.contains(piece)), "{piece} in {pieces:?}");
    }
    let of_events = ["src/engine/", "src/agent/", "src/event", "src/host/overlay/", "src/report/"];
    let mut looked_at = 0;
    for (path, text) in sources() {
        // What is said on loading goes to the author of a role, and is no event's.
        let loading = path.starts_with("src/engine/typing/");
        if path == WORDS || loading || !of_events.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        looked_at += 1;
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for literal in literals(code) {
            let made = pieces.iter().find(|piece| match piece.contains(' ') {
                true => literal.contains(*piece),
                // A single word may be a parameter's value, which the engine reads.
                false => path.starts_with("src/report/") && literal.trim() == **piece,
            });
            assert_eq!(made, None, "{path} has words that {WORDS} makes: {literal:?}");
        }
    }
    assert!(looked_at > 60, "the search found its files");
}

/// The parts of a format string that stand as they are.
fn pieces(text: &str) -> Vec<String> {
    let parts = text.split(['{', '}']).step_by(2).map(str::trim);
    parts.filter(|part| part.len() > 4).map(str::to_owned).collect()
}

/// The string literals of a source, without comments.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n").replace("'\"'", "").replace("\\\"", "");
    for (at, part) in code.split('"').enumerate() {
        if at % 2 == 1 {
            found.push(part.to_owned());
        }
    }
    found
}

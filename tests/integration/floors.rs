//! A module uses only modules of lower floors (`docs/architecture.md`): so a change's reach is
//! known before it is made.

use crate::house::{ROOT, sources};
use std::collections::BTreeSet;

/// Every module of the library with its floor.
const FLOORS: [(&str, u8); 15] = [
    ("text", 0),
    ("value", 1),
    ("config", 2),
    ("template", 2),
    ("host", 3),
    ("resource", 4),
    ("event", 5),
    ("log", 5),
    ("engine", 6),
    ("protocol", 7),
    ("agent", 8),
    ("report", 8),
    ("controller", 9),
    ("lab", 9),
    ("cli", 10),
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

#[test]
fn a_module_uses_only_lower_floors() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = own_module(&path);
        let Some(own) = own else { continue };
        let own_floor = floor(&own).unwrap_or_else(|| panic!("{path}: no floor for `{own}`"));
        for (line, used) in crate_paths(&text) {
            match floor(&used) {
                _ if used == own => {}
                Some(floor) if floor < own_floor => {}
                Some(floor) => wrong.push(format!(
                    "{path}:{line}: `{own}` (floor {own_floor}) uses `{used}` (floor {floor})"
                )),
                None => wrong.push(format!("{path}:{line}: no floor for `{used}`")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_floor_and_every_floor_a_module() {
    let text = std::fs::read_to_string(format!("{ROOT}/src/lib.rs")).unwrap();
    let declared = text.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    let declared: BTreeSet<&str> = declared.collect();
    let floors: BTreeSet<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    assert_eq!(declared, floors);
}

#[test]
fn the_reader_of_paths_sees_every_form() {
    let text = "use crate::text::Span;\n// use crate::doc;\n    let x = crate::value::Mode::new();\n\
                use crate::{event::Event, host::{self, View}};\npub(crate) fn f() {}\n\
                use crate::{\n    lab::Lab,\n    cli,\n};\n";
    let used = crate_paths(text);
    let expected = [(1, "text"), (3, "value"), (4, "event"), (4, "host"), (6, "lab"), (6, "cli")];
    assert_eq!(used, expected.map(|(line, name)| (line, name.to_owned())));
}

/// `src/report/json.rs` is of `report`, `src/event.rs` of `event`; the two roots are of none.
fn own_module(path: &str) -> Option<String> {
    let rest = path.strip_prefix("src/")?;
    let first = rest.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!["bin", "lib", "main"].contains(&name)).then(|| name.to_owned())
}

/// Every top-level module named after `crate::` outside comments, with its line.
fn crate_paths(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let code: Vec<&str> = text
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .collect();
    let code = code.join("\n");
    for (at, _) in code.match_indices("crate::") {
        // `$crate::`, `mycrate::` are other words.
        if code[..at].ends_with(|char: char| char.is_alphanumeric() || char == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push((line, word(rest))),
            Some(list) => found.extend(first_level(list).into_iter().map(|name| (line, name))),
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect()
}

/// The first words of a `{a::b, c::{d, e}}` list's entries.
fn first_level(list: &str) -> Vec<String> {
    let (mut depth, mut entry, mut entries) = (0, String::new(), Vec::new());
    for char in list.chars() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entries.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(char),
            _ => {}
        }
    }
    entries.push(entry);
    entries.iter().map(|entry| word(entry.trim())).filter(|name| !name.is_empty()).collect()
}

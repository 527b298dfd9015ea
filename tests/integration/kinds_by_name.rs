//! What a kind of resource is stands in its own file: nothing above `resource/` knows one by name.

use crate::house::sources;
use converge::resource::kinds;

/// Floors below `resource/`, which know no kinds, and the lab's fixtures.
const OTHERS: [&str; 7] = ["config", "host", "lab", "resource", "template", "text", "value"];

/// Words that mean something else where they stand.
const MEANT_OTHERWISE: [(&str, &[&str], &str); 4] = [
    ("src/cli/lint.rs", &["file"], "a member of the JSON document"),
    ("src/engine/account_report.rs", &["group", "shell"], "what a user has"),
    ("src/engine/typing/control.rs", &["file"], "what `include_tasks` takes"),
    (
        "src/report/",
        &["command", "file", "group", "package", "service", "smtp_probe", "user"],
        "kinds of actions, and what people call their targets",
    ),
];

#[test]
fn nothing_above_the_resources_knows_a_kind_by_its_name() {
    let mut wrong = Vec::new();
    let mut used = [false; MEANT_OTHERWISE.len()];
    for (path, text) in sources() {
        let module = path.trim_start_matches("src/").split('/').next().unwrap_or_default();
        if OTHERS.contains(&module) || path.ends_with("tests.rs") {
            continue;
        }
        for (line, word) in kinds_named(&text) {
            let meant = MEANT_OTHERWISE
                .iter()
                .position(|(at, words, _)| path.starts_with(at) && words.contains(&&*word));
            match meant {
                Some(at) => used[at] = true,
                None => wrong.push(format!("{path}:{line}: \"{word}\"")),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a kind is known by its name here; let it say of itself what is asked (`Resource`'s \
         constants, `Kind`), or say above what else the word means:\n{}",
        wrong.join("\n")
    );
    for ((path, words, _), used) in MEANT_OTHERWISE.iter().zip(used) {
        assert!(used, "{path} has none of {words:?} any more");
    }
}

#[test]
fn a_kind_s_name_is_found_in_code_alone() {
    let text = "match kind.name {\n    \"copy\" | \"ansible.builtin.uri\" => 1,\n    \
                // \"template\"\n    \"copying\" => 2,\n}\n#[cfg(test)]\nmod tests { \"stat\" }\n";
    let found = kinds_named(text);
    assert_eq!(found, [(2, "copy".to_owned()), (2, "ansible.builtin.uri".to_owned())]);
}

/// Every string that is a kind's name, outside comments and tests, with its line.
fn kinds_named(text: &str) -> Vec<(usize, String)> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_kind = |word: &&str| {
        let own = word.strip_prefix("ansible.builtin.").unwrap_or(word);
        kinds().iter().any(|kind| kind.name == own || kind.aliases.contains(&own))
    };
    let lines = code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|(at, line)| {
            let words = line.split('"').skip(1).step_by(2).filter(is_kind);
            words.map(move |word| (at + 1, word.to_owned()))
        })
        .collect()
}

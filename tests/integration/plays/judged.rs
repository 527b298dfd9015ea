//! Playbooks that Ansible itself has run, and what each host said and which failed there: the same is
//! said here. `scripts/judge-plays` makes and judges the cases.

use super::stage::Stage;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn cases(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Value::Array(cases) => cases,
        case => vec![case],
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What differs from what Ansible said.
fn difference(case: &Value) -> Option<String> {
    let files = case["files"].as_object().unwrap();
    let mut stage = Stage::new(files.iter().map(|(name, text)| (&**name, text.as_str().unwrap())));
    let arguments = texts(&case["arguments"]);
    let extra = arguments.chunks(2).filter(|pair| pair[0] == "-e");
    stage.options.extra = extra.map(|pair| pair[1].clone()).collect();
    let stage = stage.forks(2);
    if let Err(errors) = stage.load() {
        return Some(format!("{:?}", errors.diagnostics));
    }
    let told = stage.apply();
    let (said, failed) = (told.said(), told.failed());
    let by_host = case["said"].as_object().unwrap().iter();
    let theirs: BTreeMap<String, Vec<String>> =
        by_host.map(|(host, said)| (host.clone(), texts(said))).collect();
    if said == theirs && failed == texts(&case["failed"]) {
        return None;
    }
    let site = &case["files"]["site.yml"];
    Some(format!("{site}\nours {said:#?} {failed:?}\ntheirs {theirs:#?} {}", case["failed"]))
}

#[test]
fn playbooks_say_what_they_say_in_ansible() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plays");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.extend(std::env::var_os("CONVERGE_PLAYS").map(Into::into));
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in &files {
        for case in cases(file) {
            count += 1;
            let name = format!("{} {}", file.display(), case["seed"]);
            wrong.extend(difference(&case).map(|found| format!("{name}: {found}")));
        }
    }
    assert!(count > 0 && wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n\n"));
}

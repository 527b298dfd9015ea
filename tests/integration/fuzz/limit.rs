//! `--limit`, and words of a command line.

use super::random::Random;
use super::{Target, seeds, text};
use converge::config::{Inventory, MemoryFiles, Reader, Vault, select};
use converge::text::{Sources, command_line, split_words};
use std::path::Path;

pub(super) const TARGET: Target = Target { name: "limit", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    ":",
    ",",
    "&",
    "!",
    "~",
    "~(",
    "~web.*",
    "[0]",
    "[-1]",
    "[1:]",
    "[:2]",
    "[0:99999999999999999999]",
    "[-9:9]",
    "*",
    "?",
    "[a-z]",
    "[!a]",
    "@file",
    "@",
    "web",
    "all",
    "db[1",
    "(a+)+$",
    "{1000}{1000}",
    "\\p{L}",
    "(?i)",
];

fn seeds() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "all",
        "web:&prod",
        "web,!db1",
        "web[0:2]",
        "web[-1]",
        "~web[0-9]+",
        "web*:db?",
        "@file",
        "web[12].example",
        "-F /etc/x -o 'ProxyCommand=nc %h %p'",
        "a \"b c\" d\\ e 'f'",
    ])
}

const HOSTS: &str = "all:\n  children:\n    web:\n      hosts:\n        web[1:20]:\n    prod:\n      hosts:\n        web3:\n        db1:\n";

fn judge(bytes: &[u8], _: &mut Random) -> Result<(), String> {
    let pattern = text(bytes);
    let files = MemoryFiles::default().with("hosts.yml", HOSTS).with("file", bytes);
    let (mut sources, vault) = (Sources::default(), Vault::default());
    let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
    let inventory = Inventory::load(Path::new("hosts.yml"), &mut reader).unwrap();
    match select(&inventory, &pattern, &reader) {
        Ok(hosts) if hosts.is_empty() => return Err("selects nothing without a word".into()),
        Ok(_) => {}
        Err(error) if error.message.is_empty() => return Err("refused without a word".into()),
        Err(_) => {}
    }
    if let Ok(words) = split_words(&pattern) {
        let line = command_line(words.iter().map(String::as_str));
        match split_words(&line) {
            Ok(again) if again == words => {}
            other => return Err(format!("{words:?} are quoted as {line}, which is {other:?}")),
        }
    }
    Ok(())
}

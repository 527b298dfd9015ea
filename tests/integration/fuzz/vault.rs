//! Vaulted files: what opens is what was sealed, byte by byte, whatever else is done to the envelope.

use super::random::Random;
use super::{Target, seeds};
use converge::config::{VAULT_MARK, Vault};
use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) const TARGET: Target = Target { name: "vault", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "$ANSIBLE_VAULT;1.2;AES256;prod\n",
    ";",
    "1.2",
    "AES",
    "0a",
    "0A",
    "00",
    "ff",
    "\n",
    "\r\n",
    "3",
    "6",
    "61",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut found = seeds::ending(&[
        "vault/v11.yml",
        "vault/v12.yml",
        "vault/broken.yml",
        "vault/empty.yml",
        "vault/word.yml",
    ]);
    found.retain(|bytes| bytes.starts_with(VAULT_MARK));
    assert!(found.len() > 2);
    found
}

fn opener() -> Vault {
    let mut vault = Vault::default();
    vault.add("default", b"correct horse".to_vec());
    vault.add("prod", b"battery staple".to_vec());
    vault
}

static SEALED: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let opened: HashSet<_> = seeds()
        .iter()
        .filter_map(|seed| Some(opener().decrypt(seed).ok()?.expose().clone()))
        .collect();
    assert!(!opened.is_empty(), "no seed opens");
    opened
});

fn judge(bytes: &[u8], _: &mut Random) -> Result<(), String> {
    match opener().decrypt(bytes) {
        Ok(plain) if SEALED.contains(plain.expose()) => Ok(()),
        Ok(plain) => Err(format!("opens to {:?}", String::from_utf8_lossy(plain.expose()))),
        Err(error) if error.message.is_empty() => Err("refused without a word".into()),
        Err(_) => Ok(()),
    }
}

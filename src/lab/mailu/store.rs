//! Mailu's domains, users and tokens, in one file that is written anew at each change.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::cidr::Cidr;
use super::files::{read_json, write_json};

/// What Mailu knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) domains: BTreeSet<String>,
    /// Attributes of each user, by address.
    pub(super) users: BTreeMap<String, Map<String, Value>>,
    pub(super) tokens: Vec<Token>,
    pub(super) last_id: u64,
}

/// A token of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub email: String,
    /// What it is for.
    pub comment: String,
    /// The networks that it is good for; none for everywhere. Sorted, each once.
    pub authorized_ip: Vec<String>,
    /// The day of its making, `YYYY-MM-DD`.
    pub created: String,
    /// The day of its last change.
    pub last_edit: Option<String>,
    /// Enough to know the secret again.
    pub(super) secret_sha256: String,
}

impl Data {
    /// Whether the login may be used with this secret from this address.
    pub(super) fn knows(&self, login: &str, secret: &str, client: IpAddr) -> bool {
        let enabled = |key: &str| self.attribute(login, key) == Some(true);
        let here = |token: &Token| {
            let mut nets = token.authorized_ip.iter().filter_map(|net| Cidr::parse(net));
            token.authorized_ip.is_empty() || nets.any(|net| net.contains(client))
        };
        let hash = hash(secret);
        enabled("enabled")
            && self
                .tokens
                .iter()
                .any(|token| token.email == login && token.secret_sha256 == hash && here(token))
    }

    /// Whether the login may send as this address: its own, one with a `+detail` of its own, or
    /// any where it was allowed to. The empty sender of a bounce is nobody's.
    pub(super) fn owns(&self, login: &str, sender: &str) -> bool {
        let plain = match sender.rsplit_once('@') {
            Some((local, domain)) => {
                format!("{}@{domain}", local.split('+').next().unwrap_or(local))
            }
            None => sender.to_owned(),
        };
        sender.is_empty()
            || plain.eq_ignore_ascii_case(login)
            || self.attribute(login, "allow_spoofing") == Some(true)
    }

    fn attribute(&self, login: &str, key: &str) -> Option<bool> {
        self.users.get(login)?.get(key)?.as_bool()
    }
}

/// sha256 in hexadecimal: a secret of 128 random bits cannot be guessed from it.
pub(super) fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    data: Mutex<Data>,
}

impl Store {
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let data = Mutex::new(read_json(&path)?);
        Ok(Self { path, data })
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Data) -> T) -> T {
        look(&self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what is known; on disk when it returns.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Data) -> T) -> Result<T> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut data);
        write_json(&self.path, &*data)?;
        Ok(answer)
    }
}

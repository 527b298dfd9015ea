//! Mailu's limit on bad API tokens: after five from one /24, that /24 is refused, right or wrong.

use std::collections::BTreeMap;
use std::io::Result;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Mutex;

use super::files::{read_json, write_json};

const MOST: u32 = 5;

/// Counts bad tokens per network, in a file that a test may remove to be forgiven.
#[derive(Debug)]
pub(super) struct Limiter {
    path: PathBuf,
    one_at_a_time: Mutex<()>,
}

impl Limiter {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, one_at_a_time: Mutex::new(()) }
    }

    /// Whether the client's network has used up its tries.
    pub(super) fn is_exhausted(&self, client: IpAddr) -> Result<bool> {
        let counts: BTreeMap<String, u32> = read_json(&self.path)?;
        Ok(counts.get(&network(client)).is_some_and(|count| *count >= MOST))
    }

    /// Counts a bad token.
    pub(super) fn count(&self, client: IpAddr) -> Result<()> {
        let _one = self.one_at_a_time.lock();
        let mut counts: BTreeMap<String, u32> = read_json(&self.path)?;
        *counts.entry(network(client)).or_default() += 1;
        write_json(&self.path, &counts)
    }
}

/// The /24, or of IPv6 the /48.
fn network(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

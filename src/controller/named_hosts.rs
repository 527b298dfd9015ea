//! Which hosts of a run are named in what one of them is sent: of the others it is told nothing.

use aho_corasick::AhoCorasick;
use std::collections::BTreeSet;

/// Finds the names and addresses of a run's hosts in texts, however many hosts there are.
pub(super) struct NamedHosts {
    search: Option<AhoCorasick>,
    /// In the order of the search, each behind its host.
    addresses: Vec<(String, String)>,
}

impl NamedHosts {
    /// Of these, each behind its host.
    pub(super) fn of(addresses: impl Iterator<Item = (String, String)>) -> Self {
        let addresses: Vec<(String, String)> = addresses.collect();
        let search = AhoCorasick::new(addresses.iter().map(|(_, address)| address)).ok();
        Self { search, addresses }
    }

    /// Those that stand anywhere in a text, but for this host's own.
    pub(super) fn named_in(&self, text: &str, host: &str) -> Vec<String> {
        let Some(search) = &self.search else { return Vec::new() };
        let found: BTreeSet<usize> =
            search.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
        let others = found.into_iter().map(|at| &self.addresses[at]).filter(|(of, _)| of != host);
        others.map(|(_, address)| address.clone()).collect()
    }
}

//! The host's facts: gathered when the run begins, and again after what may make them others.

use super::knowledge::Trace;
use super::run::Runner;
use crate::host::local::fact_sources;
use crate::host::{Action, Host, HostError, Touch};
use crate::value::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

impl Runner<'_> {
    /// What names mean to every task from here on.
    ///
    /// # Errors
    /// If the host cannot be asked.
    pub(super) fn gather(&mut self, host: &dyn Host) -> Result<(), HostError> {
        let mut facts = host.facts()?;
        facts.extend(self.bundle.magic.clone());
        self.knows.facts = Arc::new(facts);
        Ok(())
    }

    /// Tells what other hosts ask for of this one, by the names of what is secret.
    pub(super) fn share(&mut self) {
        let bundle = self.bundle;
        if bundle.shares.is_empty() {
            return;
        }
        let (mut values, mut secret) = (Map::new(), Vec::new());
        for name in &bundle.shares {
            let known = self.knows.results.get(name).or_else(|| self.knows.facts.get(name));
            let Some(value) = known else { continue };
            let mut shown = !value.has_secret();
            value.each_leaf(&mut |text| shown &= !self.redactor.finds(text));
            if shown {
                values.insert(name.clone(), value.clone());
            } else {
                secret.push(name.clone());
            }
        }
        self.outlet.share(values, secret);
    }

    /// The same for the facts that are read from these sources: the others stay what they were,
    /// as a dry run took them to.
    pub(super) fn gather_again(&mut self, host: &dyn Host, sources: &BTreeSet<&'static str>) {
        if sources.is_empty() {
            return;
        }
        let gathered = host.facts().map(|facts| {
            let all = Arc::make_mut(&mut self.knows.facts);
            take_over(all, facts, sources);
        });
        self.warn_if_failed(gathered);
    }
}

fn take_over(all: &mut Map, gathered: Map, sources: &BTreeSet<&'static str>) {
    for (name, value) in gathered {
        match (all.get_mut(&name), value) {
            (Some(Value::Map(all)), Value::Map(gathered)) if name == "ansible_facts" => {
                take_over(all, gathered, sources);
            }
            (_, value) if fact_sources(&name).iter().any(|source| sources.contains(source)) => {
                all.insert(name, value);
            }
            _ => {}
        }
    }
}

/// What facts are read from that this may have made another.
pub(super) fn sources_of(action: &Action) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for touch in action.touches() {
        let touched = |source: &str| match &touch {
            Touch::Path(path) => Path::new(source) == *path,
            Touch::Tree(path) => Path::new(source).starts_with(path),
            Touch::Network => source == "network",
            Touch::Everything => true,
            Touch::Attributes(_)
            | Touch::User(_)
            | Touch::Group(_)
            | Touch::UserNumber(_)
            | Touch::GroupNumber(_)
            | Touch::Unit(_)
            | Touch::UnitFiles
            | Touch::Packages(_)
            | Touch::PackageDatabase => false,
        };
        found.extend(fact_sources("facts").iter().filter(|source| touched(source)));
    }
    found
}

/// What facts are read from that all this may have made another.
pub(super) fn sources_of_all(trail: &[Trace]) -> BTreeSet<&'static str> {
    let unsettled = |names: &[String]| {
        let is_below = |source: &str, name: &str| name.starts_with('/') && source.starts_with(name);
        let sources = fact_sources("facts").iter().copied();
        let gone = |source: &&str| names.iter().any(|n| n == source || is_below(source, n));
        sources.filter(gone).collect()
    };
    let each = trail.iter().map(|trace| match trace {
        Trace::Did(action) => sources_of(action),
        Trace::Unsettled(names) => unsettled(names),
        Trace::Set(_) | Trace::Ran(_) => BTreeSet::new(),
    });
    each.flatten().collect()
}

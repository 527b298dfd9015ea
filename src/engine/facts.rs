//! The host's facts: gathered when the run begins, and again after what may make them others.

use super::knowledge::Trace;
use super::run::Runner;
use crate::host::local::fact_sources;
use crate::host::{Action, Host, HostError, Touch};
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

    /// The same, once something was done that facts are read from.
    pub(super) fn gather_again(&mut self, host: &dyn Host) {
        let gathered = self.gather(host);
        self.warn_if_failed(gathered);
    }
}

/// Whether facts may be others after this.
pub(super) fn makes_facts(action: &Action) -> bool {
    let sources = fact_sources("facts");
    action.touches().iter().any(|touch| match touch {
        Touch::Path(path) => sources.iter().any(|source| Path::new(source) == *path),
        Touch::Tree(path) => sources.iter().any(|source| Path::new(source).starts_with(path)),
        Touch::Network | Touch::Everything => true,
        Touch::Attributes(_)
        | Touch::User(_)
        | Touch::Group(_)
        | Touch::UserNumber(_)
        | Touch::GroupNumber(_)
        | Touch::Unit(_)
        | Touch::UnitFiles
        | Touch::Packages(_)
        | Touch::PackageDatabase => false,
    })
}

/// Whether facts may be others after all this.
pub(super) fn made_facts(trail: &[Trace]) -> bool {
    trail.iter().any(|trace| match trace {
        Trace::Did(action) => makes_facts(action),
        Trace::Unsettled(names) => names.iter().any(|name| name == "/" || name == "network"),
        Trace::Set(_) | Trace::Ran(_) => false,
    })
}

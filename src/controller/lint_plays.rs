//! Whether playbooks can be run on an inventory, and everything that keeps them from it: found by
//! loading them as a run does.

use super::lint::{Linted, LintedRole};
use super::options::LoadOptions;
use super::project::Project;
use crate::config::{Files, Vault};
use crate::text::{Diagnostic, Sources};

/// Looks at playbooks, which are run as one; no host is asked for.
#[must_use]
pub fn lint_playbooks(options: &LoadOptions, files: &dyn Files, vault: &Vault) -> Linted {
    let (needs, sources): (Vec<Diagnostic>, Sources) = match Project::load(options, files, vault) {
        Ok(project) => (Vec::new(), project.sources),
        Err(errors) => (errors.diagnostics, errors.sources),
    };
    let names = options.playbooks.iter().map(|path| path.display().to_string());
    let name = names.collect::<Vec<_>>().join(", ");
    let one = LintedRole { name, asks: Vec::new(), files: Vec::new(), needs };
    Linted { roles: vec![one], sources }
}

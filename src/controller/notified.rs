//! Whether every handler that a role notifies is there: a name that none answers to would lose a
//! restart for good.

use super::loaded_role::LoadedRole;
use super::project::Project;
use crate::text::{Diagnostic, Span, nearest};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// One error per place, however many hosts have the role.
pub(super) fn check(project: &Project) -> Vec<Diagnostic> {
    let libraries: BTreeSet<&[String]> = project
        .hosts
        .values()
        .flat_map(|plan| &plan.plays)
        .map(|play| play.library.as_slice())
        .collect();
    let mut found: BTreeMap<Span, Diagnostic> = BTreeMap::new();
    for library in libraries {
        let roles: Vec<_> = library.iter().filter_map(|role| project.roles.get(role)).collect();
        for error in roles.iter().flat_map(|role| unanswered(role, &roles)) {
            if let Some(span) = error.span {
                found.entry(span).or_insert(error);
            }
        }
    }
    found.into_values().collect()
}

/// What a role notifies and none of these roles has.
pub(super) fn unanswered(role: &LoadedRole, among: &[&LoadedRole]) -> Vec<Diagnostic> {
    let known: HashSet<&str> = among.iter().flat_map(|role| role.typed.answers()).collect();
    let lost = role.typed.notifies.iter().filter(|(name, _)| !known.contains(name.as_str()));
    let error = |(name, span): &(String, Span)| {
        let error =
            Diagnostic::new(format!("no handler is called `{name}`, or listens to it")).at(*span);
        match nearest(name, known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("add it to the role's handlers/main.yml"),
        }
    };
    lost.map(error).collect()
}

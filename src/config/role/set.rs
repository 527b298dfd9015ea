//! The roles of a run, with those they need.

use super::{Role, RolePath};
use crate::config::Vault;
use crate::text::{Diagnostic, Sources, Span};
use crate::value::{Key, Node};
use indexmap::IndexMap;

/// Every role that was read, by name.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: IndexMap<String, Role>,
}

/// A role in the order of running, with what a role that needs it gives it.
#[derive(Debug, Clone, Copy)]
pub struct RoleUse<'a> {
    /// The role.
    pub role: &'a Role,
    /// What `dependencies:` sets for it.
    pub vars: &'a [(Key, Node)],
}

impl Roles {
    /// Reads roles and, transitively, those they need; what was read before is kept.
    ///
    /// # Errors
    /// Everything that is wrong with them, roles that need themselves included.
    pub fn load(
        &mut self,
        wanted: impl IntoIterator<Item = (String, Option<Span>)>,
        path: &RolePath<'_>,
        sources: &mut Sources,
        vault: &Vault,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut open: Vec<(String, Option<Span>)> = wanted.into_iter().collect();
        open.reverse();
        let mut failed = std::collections::HashSet::new();
        while let Some((name, span)) = open.pop() {
            if self.roles.contains_key(&name) || failed.contains(&name) {
                continue;
            }
            match path.load(&name, span, sources, vault) {
                Ok(role) => {
                    let needed = role.dependencies.iter().rev();
                    open.extend(needed.map(|needed| (needed.name.clone(), Some(needed.span))));
                    self.roles.insert(name, role);
                }
                Err(found) => {
                    errors.extend(found);
                    failed.insert(name);
                }
            }
        }
        if errors.is_empty() {
            errors.extend(self.cycle());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The role of this name, if it was read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// Every role that was read.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// Roles in the order of running: what a role needs before it, each once unless it is given
    /// other variables. Roles that were not read are left out.
    #[must_use]
    pub fn in_order<'a>(&'a self, wanted: impl IntoIterator<Item = &'a str>) -> Vec<RoleUse<'a>> {
        let mut order = Vec::new();
        for name in wanted {
            self.push(name, &[], &mut order);
        }
        order
    }

    fn push<'a>(&'a self, name: &str, vars: &'a [(Key, Node)], order: &mut Vec<RoleUse<'a>>) {
        let Some(role) = self.roles.get(name) else { return };
        let same = |used: &RoleUse<'_>| used.role.name == name && same_vars(used.vars, vars);
        if order.iter().any(same) {
            return;
        }
        // Ends, because `load` refuses roles that need themselves.
        for needed in &role.dependencies {
            self.push(&needed.name, &needed.vars, order);
        }
        order.push(RoleUse { role, vars });
    }

    /// The first role that needs itself.
    #[must_use]
    pub fn cycle(&self) -> Option<Diagnostic> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut marks = vec![Mark::New; self.roles.len()];
        for start in 0..self.roles.len() {
            // The way down to here: each role, and how many of its needs were followed.
            let mut way = vec![(start, 0)];
            while let Some((number, followed)) = way.last_mut() {
                let role = &self.roles[*number];
                if *followed == 0 {
                    if marks[*number] == Mark::Done {
                        way.pop();
                        continue;
                    }
                    marks[*number] = Mark::Open;
                }
                let Some(needed) = role.dependencies.get(*followed) else {
                    marks[*number] = Mark::Done;
                    way.pop();
                    continue;
                };
                *followed += 1;
                let Some(next) = self.roles.get_index_of(&needed.name) else { continue };
                if marks[next] == Mark::Open {
                    let from = way.iter().position(|(number, _)| *number == next).unwrap_or(0);
                    let mut names: Vec<&str> =
                        way[from..].iter().map(|(at, _)| self.roles[*at].name.as_str()).collect();
                    names.push(&needed.name);
                    return Some(
                        Diagnostic::new(format!("role `{}` needs itself", needed.name))
                            .at(needed.span)
                            .note(names.join(" → "))
                            .help("take one of them out of the other's `dependencies:`"),
                    );
                }
                way.push((next, 0));
            }
        }
        None
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self { roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect() }
    }
}

/// Whether the same was written, wherever it stands.
fn same_vars(a: &[(Key, Node)], b: &[(Key, Node)]) -> bool {
    let same = |((a, x), (b, y)): (&(Key, Node), &(Key, Node))| {
        a.name == b.name && x.to_value() == y.to_value()
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

//! The roles of a run, with those they need.

use super::{Dependency, Role, RolePath};
use crate::config::Vault;
use crate::text::{Diagnostic, Sources, Span};
use crate::value::{Key, Node, Value};
use indexmap::IndexMap;

/// Every role that was read, by name.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: IndexMap<String, Role>,
}

/// A role in the order of running, with what those that need it give it.
#[derive(Debug, Clone)]
pub struct RoleUse<'a> {
    /// The role.
    pub role: &'a Role,
    /// Who needs it: the play's entry first, then what `dependencies:` names on the way, the nearest
    /// last.
    pub needed_by: Vec<&'a Dependency>,
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

    /// The same for the roles of a play, which are given what stands beside them there.
    #[must_use]
    pub fn of_play<'a>(&'a self, roles: &'a [Dependency]) -> Vec<RoleUse<'a>> {
        let mut order = Vec::new();
        for needed in roles {
            self.push(&needed.name, &[needed], &mut order);
        }
        order
    }

    fn push<'a>(&'a self, name: &str, needed_by: &[&'a Dependency], order: &mut Vec<RoleUse<'a>>) {
        let Some(role) = self.roles.get(name) else { return };
        let given = |by: &[&Dependency]| by.last().map_or_else(Given::default, |by| given(by));
        let same = |used: &RoleUse<'_>| {
            used.role.name == name && given(&used.needed_by) == given(needed_by)
        };
        if order.iter().any(same) {
            return;
        }
        // Ends, because `load` refuses roles that need themselves.
        for needed in &role.dependencies {
            let way: Vec<&Dependency> = needed_by.iter().copied().chain([needed]).collect();
            self.push(&needed.name, &way, order);
        }
        order.push(RoleUse { role, needed_by: needed_by.to_vec() });
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

/// Variables, parameters and keywords by their names.
type Given = [Vec<(String, Value)>; 3];

/// What a role is given, wherever it is written.
fn given(by: &Dependency) -> Given {
    let plain = |entries: &[(Key, Node)]| {
        entries.iter().map(|(key, node)| (key.name.clone(), node.to_value())).collect()
    };
    [plain(&by.vars), plain(&by.params), plain(&by.keywords)]
}

//! Linking groups and hosts: what stands below `all`, how deep, and no group inside itself.

use super::Inventory;
use crate::text::Diagnostic;
use indexmap::IndexSet;

/// The numbers of the groups that always exist.
const ALL: usize = 0;
const UNGROUPED: usize = 1;

impl Inventory {
    /// Puts groups without a parent below `all`, hosts without a group into `ungrouped`, and
    /// computes every group's depth.
    ///
    /// # Errors
    /// A group that is inside itself.
    pub(super) fn link(&mut self) -> Result<(), Diagnostic> {
        for group in UNGROUPED + 1..self.groups.len() {
            if self.groups[group].parents.is_empty() {
                self.groups[group].parents.push(ALL);
                self.groups[ALL].children.push(group);
            }
        }
        self.find_depths()?;
        self.find_ungrouped();
        Ok(())
    }

    fn find_ungrouped(&mut self) {
        for host in 0..self.hosts.len() {
            let groups = &mut self.hosts[host].groups;
            if groups.iter().any(|group| *group > UNGROUPED) {
                groups.retain(|group| *group > UNGROUPED);
            } else {
                *groups = vec![UNGROUPED];
            }
        }
        // Those that were put there come first.
        let written = std::mem::take(&mut self.groups[UNGROUPED].hosts);
        let ungrouped: IndexSet<usize> = written
            .into_iter()
            .chain(0..self.hosts.len())
            .filter(|host| self.hosts[*host].groups == [UNGROUPED])
            .collect();
        self.groups[UNGROUPED].hosts = ungrouped.into_iter().collect();
    }

    /// Visits each group after all of its parents (Kahn 1962); what is never reached so is inside
    /// itself, or below such a group.
    fn find_depths(&mut self) -> Result<(), Diagnostic> {
        let mut waiting: Vec<usize> =
            self.groups.values().map(|group| group.parents.len()).collect();
        let mut open: Vec<usize> = Vec::from_iter((waiting[ALL] == 0).then_some(ALL));
        let mut visited = 0;
        while let Some(group) = open.pop() {
            visited += 1;
            let depth = self.groups[group].depth + 1;
            for at in 0..self.groups[group].children.len() {
                let child = self.groups[group].children[at];
                self.groups[child].depth = self.groups[child].depth.max(depth);
                waiting[child] -= 1;
                if waiting[child] == 0 {
                    open.push(child);
                }
            }
        }
        if visited == self.groups.len() { Ok(()) } else { Err(self.cycle(&waiting)) }
    }

    /// Walks up through groups that wait for a parent until one comes again.
    fn cycle(&self, waiting: &[usize]) -> Diagnostic {
        let waits = |group: &usize| waiting[*group] > 0;
        let mut way: Vec<usize> = (0..waiting.len()).find(waits).into_iter().collect();
        while let Some(parent) =
            way.last().and_then(|group| self.groups[*group].parents.iter().copied().find(waits))
        {
            if let Some(at) = way.iter().position(|group| *group == parent) {
                way.drain(..at);
                way.push(parent);
                break;
            }
            way.push(parent);
        }
        way.reverse();
        let names: Vec<&str> = way.iter().map(|group| &*self.groups[*group].name).collect();
        let first = names.first().copied().unwrap_or_default();
        let mut error = Diagnostic::new(format!("group `{first}` is inside itself"))
            .note(format!("{}: each has the next among its children", names.join(" → ")))
            .help("take one of them out of the other's `children:`");
        error.span = way.first().and_then(|group| self.groups[*group].span);
        error
    }
}

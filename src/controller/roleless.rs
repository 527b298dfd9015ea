//! Whether any host of a run has a role: one that has none looks as declared, whatever was meant.

use super::project::Project;
use crate::text::Diagnostic;

/// One error where nothing is declared for any host.
pub(super) fn check(project: &Project) -> Option<Diagnostic> {
    if project.has_playbook {
        if project.ad_hoc {
            let error = Diagnostic::new("this leaves no host");
            return project.hosts.is_empty().then(|| {
                error.help("the pattern names empty groups, or `--limit` takes every host away")
            });
        }
        let error = Diagnostic::new("no play is for a host of this run");
        return project.hosts.is_empty().then(|| {
            error.help("the plays' `hosts` name empty groups, or `--limit` takes every host away")
        });
    }
    let host = project.hosts.keys().next()?;
    if !project.roles.is_empty() {
        return None;
    }
    Some(match project.variables(host.as_str()).get("roles") {
        Some(misplaced) => Diagnostic::new("`roles` is a variable here, and declares nothing")
            .at(misplaced.span)
            .help("put `roles:` beside `hosts:` and `vars:`, not inside `vars:`"),
        None => Diagnostic::new("no host of this run has a role")
            .help("name them beside `hosts:` in the inventory, as `roles: [sys-svc-mail]`"),
    })
}

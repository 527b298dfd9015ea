//! Roles that include each other without end.

use super::loaded_role::LoadedRole;
use crate::text::Diagnostic;
use indexmap::IndexMap;

/// One error for the first cycle that is found.
pub(super) fn of_roles(roles: &IndexMap<String, LoadedRole>) -> Option<Diagnostic> {
    let mut safe = Vec::new();
    roles.keys().find_map(|name| walk(name, roles, &mut Vec::new(), &mut safe))
}

fn walk<'r>(
    name: &'r str,
    roles: &'r IndexMap<String, LoadedRole>,
    way: &mut Vec<&'r str>,
    safe: &mut Vec<&'r str>,
) -> Option<Diagnostic> {
    let loaded = roles.get(name)?;
    if safe.contains(&name) {
        return None;
    }
    way.push(name);
    let includes = loaded.typed.includes.iter().filter(|include| include.file == "main.yml");
    for (used, span) in includes.map(|include| (include.role.as_str(), include.span)) {
        if way.contains(&used) {
            let cycle = format!("{} → {used}", way.join(" → "));
            return Some(
                Diagnostic::new("these roles include each other without end")
                    .at(span)
                    .note(cycle)
                    .help("take one of the includes out"),
            );
        }
        if let Some(error) = walk(used, roles, way, safe) {
            return Some(error);
        }
    }
    way.pop();
    safe.push(name);
    None
}

//! Whether some task has each tag that is asked for: a mistyped one would run nothing, and every
//! host would look as declared.

use super::project::Project;
use crate::engine::typing::for_each;
use crate::text::{Diagnostic, nearest};
use std::collections::BTreeSet;

/// One error for each tag that no task of the hosts' roles has.
pub(super) fn check(project: &Project) -> Vec<Diagnostic> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for role in project.roles.values() {
        let role = &role.typed.tasks;
        for list in role.tasks.values().chain([&role.handlers, &role.verify]) {
            for_each(list, &mut |task| known.extend(task.keywords.tags.iter().map(String::as_str)));
        }
    }
    for play in &project.plays {
        let handed_on = play.typed.roles.iter().chain([&play.typed.keywords]);
        known.extend(handed_on.flat_map(|keywords| &keywords.tags).map(String::as_str));
    }
    let asked = project.tags.iter().chain(&project.skip_tags);
    let missing = asked.filter(|tag| !known.contains(tag.as_str()) && !is_special(tag));
    let error = |tag: &String| {
        let error = Diagnostic::new(format!("no task has the tag `{tag}`"));
        match nearest(tag, known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error.help("no task of these hosts' roles has any tag"),
            None => {
                let all: Vec<&str> = known.iter().copied().collect();
                error.help(format!("one of {}", all.join(", ")))
            }
        }
    };
    missing.map(error).collect()
}

/// Tags with a meaning of their own need stand nowhere.
fn is_special(tag: &str) -> bool {
    matches!(tag, "all" | "always" | "never" | "tagged" | "untagged")
}

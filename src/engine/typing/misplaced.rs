//! Keywords that would do nothing where they stand: said, instead of passed over.

use super::Typing;
use super::keywords::is_keyword;
use crate::engine::task::Body;
use crate::text::{Diagnostic, Lack};
use crate::value::{Key, Node};

/// What every entry of a list takes, and what others refuse where it does not belong.
const EVERYWHERE: &[&str] = &[
    "name",
    "tags",
    "become",
    "vars",
    "become_user",
    "check_mode",
    "delegate_to",
    "delegate_facts",
];

/// What a block, an import or an include hands on to its tasks.
const HANDED_ON: &[&str] = &["when", "environment", "ignore_errors", "no_log"];

const LOOP: &[&str] = &["loop", "with_dict", "with_items", "with_list", "loop_control"];

/// What a block takes as a task does, for all that is in it.
const TRIES: &[&str] = &["until", "retries", "delay", "register"];

impl Typing<'_> {
    pub(super) fn misplaced(&mut self, action: &Key, body: &Body, entries: &[(Key, Node)]) {
        let inside = "write it at the tasks inside";
        let (takes, help): (&[&[&str]], &str) = match body {
            Body::Block { .. } => (&[HANDED_ON, LOOP, TRIES, &["rescue", "always"]], inside),
            Body::IncludeRole { import: false, .. } | Body::IncludeTasks { import: false, .. } => {
                (&[HANDED_ON, LOOP], "write it at the tasks that are included")
            }
            Body::IncludeRole { .. } | Body::IncludeTasks { .. } => {
                (&[HANDED_ON], "write it at the tasks that are imported")
            }
            Body::FlushHandlers => (&[], "handlers run only if they were notified; leave it out"),
            Body::EndHost => (&[&["when"]], "leave it out"),
            _ => return self.outside_a_block(action, entries),
        };
        for (key, _) in entries {
            let name = key.name.as_str();
            let taken = takes.iter().any(|list| list.contains(&name));
            if taken || name == action.name || EVERYWHERE.contains(&name) || !is_keyword(name) {
                continue;
            }
            let help = match body {
                Body::IncludeRole { .. } | Body::IncludeTasks { .. } if LOOP.contains(&name) => {
                    "a loop needs `include_role` or `include_tasks`"
                }
                _ => help,
            };
            self.does_nothing(key, action, help);
        }
    }

    fn outside_a_block(&mut self, action: &Key, entries: &[(Key, Node)]) {
        for (key, _) in entries {
            if matches!(key.name.as_str(), "rescue" | "always") {
                self.does_nothing(key, action, "put the task under `block:`");
            }
        }
    }

    fn does_nothing(&mut self, key: &Key, action: &Key, help: &str) {
        self.error(
            Diagnostic::new(format!("`{}` does nothing beside `{}`", key.name, action.name))
                .lacks(Lack::Keyword(key.name.clone()))
                .at(key.span)
                .help(help),
        );
    }
}

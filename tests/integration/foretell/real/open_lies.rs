//! What roles on real hosts leave out: what the lab cannot offer, and lies of the dry run that are
//! known and open. Each line names what it is; nothing else is ever left out, and the judge knows
//! nothing of it.

use super::super::role::{Entry, Role, Task, What};

/// The role as it runs on a real host of one of the families.
pub(super) fn without(mut role: Role, pacman: bool) -> Role {
    role.host.pacman = pacman;
    let tasks = |tasks: &mut Vec<Task>| tasks.iter_mut().for_each(|task| leave_out(&mut task.what));
    for entry in &mut role.main {
        match entry {
            Entry::Task(task) => leave_out(&mut task.what),
            Entry::Block { block, rescue, always, .. } => {
                [block, rescue, always].into_iter().for_each(tasks);
            }
            Entry::End { .. } | Entry::More { .. } | Entry::Other { .. } | Entry::Flush => {}
        }
    }
    tasks(&mut role.more);
    tasks(&mut role.other);
    role.handlers.iter_mut().for_each(leave_out);
    role
}

fn leave_out(what: &mut What) {
    // No web or mail server stands outside of the hosts.
    let is_out = matches!(
        *what,
        What::Post
            | What::Get { which: 0 | 1 }
            | What::Smtp { which: 0 }
            | What::Other { which: 4 }
    );
    if is_out {
        *what = What::Say;
    }
}

//! What roles on real hosts leave out: what the lab cannot offer, and lies of the dry run that are
//! known and open. Each line names what it is; nothing else is ever left out, and the judge knows
//! nothing of it.

use super::super::role::{Entry, Role, Task, What};

/// The role as it runs on a real host of one of the families.
pub(super) fn without(mut role: Role, pacman: bool) -> Role {
    let leave_out = |what: &mut What| leave_out(what, pacman);
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

fn leave_out(what: &mut What, pacman: bool) {
    let is_out = match *what {
        // No web or mail server stands outside of the hosts.
        What::Post
        | What::Get { which: 0 | 1 }
        | What::Smtp { which: 0 }
        | What::Other { which: 4 } => true,
        // OPEN: apt is asked for all pending requests in one call. `lib` removed by one task and
        // needed by a package of a later one is foretold as "cannot be installed together"; done
        // one after the other, both succeed.
        What::Package { which: 1, how, .. } => !pacman && how % 3 == 1,
        What::Beyond { which: 43 } => !pacman,
        _ => false,
    };
    if is_out {
        *what = What::Say;
    }
}

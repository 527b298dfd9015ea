//! `converge run`: one task or one command, as any other converge.

use super::apply;
use super::args::{AdHocArgs, InputArgs};
use super::exit_code::ExitCode;
use super::terminal::Terminal;
use crate::config::{AdHoc, AdHocTask};

/// Does as asked.
pub(super) fn run(args: &AdHocArgs, terminal: &Terminal) -> ExitCode {
    let AdHocArgs { hosts, task, command, change, run, from, limit, roles } = args.clone();
    let what = task.map_or(AdHocTask::Command(command), AdHocTask::Tasks);
    let input = InputArgs {
        playbooks: Vec::new(),
        ad_hoc: Some(AdHoc { hosts, what }),
        tags: Vec::new(),
        skip_tags: Vec::new(),
        from,
        limit,
        roles,
    };
    apply::converge(&change, &input, &run, terminal)
}

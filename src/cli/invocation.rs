//! The command that goes on from here, as a person can paste it: what was given, less what does
//! not belong to an apply.

use super::args::{InputArgs, RunArgs};
use crate::config::{AdHoc, AdHocTask};
use crate::report::mask_secrets;
use crate::text::{command_line, quote};

/// `converge -i hosts.yml …`, without `--check`, `--diff` and `--limit`.
pub(super) fn of(input: &InputArgs, run: &RunArgs) -> String {
    let mut words = vec!["converge".to_owned()];
    words.extend(input.ad_hoc.is_some().then(|| "run".to_owned()));
    let mut option = |flag: &str, value: &str| {
        words.push(flag.to_owned());
        words.push(quote(value).into_owned());
    };
    if input.from.inventory != [std::path::Path::new(super::args::INVENTORY)] {
        for inventory in &input.from.inventory {
            option("-i", &inventory.to_string_lossy());
        }
    }
    for file in &input.from.vault_password_file {
        option("--vault-password-file", file);
    }
    for folder in &input.roles.roles_path {
        option("--roles-path", &folder.to_string_lossy());
    }
    for extra in &input.roles.extra {
        option("-e", &mask_secrets(extra));
    }
    if !input.tags.is_empty() {
        option("--tags", &input.tags.join(","));
    }
    if !input.skip_tags.is_empty() {
        option("--skip-tags", &input.skip_tags.join(","));
    }
    let access = &run.access;
    if let Some(user) = &access.user {
        option("--user", user);
    }
    if let Some(key) = &access.private_key {
        option("--private-key", &key.to_string_lossy());
    }
    let flags = [
        (access.become_root, "--become"),
        (access.ask_become_pass, "--ask-become-pass"),
        (access.ask_pass, "--ask-pass"),
    ];
    words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, flag)| (*flag).to_owned()));
    words.extend(input.playbooks.iter().map(|path| quote(&path.to_string_lossy()).into_owned()));
    words.join(" ")
}

/// What stands behind these and `--limit`, with a blank before; a password that stands in a task is
/// left out.
pub(super) fn operands(input: &InputArgs) -> String {
    let Some(AdHoc { hosts, what }) = &input.ad_hoc else { return String::new() };
    match what {
        AdHocTask::Tasks(task) => {
            format!(" {}", command_line([hosts.as_str(), &mask_secrets(task)]))
        }
        AdHocTask::Command(words) => format!(" {} -- {}", quote(hosts), command_line(words)),
    }
}

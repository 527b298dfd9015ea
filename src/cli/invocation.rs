//! The command that goes on from here, as a person can paste it: what was given, less what does
//! not belong to an apply.

use super::args::{InputArgs, RunArgs};
use crate::report::mask_secrets;
use crate::text::quote;

/// `converge -i hosts.yml …`, without `--check`, `--diff` and `--limit`.
pub(super) fn of(input: &InputArgs, run: &RunArgs) -> String {
    let mut words = vec!["converge".to_owned()];
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
    if !run.tags.is_empty() {
        option("--tags", &run.tags.join(","));
    }
    if !run.skip_tags.is_empty() {
        option("--skip-tags", &run.skip_tags.join(","));
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

//! Every kind of resource that a task can declare.

mod command;
mod copy;
mod file;
mod group;
mod package;
mod service;
mod template;
mod user;

use super::Kind;
use std::sync::LazyLock;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    vec![
        Kind::of::<command::Command>(),
        Kind::of::<copy::Copy>(),
        Kind::of::<file::File>(),
        Kind::of::<group::Group>(),
        Kind::of::<package::Package>(),
        Kind::of::<service::Service>(),
        Kind::of::<template::Template>(),
        Kind::of::<user::User>(),
    ]
});

/// Every kind, by name.
#[must_use]
pub fn kinds() -> &'static [Kind] {
    &KINDS
}

/// The kind that a task names: `file`, `ansible.builtin.file`, or a collection's name for it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kind> {
    let own = name
        .strip_prefix("ansible.builtin.")
        .or_else(|| name.strip_prefix("ansible.legacy."))
        .unwrap_or(name);
    KINDS.iter().find(|kind| kind.name == own || kind.aliases.contains(&own))
}

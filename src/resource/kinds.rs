//! Every kind of resource that a task can declare.

mod assert;
mod command;
mod copy;
mod debug;
mod fail;
mod file;
mod group;
mod lineinfile;
mod mail_alias;
mod meta;
mod package;
mod postfix_map;
mod service;
mod set_fact;
mod smtp_probe;
mod stat;
mod template;
mod uri;
mod user;
mod wait_for;

use super::Kind;
use std::sync::LazyLock;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    vec![
        Kind::of::<assert::Assert>(),
        Kind::of::<command::Command>(),
        Kind::of::<copy::Copy>(),
        Kind::of::<debug::Debug>(),
        Kind::of::<fail::Fail>(),
        Kind::of::<file::File>(),
        Kind::of::<group::Group>(),
        Kind::of::<lineinfile::LineInFile>(),
        Kind::of::<mail_alias::MailAlias>(),
        Kind::of::<meta::Meta>(),
        Kind::of::<package::Package>(),
        Kind::of::<postfix_map::PostfixMap>(),
        Kind::of::<service::Service>(),
        Kind::of::<set_fact::SetFact>(),
        Kind::of::<smtp_probe::SmtpProbe>(),
        Kind::of::<stat::Stat>(),
        Kind::of::<template::Template>(),
        Kind::of::<uri::Uri>(),
        Kind::of::<user::User>(),
        Kind::of::<wait_for::WaitFor>(),
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

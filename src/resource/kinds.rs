//! Every kind of resource that a task can declare.

mod assert;
mod authorized_key;
mod blockinfile;
mod command;
mod copy;
mod cron;
mod debug;
mod fail;
mod file;
mod find;
mod get_url;
mod group;
mod hostname;
mod lineinfile;
mod mail_alias;
mod meta;
mod package;
mod postfix_main;
mod postfix_map;
mod postfix_master;
mod replace;
mod service;
mod set_fact;
mod shell;
mod slurp;
mod smtp_probe;
mod stat;
mod sysctl;
mod template;
mod uri;
mod user;
mod wait_for;

use super::Kind;
use super::nature::{Nature, Steer};
use std::sync::LazyLock;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    vec![
        Kind::of::<assert::Assert>(),
        Kind::of::<authorized_key::AuthorizedKey>(),
        Kind::of::<blockinfile::BlockInFile>(),
        Kind::of::<command::Command>(),
        Kind::of::<copy::Copy>(),
        Kind::of::<cron::Cron>(),
        Kind::of::<debug::Debug>(),
        Kind::of::<fail::Fail>(),
        Kind::of::<file::File>(),
        Kind::of::<find::Find>(),
        Kind::of::<get_url::GetUrl>(),
        Kind::of::<group::Group>(),
        Kind::of::<hostname::Hostname>(),
        Kind::of::<lineinfile::LineInFile>(),
        Kind::of::<mail_alias::MailAlias>(),
        Kind::of::<meta::Meta>(),
        Kind::of::<package::Package>(),
        Kind::of::<postfix_main::PostfixMain>(),
        Kind::of::<postfix_map::PostfixMap>(),
        Kind::of::<postfix_master::PostfixMaster>(),
        Kind::of::<replace::Replace>(),
        Kind::of::<service::Service>(),
        Kind::of::<set_fact::SetFact>(),
        Kind::of::<shell::Shell>(),
        Kind::of::<slurp::Slurp>(),
        Kind::of::<smtp_probe::SmtpProbe>(),
        Kind::of::<stat::Stat>(),
        Kind::of::<sysctl::Sysctl>(),
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

impl Steer {
    /// The kind that asks it.
    #[must_use]
    pub fn kind(self) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.nature == Nature::Steer(self))
    }
}

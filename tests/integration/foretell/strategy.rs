//! How roles are generated: simple things first, because that is where shrinking leads.

use super::real::beyond;
use super::role::{Around, Entry, PATH_COUNT, Role, Start, Task, What, When};
use proptest::collection::vec;
use proptest::prelude::*;

/// What the roles run on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hosts {
    Memory,
    /// Most tasks are of this theme, so that they meet.
    Real(&'static [u8]),
}

/// A role for real hosts: larger, and of one theme.
pub(super) fn real_role() -> impl Strategy<Value = Role> {
    prop::sample::select(beyond::THEMES).prop_flat_map(|theme| role(Hosts::Real(theme)))
}

pub(super) fn role(hosts: Hosts) -> impl Strategy<Value = Role> {
    let entries = match hosts {
        Hosts::Memory => 1..7,
        Hosts::Real(_) => 3..12,
    };
    let lists = (
        vec(entry(hosts), entries),
        vec(task(hosts), 0..3),
        vec(task(hosts), 0..3),
        vec(what(hosts), 0..3),
    );
    (any::<bool>(), 0..8u8, start(), lists).prop_map(
        |(steady, flavour, host, (main, more, other, handlers))| Role {
            steady,
            flavour,
            host,
            main,
            more,
            other,
            handlers,
        },
    )
}

fn start() -> impl Strategy<Value = Start> {
    let bits =
        prop_oneof![3 => Just(0u8), 5 => any::<u8>().prop_map(|bits| bits & !8), 1 => any::<u8>()];
    (prop::bool::weighted(0.3), 0..3u8, 0..3u8, bits).prop_map(|(pacman, alpha, mta, bits)| Start {
        pacman,
        alpha,
        mta,
        bits,
    })
}

fn entry(hosts: Hosts) -> impl Strategy<Value = Entry> {
    let block = (
        vec(task(hosts), 1..4),
        vec(task(hosts), 0..3),
        vec(task(hosts), 0..2),
        when(hosts),
        around(),
    );
    prop_oneof![
        14 => task(hosts).prop_map(Entry::Task),
        3 => block.prop_map(|(block, rescue, always, when, around)| Entry::Block {
            block,
            rescue,
            always,
            when,
            around
        }),
        1 => (any::<bool>(), when(hosts)).prop_map(|(import, when)| Entry::More { import, when }),
        1 => (any::<bool>(), when(hosts)).prop_map(|(import, when)| Entry::Other { import, when }),
        1 => Just(Entry::Flush),
        1 => when(hosts).prop_map(|when| Entry::End { when }),
    ]
}

fn around() -> impl Strategy<Value = Around> {
    let many = prop_oneof![5 => Just(0u8), 2 => Just(1u8), 1 => Just(2u8)];
    let tries = prop_oneof![3 => Just(0u8), 2 => 1..7u8];
    (many, tries, any::<bool>()).prop_map(|(many, tries, register)| Around {
        many,
        tries,
        register,
    })
}

fn task(hosts: Hosts) -> impl Strategy<Value = Task> {
    let many = prop_oneof![8 => Just(0u8), 1 => Just(1u8), 1 => Just(2u8)];
    let notify = prop_oneof![3 => Just(0u8), 2 => 1..5u8];
    // On real hosts what fails is mostly passed over, so that the rest of the role is seen.
    let (plain, passed_over) = match hosts {
        Hosts::Memory => (9, 0),
        Hosts::Real(_) => (4, 7),
    };
    let twist = prop_oneof![plain => Just(0u8), 2 => 1..7u8, passed_over => Just(1u8)];
    let once = prop_oneof![9 => Just(0u8), 1 => 1..3u8];
    (what(hosts), when(hosts), many, notify, any::<bool>(), twist, once).prop_map(
        |(what, when, many, notify, register, twist, once)| Task {
            what,
            when,
            many,
            notify,
            register,
            twist,
            once,
        },
    )
}

fn when(hosts: Hosts) -> impl Strategy<Value = When> {
    // What is skipped shows nothing, and real hosts are slow.
    let always = match hosts {
        Hosts::Memory => 12,
        Hosts::Real(_) => 60,
    };
    prop_oneof![
        always => Just(When::Always),
        1 => any::<bool>().prop_map(When::Flag),
        5 => (0..6u8, 0..5u8).prop_map(|(which, form)| When::Result(which, form)),
        1 => Just(When::Fact),
    ]
}

fn path() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 0..11u8, 2 => 0..PATH_COUNT]
}

fn what(hosts: Hosts) -> impl Strategy<Value = What> {
    let mode = || prop_oneof![2 => Just(0u8), 1 => 1..4u8];
    let owner = || prop_oneof![6 => Just(0u8), 1 => 1..5u8];
    // What others own is not written: it would not stay.
    let mine = || path().prop_map(|path| if path == 11 { 12 } else { path });
    let ((along, beyond), more) = match hosts {
        Hosts::Memory => ((5, 1), (0..28u8).prop_map(|which| What::Along { which }).boxed()),
        Hosts::Real(theme) => {
            let which = prop_oneof![6 => prop::sample::select(theme), 1 => 0..beyond::COUNT];
            ((12, 90), which.prop_map(|which| What::Beyond { which }).boxed())
        }
    };
    prop_oneof![
        8 => (mine(), 0..4u8, mode(), owner(), prop_oneof![3 => Just(0u8), 2 => 1..6u8]).prop_map(
            |(path, text, mode, owner, how)| What::Copy { path, text, mode, owner, how }
        ),
        2 => (mine(), mode()).prop_map(|(path, mode)| What::Template { path, mode }),
        3 => (mine(), mode(), owner()).prop_map(|(path, mode, owner)| What::Folder { path, mode, owner }),
        2 => mine().prop_map(|path| What::Gone { path }),
        1 => (mine(), any::<bool>()).prop_map(|(path, force)| What::Link { path, force }),
        1 => (mine(), mode(), owner()).prop_map(|(path, mode, owner)| What::Attributes { path, mode, owner }),
        3 => (path(), 0..3u8, 0..4u8).prop_map(|(path, line, how)| What::Line { path, line, how }),
        7 => (0..9u8, prop_oneof![3 => Just(0u8), 2 => 1..3u8], any::<bool>())
            .prop_map(|(which, how, hold)| What::Package { which, how, hold }),
        5 => (0..6u8, 0..9u8).prop_map(|(unit, how)| What::Service { unit, how }),
        2 => (0..3u8, 0..6u8).prop_map(|(which, how)| What::User { which, how }),
        2 => (0..4u8, 0..4u8).prop_map(|(which, how)| What::Group { which, how }),
        5 => prop_oneof![6 => 0..5u8, 1 => 5..7u8].prop_map(|which| What::Act { which }),
        3 => (0..3u8).prop_map(|which| What::Ask { which }),
        1 => Just(What::Post),
        2 => (0..3u8).prop_map(|which| What::Get { which }),
        1 => (0..2u8).prop_map(|which| What::Smtp { which }),
        1 => (0..4u8).prop_map(|which| What::Wait { which }),
        3 => (0..PATH_COUNT).prop_map(|path| What::Stat { path }),
        1 => (0..3u8).prop_map(|how| What::Fact { how }),
        1 => (0..4u8).prop_map(|how| What::Assert { how }),
        1 => Just(What::Say),
        2 => (0..4u8, 0..3u8).prop_map(|(text, how)| What::Map { text, how }),
        2 => (0..3u8).prop_map(|how| What::Alias { how }),
        4 => (0..8u8).prop_map(|which| What::Other { which }),
        along => (0..28u8).prop_map(|which| What::Along { which }),
        beyond => more,
        1 => Just(What::Fail),
    ]
}

//! Numbers that accounts take, leave or change in a dry run.

use crate::value::{Known, Origin};
use std::collections::BTreeMap;

/// Numbers that a run gives, by name; `None`: there is nobody of that name any more.
pub(super) type Numbers = BTreeMap<String, Known<Option<u32>>>;

/// Users or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owners {
    Users,
    Groups,
}

/// Who has a number that no untouched account has.
pub(super) fn holder(numbers: &Numbers, number: u32) -> Known<String> {
    let mut unknown: Option<&Origin> = None;
    for (name, now) in numbers {
        match now {
            Known::Is(Some(now)) if *now == number => return Known::Is(name.clone()),
            Known::Is(_) => {}
            Known::Unknown(origin) => unknown = unknown.or(Some(origin)),
        }
    }
    unknown.map_or_else(|| Known::Is(number.to_string()), |origin| Known::Unknown(origin.clone()))
}

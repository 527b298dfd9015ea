//! What must be the same on two hosts: files with owners and modes, accounts, packages, units, what
//! daemons run with, and what is remembered.

use converge::lab::Host;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) struct Picture(BTreeSet<String>);

impl Picture {
    pub(super) fn of(host: &Host<'_>) -> Self {
        let seen = host.run_with_input(["bash", "-s"], include_bytes!("picture.sh")).unwrap();
        assert!(seen.success() && seen.stderr.is_empty(), "{}", seen.stderr);
        let mut lines: BTreeSet<String> = seen.stdout.lines().map(str::to_owned).collect();
        let state = host.read("/var/lib/converge/state.json").unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        for member in ["pending", "unfinished"] {
            lines.insert(format!("remembered: {member} {}", state[member]));
        }
        for member in ["targets", "ever", "until_changed"] {
            let keys = state[member].as_object().into_iter().flatten().map(|(key, _)| key);
            // What is secret has a name that is a digest under the host's own key.
            let open = keys.filter(|key| !key.contains('#'));
            lines.extend(open.map(|key| format!("remembered: {member} {key}")));
        }
        Self(lines)
    }
}

/// Fails with what differs.
pub(super) fn differences(Picture(one): &Picture, Picture(other): &Picture) -> Result<(), String> {
    if one == other {
        return Ok(());
    }
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<_>>().join("\n  ")
    };
    Err(format!("never killed:\n  {}\nkilled:\n  {}", only(one, other), only(other, one)))
}

//! Full and read-only disks, torn memory: no wrong "ok", no torn file.

use crate::fleet::{Fleet, in_both_families};
use converge::lab::Family;

#[test]
fn a_full_or_read_only_disk_fails_the_task_and_tears_nothing() {
    in_both_families("x", |fleet| {
        let host = fleet.host();
        host.sh("mkdir -p /etc/postfix && mkdir -m 0700 /var/lib/converge").unwrap();
        for folder in ["/etc/postfix", "/var/lib/converge"] {
            for fault in ["full", "read-only"] {
                match fault {
                    "full" => host.fill_disk(folder).unwrap(),
                    _ => host.read_only(folder).unwrap(),
                }
                let apply = fleet.apply();
                assert_eq!(apply.code, 1, "{folder} {fault}: {:#}", apply.document);
                let cause = match fault {
                    "full" => "no space left on device",
                    _ => "read-only file system",
                };
                let said = apply.document["hosts"][0].to_string();
                assert!(said.contains(cause), "{folder} {fault}: {said}");
                let left = host.sh("find /etc/postfix /var/lib/converge -type f").unwrap().stdout;
                let left: Vec<_> = left
                    .lines()
                    .filter(|path| !path.ends_with("/.filler"))
                    .filter(|path| !matches!(path.rsplit('/').next(), Some("lock" | "key")))
                    .filter(|path| *path != "/var/lib/converge/state.json")
                    .filter(|path| !is_filed_journal(path))
                    .collect();
                assert!(left.is_empty(), "{folder} {fault}: left behind: {left:?}");
                let state = host.sh("cat /var/lib/converge/state.json").unwrap().stdout;
                let whole = serde_json::from_str::<serde_json::Value>(&state).is_ok();
                assert!(state.is_empty() || whole, "{folder} {fault}: torn: {state}");
                host.heal(folder).unwrap();
            }
        }
        let apply = fleet.apply();
        apply.assert_ok();
        assert_eq!(apply.status(), "changed");
    });
}

/// A run's journal, once it is folded into the state.
fn is_filed_journal(path: &str) -> bool {
    let run = path.strip_prefix("/var/lib/converge/journal/");
    run.and_then(|rest| rest.strip_suffix("/lines")).is_some_and(|run| !run.contains('/'))
}

/// Every length is cut in the agent's own tests; here a few on a host, with all that follows.
#[test]
fn a_memory_cut_short_is_set_aside_and_said() {
    let fleet = Fleet::of("t", Family::Debian);
    fleet.apply().assert_ok();
    let host = fleet.host();
    let path = "/var/lib/converge/state.json";
    let whole = host.read(path).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        host.write(path, &whole[..length]).unwrap();
        let check = fleet.check();
        check.assert_ok();
        assert_eq!(check.document["hosts"][0]["warnings"].as_array().unwrap().len(), 1);
        assert_eq!(host.read(path).unwrap(), &whole[..length], "a dry run sets nothing aside");
        let apply = fleet.apply();
        apply.assert_ok();
        assert_eq!(apply.actions(), [], "cut at {length}");
        let warnings = apply.document["hosts"][0]["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "cut at {length}: {:#}", apply.document);
        let now = host.read(path).unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&now).is_ok());
        let aside = host.sh(&format!("cat $(ls -t {path}.torn-* | head -n 1)")).unwrap().stdout;
        assert_eq!(aside.as_bytes(), &whole[..length], "kept");
    }
}

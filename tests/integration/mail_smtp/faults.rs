//! Full and read-only disks, torn memory: no wrong "ok", no torn file.

use crate::fleet::{FAMILIES, Fleet};

#[test]
fn a_full_or_read_only_disk_fails_the_task_and_tears_nothing() {
    for family in FAMILIES {
        let fleet = Fleet::of(&format!("disk-{family}"), family);
        let host = fleet.host();
        host.sh("mkdir -p /etc/postfix").unwrap();
        for fault in ["full", "read-only"] {
            match fault {
                "full" => host.fill_disk("/etc/postfix").unwrap(),
                _ => host.read_only("/etc/postfix").unwrap(),
            }
            let apply = fleet.apply();
            assert_eq!(apply.code, 1, "{fault}: {:#}", apply.document);
            let left = host.sh("find /etc/postfix -type f").unwrap().stdout;
            let main_cf = host.sh("cat /etc/postfix/main.cf").unwrap().stdout;
            assert!(main_cf.is_empty(), "{fault}: a torn main.cf: {main_cf}");
            assert!(!left.contains("converge"), "{fault}: left behind: {left}");
            host.heal("/etc/postfix").unwrap();
        }
        fleet.apply().assert_ok();
    }
}

#[test]
fn a_memory_cut_at_any_length_is_set_aside_and_said() {
    let fleet = Fleet::of("torn", FAMILIES[0]);
    fleet.apply().assert_ok();
    let host = fleet.host();
    let path = "/var/lib/converge/state.json";
    let whole = host.read(path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 12) {
        host.write(path, &whole[..length]).unwrap();
        let apply = fleet.apply();
        apply.assert_ok();
        assert_eq!(apply.actions(), [], "cut at {length}");
        let warnings = apply.document["hosts"][0]["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "cut at {length}: {:#}", apply.document);
        let now = host.read(path).unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&now).is_ok());
    }
}

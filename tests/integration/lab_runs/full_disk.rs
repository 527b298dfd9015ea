//! The disk is full in the midst of a package transaction: the run fails and says so, and the next
//! one, with room again, puts all in order.

use crate::fleet::{Fleet, in_both_families};
use converge::lab::Family;

#[test]
fn a_transaction_that_ran_out_of_disk_is_finished_by_the_next_run() {
    in_both_families("y", |fleet| {
        let host = fleet.host();
        // Where packages are unpacked to: room for some files, and not for all.
        let small = "mkdir -p /usr/lib/postfix && mount -t tmpfs -o size=200k,mode=755 small /usr/lib/postfix";
        assert!(host.sh(small).unwrap().success());
        failed_for_want_of_room(&fleet);
        assert!(host.sh("umount /usr/lib/postfix").unwrap().success());
        let apply = fleet.apply();
        apply.assert_ok();
        assert_eq!(apply.status(), "changed");
        let whole = match host.family() {
            Family::Debian => "dpkg --audit; dpkg --verify postfix | grep -v ' c '",
            Family::Pacman => "pacman -Qkq postfix",
        };
        assert_eq!(host.sh(whole).unwrap().stdout, "", "the package is whole");
        drop(host);
        fleet.assert_nothing_to_do();
        let verify = fleet.run(&["verify"]);
        assert_eq!(verify.code, 0, "{verify:#?}");
    });
}

fn failed_for_want_of_room(fleet: &Fleet) {
    let apply = fleet.apply();
    assert_eq!(apply.code, 1, "{:#}", apply.document);
    let tasks = apply.document["hosts"][0]["tasks"].as_array().unwrap();
    let failed: Vec<_> = tasks.iter().filter(|task| task["status"] == "failed").collect();
    let [failed] = failed[..] else { panic!("one task fails: {:#}", apply.document) };
    assert_eq!(failed["resource"], "package", "{failed:#}");
    let error = failed["error"].to_string().to_lowercase();
    assert!(error.contains("no space left on device"), "{failed:#}");
}

//! A host that is to be forgotten keeps nothing of ours, and what was done on it.

use crate::fleet::{FAMILIES, Fleet};
use crate::lab::lab;

#[test]
fn a_forgotten_host_keeps_nothing_of_ours() {
    let [first, second] = FAMILIES;
    let lab = lab("fo").host("one", first).host("two", second).up().unwrap();
    let tasks = "- copy: {dest: /etc/stays, content: x}\n";
    let fleet = Fleet::over(lab, &["one", "two"], "own").file("roles/own/tasks/main.yml", tasks);
    let fleet = fleet.by_ssh();
    fleet.report(&["--yes"]).assert_ok();
    let all = || {
        ["one", "two"].map(|name| {
            let look = "find / -xdev -iname '*converge*' ! -path '/usr/local/*' ! -path '/proc/*' \
                        ! -path '/sys/*'; cat /etc/stays";
            fleet.lab.host(name).unwrap().sh(look).unwrap().stdout
        })
    };
    let before = all();
    assert!(before.iter().all(|found| found.contains("/var/lib/converge")), "{before:?}");
    let said = fleet.run(&["forget", "one,two", "--check"]);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.stdout.contains("one  - /var/lib/converge ("), "{said:#?}");
    assert_eq!(all(), before, "a dry run removes nothing");
    let held = fleet.lab.host("two").unwrap();
    let mut holder = held.spawn(["flock", "/var/lib/converge/lock", "sleep", "600"]).unwrap();
    crate::patience::until("the lock is held", || {
        !held.sh("flock -n /var/lib/converge/lock true").unwrap().success()
    });
    let said = fleet.run(&["forget", "one,two", "--yes"]);
    assert_eq!(said.code, 4, "{said:#?}");
    assert!(
        said.stdout.contains("LOCKED  two") && said.stdout.contains("one  forgotten"),
        "{said:#?}"
    );
    held.sh("pkill -f 'sleep 600'").unwrap();
    holder.wait().unwrap();
    let said = fleet.run(&["forget", "one,two", "--yes"]);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.stdout.contains("one  has nothing of converge"), "{said:#?}");
    assert_eq!(all(), ["x", "x"]);
    fleet.report(&["--yes"]).assert_ok();
}

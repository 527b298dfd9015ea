//! Rollouts over real hosts by ssh: one that goes wrong stops in time, and what it left is run again.

use crate::fleet::Fleet;
use crate::lab::lab;

const SITE: &str = r#"
- hosts: all
  serial: [1, "50%", "100%"]
  health: {retries: 1, delay: 0.1}
  max_fail: 0
  roles: [site]
"#;

#[test]
fn a_host_that_is_not_well_keeps_later_batches_untouched() {
    let names = ["ro1", "ro2", "ro3", "ro4"];
    let lab = names.iter().fold(lab("ro"), |lab, name| lab.debian(name)).up().unwrap();
    let fleet = Fleet::over(lab, &names, "site")
        .by_ssh()
        .file("site.yml", SITE)
        .file("roles/site/tasks/main.yml", "- copy: {dest: /etc/site, content: new}\n")
        .file(
            "roles/site/verify/main.yml",
            "- command: {argv: [test, '!', -e, /etc/ill]}\n  changed_when: false\n",
        );
    let site = fleet.path("site.yml");
    let site = site.to_str().unwrap();
    let ill = fleet.lab.host("ro2").unwrap();
    ill.write("/etc/ill", "").unwrap();

    let said = fleet.run(&["--yes", site]);
    assert_eq!(said.code, 5, "{said:#?}");
    let has = |name: &str| fleet.lab.host(name).unwrap().read("/etc/site").is_ok();
    assert_eq!(names.map(has), [true, true, true, false], "{said:#?}");
    assert!(said.stdout.contains("NOT BEGUN    ro4   too many hosts had failed"), "{said:#?}");
    assert!(said.stdout.contains("--limit ro2,ro4"), "{said:#?}");

    ill.sh("rm /etc/ill").unwrap();
    let report = fleet.report(&["--yes", site, "--limit", "@failed"]);
    assert_eq!(report.code, 0, "{:#}", report.document);
    assert_eq!(report.document["hosts"].as_array().unwrap().len(), 2);
    assert_eq!(names.map(has), [true; 4]);
}

//! Work that crosses hosts, by ssh: eight have one do something at once.

use crate::fleet::{Fleet, assert_foretold};
use crate::lab::lab;

const SITE: &str = r#"
- hosts: all:!de9
  tasks:
    - name: name it
      lineinfile: {path: /etc/fleet, line: "{{ inventory_hostname }} {{ ansible_hostname }}", create: true}
      delegate_to: de9
    - name: a folder for it
      file: {path: "/srv/{{ inventory_hostname }}", state: directory}
      delegate_to: de9
    - name: its own
      copy: {dest: /etc/own, content: "named\n"}
- hosts: de9
  tasks:
    - name: how many there are
      copy: {dest: /etc/of, content: "{{ hostvars['de1'].ansible_hostname }}\n"}
"#;

#[test]
fn eight_hosts_have_one_write_a_line_each_and_none_is_lost() {
    let names = ["de1", "de2", "de3", "de4", "de5", "de6", "de7", "de8", "de9"];
    let lab = names.iter().enumerate().fold(lab("de"), |lab, (index, name)| {
        if index % 4 == 1 { lab.pacman(name) } else { lab.debian(name) }
    });
    let fleet = Fleet::over(lab.up().unwrap(), &names, "site")
        .by_ssh()
        .file("site.yml", SITE)
        .file("roles/site/tasks/main.yml", "[]\n");
    let site = fleet.path("site.yml");
    let site = site.to_str().unwrap();
    let check = fleet.report(&["--check", site]);
    let apply = fleet.report(&["--yes", "--forks", "8", site]);
    assert_eq!(apply.code, 0, "{:#}", apply.document);
    assert_foretold(&check, &apply);

    let delegate = fleet.lab.host("de9").unwrap();
    let read = |path: &str| String::from_utf8(delegate.read(path).unwrap()).unwrap();
    let text = read("/etc/fleet");
    let lines: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, names[..8], "{text}");
    assert!(delegate.sh("[ $(ls -d /srv/de? | wc -l) = 8 ]").unwrap().success());
    assert!(!read("/etc/of").trim().is_empty());

    let again = fleet.report(&["--yes", site]);
    assert_eq!((again.code, again.actions()), (0, vec![]));
    // A run for one of them has the other do its part, and says nothing of what the rest declared.
    delegate.sh("sed -i /de3/d /etc/fleet").unwrap();
    let one = fleet.report(&["--yes", site, "--limit", "de3"]);
    assert_eq!((one.code, one.actions().len()), (0, 1), "{:#}", one.document);
    assert!(!format!("{:#}", one.document).contains("no longer declared"), "{:#}", one.document);
    assert!(read("/etc/fleet").contains("de3"));
}

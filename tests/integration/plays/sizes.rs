//! What a host is sent, beside the other hosts of a run.

use super::stage::Stage;
use converge::controller::{Project, RunOptions};
use converge::engine::bundle::{Bundle, Purpose};
use converge::event::TaskStatus;

/// The first host and so many others get a role.
fn project(others: usize, task: &str) -> Project {
    let mut hosts = "all:\n  roles: [r]\n  vars: {domain: example.org}\n  hosts:\n    web: {ansible_host: 10.9.9.9}\n".to_owned();
    for host in 0..others {
        hosts += &format!(
            "    db{host}.example.org: {{ansible_host: 10.0.{}.{}}}\n",
            host / 250,
            host % 250
        );
    }
    let mut stage = Stage::new([("hosts.yml", &*hosts), ("roles/r/tasks/main.yml", task)]);
    stage.options.playbooks.clear();
    stage.load().unwrap_or_else(|errors| panic!("{:#?}", errors.diagnostics))
}

fn bundle(project: &Project) -> Bundle {
    let options = RunOptions { run: "r".into(), purpose: Purpose::Check, forks: 1, hosts: None };
    project.bundle("web", &options)
}

#[test]
fn what_a_host_is_sent_does_not_grow_with_the_other_hosts() {
    let task = "- wait_for: {host: 'db1.{{ domain }}', port: 1}\n- debug: {msg: '{{ domain }}'}\n";
    let size = |others| serde_json::to_string(&bundle(&project(others, task))).unwrap().len();
    assert_eq!(size(2), size(500));
}

#[test]
fn a_host_is_told_which_hosts_of_the_run_its_tasks_name() {
    let task = "- wait_for: {host: db12.example.org, port: 1}\n- wait_for: {host: '{{ it }}', port: 1}\n  vars: {it: 10.0.0.7}\n";
    let bundle = bundle(&project(20, task));
    assert_eq!(bundle.run_hosts, ["10.0.0.7", "db12.example.org"]);
}

/// What they answer hinges on what is pending there: after a change here, which is one there too.
#[test]
fn who_may_be_another_host_of_the_run_is_not_asked_while_anything_is_pending() {
    let site = |address: &str| {
        format!("
- hosts: all
  vars: {{domain: example.org}}
  tasks:
    - copy: {{dest: /etc/one, content: x}}
    - {{name: asked, wait_for: {{host: '{address}', port: 1, timeout: 1}}, register: r, failed_when: false}}
")
    };
    for (address, is_asked) in [
        ("elsewhere.example.org", true),
        ("b.example.org", false),
        ("b.{{ domain }}", false),
        // It may be: nobody told this host which there are.
        ("elsewhere.{{ domain }}", false),
    ] {
        let site = site(address);
        let hosts = "all: {hosts: {a: , b.example.org: }}\n";
        let stage = Stage::new([("hosts.yml", hosts), ("site.yml", &*site)]).forks(1);
        let told = stage.check();
        let status = told.status_of("asked");
        assert_eq!(status != TaskStatus::Unknown, is_asked, "{address}: {status:?}");
    }
}

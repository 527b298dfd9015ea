//! What hosts know of each other: `hostvars`, `groups`, the hosts of a play.

use super::stage::Stage;
use converge::controller::RunOptions;
use converge::engine::bundle::Purpose;
use converge::host::in_memory::World;

const HOSTS: &str = "
all:
  children:
    web: {hosts: {a: {port: 1}, b: {port: 2}}, vars: {url: 'http://{{ inventory_hostname }}:{{ port }}'}}
    db: {hosts: {c.example: {ansible_host: 192.0.2.7}}}
";

fn stage(site: &str) -> Stage {
    let stage = Stage::new([("hosts.yml", HOSTS), ("site.yml", site)]);
    for host in ["a", "b", "c.example"] {
        let mut world = World::default();
        for (name, value) in [("ansible_hostname", host), ("ansible_os_family", "Debian")] {
            world.facts.insert(name.into(), value.into());
        }
        stage.is(host, world);
    }
    stage
}

#[test]
fn values_of_the_inventory_are_rendered_as_the_other_host_has_them() {
    let site = r#"
- hosts: all
  tasks:
    - debug: {msg: "{{ hostvars['a'].url }} {{ hostvars['c.example'].ansible_host }}"}
    - debug: {msg: "{{ groups['web'] | map('extract', hostvars, 'url') | join(',') }}"}
    - debug: {msg: "{{ hostvars[inventory_hostname].inventory_hostname_short }} {{ inventory_hostname_short }}"}
    - debug: {msg: "{% for host in groups.all %}{{ hostvars[host]['port'] | default('-') }}{% endfor %}"}
    - debug: {msg: "{{ hostvars[item].port is defined }} {{ hostvars[item].group_names }}"}
      loop: "{{ groups.db }}"
"#;
    for forks in [1, 8] {
        let stage = stage(site).forks(forks);
        for told in [stage.check(), stage.apply()] {
            let own = |short: &str| {
                [
                    "http://a:1 192.0.2.7".to_owned(),
                    "http://a:1,http://b:2".to_owned(),
                    format!("{short} {short}"),
                    "12-".to_owned(),
                    "False ['db']".to_owned(),
                ]
            };
            let said = told.said();
            assert!(told.failed().is_empty(), "{}", told.everything());
            assert_eq!(said["a"], own("a"));
            assert_eq!(said["c.example"], own("c"));
        }
    }
}

#[test]
fn facts_are_known_of_hosts_that_the_batch_begins_with() {
    let site = r#"
- hosts: all
  tasks:
    - debug: {msg: "{{ hostvars[item].ansible_facts.hostname }} {{ hostvars[item]['ansible_os_family'] }}"}
      loop: "{{ groups.all }}"
"#;
    for forks in [1, 2, 8] {
        let told = stage(site).forks(forks).apply();
        assert!(told.failed().is_empty(), "{}", told.everything());
        assert_eq!(told.said()["a"], ["a Debian", "b Debian", "c.example Debian"], "{forks}");
    }
    let serial = site.replace("hosts: all", "hosts: all\n  serial: 1");
    let told = stage(&serial).apply();
    assert_eq!(told.failed(), ["a"]);
    let everything = told.everything();
    assert!(everything.contains("host `b` has not begun yet"), "{everything}");
    let one = site.replace("hosts: all", "hosts: a");
    let told = stage(&one).apply();
    assert!(told.everything().contains("host `b` takes no part in this run"));
}

#[test]
fn what_a_task_has_set_is_known_to_others_once_all_have_ended_the_play() {
    let sets = "
- hosts: all
  tasks:
    - set_fact: {mine: 'of {{ inventory_hostname }}'}
";
    let asks = "
    - debug: {msg: \"{{ hostvars['b'].mine }}\"}
";
    let later = format!("{sets}- hosts: all\n  tasks:{asks}");
    for told in [stage(&later).check(), stage(&later).apply()] {
        assert_eq!(told.said()["a"], ["of b"], "{}", told.everything());
    }
    let told = stage(&format!("{sets}{asks}")).apply();
    assert_eq!(told.failed(), ["a", "c.example"], "{}", told.everything());
    assert!(told.everything().contains("what a task sets as `mine` on host `b` is not known yet"));
    assert_eq!(told.said()["b"], ["of b"]);
    // A later batch sees what an earlier one has set; none is shown what a later one will.
    let serial = format!("{sets}{asks}").replace("hosts: all", "hosts: all\n  serial: [2, 1]");
    let told = stage(&serial).apply();
    assert_eq!(
        (told.failed(), told.said()["c.example"].clone()),
        (vec!["a"], vec!["of b".to_owned()])
    );
    let one = stage("- hosts: a\n  tasks:\n    - debug: {msg: \"{{ hostvars['b'].mine | default('none') }}\"}\n").apply();
    assert_eq!(one.said()["a"], ["none"]);
}

#[test]
fn a_host_is_told_no_secret_of_another_and_nothing_that_its_tasks_do_not_ask_for() {
    let site = "
- hosts: web
  tasks:
    - debug: {msg: \"{{ hostvars['b'].token }}\"}
";
    let plain =
        HOSTS.replace("b: {port: 2}", "b: {port: 2, token: canary-of-b, other: other-of-b}");
    let stage = Stage::new([("hosts.yml", plain.as_str()), ("site.yml", site)]);
    let project = stage.load().unwrap();
    let options = RunOptions { run: "run".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
    let bundle = serde_json::to_string(&project.bundle("a", &options)).unwrap();
    assert!(!bundle.contains("of-b"), "{bundle}");
    assert_eq!(stage.apply().said()["a"], ["canary-of-b"]);
    // What is secret on the other stays there.
    let site = "
- hosts: web
  roles: [sets]
- hosts: web
  tasks:
    - debug: {msg: \"{{ hostvars['b'].mine }}\"}
      when: inventory_hostname == 'a'
";
    let both = plain.replace("a: {port: 1}", "a: {port: 1, token: canary-of-a}");
    let told = Stage::new([
        ("hosts.yml", both.as_str()),
        ("site.yml", site),
        ("roles/sets/tasks/main.yml", "- set_fact: {mine: '{{ token }}'}\n"),
        (
            "roles/sets/meta/argument_specs.yml",
            "argument_specs: {main: {options: {token: {type: str, no_log: true}}}}\n",
        ),
    ])
    .apply();
    assert_eq!(told.failed(), ["a"], "{}", told.everything());
    assert!(told.everything().contains("`mine` of host `b` is a secret"), "{}", told.everything());
}

#[test]
fn which_variable_is_asked_for_must_be_written_out() {
    for text in [
        "{{ hostvars }}",
        "{{ hostvars[inventory_hostname] }}",
        "{{ hostvars['b'][inventory_hostname] }}",
        "{{ groups.web | map('extract', hostvars) | list }}",
        "{{ hostvars['b'].ansible_facts }}",
    ] {
        let site = format!("- hosts: web\n  tasks:\n    - debug: {{msg: \"{text}\"}}\n");
        let mistakes = stage(&site).mistakes();
        let said = mistakes.iter().any(|told| told.contains("must be written out"));
        assert!(said, "{text}: {mistakes:?}");
    }
    for (text, said) in [
        ("{{ hostvars['nobody'].port }}", "host `nobody` is not in the inventory"),
        ("{{ hostvars['c.example'].port }}", "host `c.example` has no variable `port`"),
    ] {
        let site = format!("- hosts: a\n  tasks:\n    - debug: {{msg: \"{text}\"}}\n");
        let told = stage(&site).apply();
        assert!(told.everything().contains(said), "{text}: {}", told.everything());
    }
}

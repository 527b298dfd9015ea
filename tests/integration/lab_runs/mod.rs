//! Runs on real hosts that do not depend on any role of the project: what fails while running,
//! what several hosts do together, what is never shown.

mod ad_hoc;
mod apt;
mod canaries;
mod cut_off;
mod delegated;
mod ended;
mod failures;
mod forgotten;
mod full_disk;
mod interrupted;
mod judged;
mod keywords;
mod many;
mod not_root;
mod over_ssh;
mod question;
mod rollouts;
mod secrets;
mod speed;

/// The tasks of a role whose second one lasts until it is told to go on.
const LONG: &str = r#"
- name: the first
  copy: {dest: /etc/first, content: x}
- name: the long one
  command: {argv: [sh, -c, "touch /run/at.it; until [ -e /run/go.on ]; do sleep 0.1; done; touch /etc/second"], creates: /etc/second}
- name: the third
  copy: {dest: /etc/third, content: x}
"#;

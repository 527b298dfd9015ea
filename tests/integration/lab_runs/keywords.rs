//! Keywords that concern a command's process: they need a real one.

use crate::fleet::Fleet;
use crate::lab::lab;
use crate::patience::until;

const TASKS: &str = r#"
- name: own environment
  command: {argv: [sh, -c, 'echo "$GREETING $OTHER" >/srv/own'], creates: /srv/own}
  environment: {GREETING: "{{ greeting }}", OTHER: task}

- environment: {GREETING: block, OTHER: block}
  block:
    - name: inherited
      command: {argv: [sh, -c, 'echo "$GREETING $OTHER" >/srv/inherited'], creates: /srv/inherited}
      environment: {OTHER: nearer}

- name: a login's
  command: {argv: [sh, -c, 'echo "$HOME $USER $LOGNAME $SHELL" >"$1"', sh, $HOME/../srv/home], creates: /srv/home}

- name: too long
  command: {argv: [sh, -c, 'sleep 1000; touch /srv/late'], creates: /srv/late}
  timeout: 1
  register: slow
  ignore_errors: true

- name: it was ended
  copy: {dest: /srv/ended, content: "{{ slow is failed }}\n", mode: "0644"}
"#;

#[test]
fn commands_have_their_environment_and_are_ended_in_time() {
    let lab = lab("kw").debian("web1").up().unwrap();
    let fleet = Fleet::over(lab, &["web1"], "trial")
        .file("roles/trial/tasks/main.yml", TASKS)
        .set("greeting", "hello");
    let done = fleet.apply();
    done.assert_ok();
    let read = |path: &str| String::from_utf8(fleet.host().read(path).unwrap()).unwrap();
    assert_eq!(read("/srv/own"), "hello task\n");
    assert_eq!(read("/srv/inherited"), "block nearer\n");
    assert_eq!(read("/srv/ended"), "True", "as Ansible writes what is no text");
    assert_eq!(read("/srv/home"), "/root root root /bin/bash\n");
    assert!(done.document.to_string().contains("ran out of time after 1000 ms"));
    // What is killed is there until its parent, the host's init by now, has asked for it.
    until("its children are ended with it", || {
        !fleet.host().run(["pgrep", "-x", "sleep"]).unwrap().success()
    });
    assert!(!fleet.host().run(["test", "-e", "/srv/late"]).unwrap().success());
}

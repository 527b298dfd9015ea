//! Parameters in one line (`service: name=nginx state=started`) and commands.

use super::random::Random;
use super::role::looked_at;
use super::{Target, seeds, text};
use converge::config::MemoryFiles;

pub(super) const TARGET: Target = Target { name: "one_line", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "=",
    " ",
    "'",
    "\"",
    "\\",
    "\\x4",
    "\\x41",
    "\\u00e9",
    "\\U0010ffff",
    "\\Uffffffff",
    "\\ud800",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "name=",
    "state=",
    "src=",
    "dest=",
    "mode=0644",
    "creates=/x",
    "chdir=",
    "a=b",
    "=a",
    "{{ a | default('b c') }}",
    "é",
    "\\é",
    "yes",
];

fn seeds() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "name=nginx state=started",
        "src={{ a | default('b c') }} dest=/x mode=0644",
        r#"content="a\nb" dest=/x"#,
        r#"path=/x regexp='^a\\s' line="x \"y\"""#,
        "touch /x creates=/x",
        "path=/x line=\\x41\\u00e9 state=present backup=yes",
        "name=a shell=/bin/sh uid=5 groups=a,b",
    ])
}

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    let kinds = [
        "copy",
        "service",
        "lineinfile",
        "command",
        "shell",
        "file",
        "user",
        "package",
        "meta",
        "debug",
    ];
    let line = serde_json::to_string(&text(bytes)).unwrap();
    let tasks = format!("- {}: {line}\n", random.of_these(&kinds));
    looked_at(&MemoryFiles::default().with("roles/r/tasks/main.yml", tasks))
}

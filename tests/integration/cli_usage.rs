//! The command line as people meet it: its help, its refusals, its exit codes.

use crate::house::ROOT;
use assert_cmd::Command;
use std::path::Path;
use std::process::Stdio;

/// `converge` with these arguments, in the project's folder, without anybody's environment.
fn converge(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_converge"));
    command.env_clear().current_dir(ROOT).args(arguments);
    command
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = converge(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Every subcommand that help shows; the lab has its own.
const COMMANDS: [&[&str]; 15] = [
    &[],
    &["apply"],
    &["run"],
    &["verify"],
    &["drift"],
    &["forget"],
    &["explain"],
    &["inventory"],
    &["inventory", "list"],
    &["inventory", "graph"],
    &["inventory", "host"],
    &["lint"],
    &["doc"],
    &["schema"],
    &["completions"],
];

#[test]
fn help_is_reviewed() {
    let mut all = String::new();
    for words in COMMANDS {
        for flag in ["-h", "--help"] {
            let arguments: Vec<&str> = words.iter().copied().chain([flag]).collect();
            let (code, out, err) = run(&arguments);
            assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
            if flag == "-h" || words.is_empty() {
                all.push_str(&format!("$ converge {}\n{out}\n", arguments.join(" ")));
            }
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn wrong_usage_is_64() {
    for words in [
        &["frobnicate"][..],
        &["--chek"],
        &["--forks", "0"],
        &["--output", "xml"],
        &["explain"],
        &["inventory"],
        &["completions", "dos"],
        &["doc", "fiel"],
        &["lint", "--from-ansible", "/nonexistent"],
        &["lint", "--from-ansible", "roles", "-i", "hosts.yml"],
        &["-i"],
        &["--diff=some"],
        &["-i", "hosts.yml", "verify"],
        &["run", "web"],
        &["run", "web", "--"],
        &["run", "web", "debug:", "--", "uptime"],
        &["run", "--tags", "x", "web", "debug:"],
    ] {
        let (code, out, err) = run(words);
        assert_eq!((code, out.as_str()), (64, ""), "{words:?}: {err}");
        assert!(err.starts_with("error: ") || err.contains("Usage:"), "{words:?}: {err}");
    }
}

#[test]
fn what_is_wrong_with_the_project_is_65_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.yml");
    std::fs::write(&hosts, "all:\n  hosts: {web1: }\n  roles: [nope]\n").unwrap();
    let hosts = hosts.to_str().unwrap();
    for words in [
        &["-i", hosts][..],
        &["--check", "-i", hosts],
        &["verify", "-i", hosts],
        &["explain", "web1", "x", "-i", hosts],
        &["-i", "/nonexistent/hosts.yml"],
        &["inventory", "list", "-i", "/nonexistent/hosts.yml"],
        &["inventory", "host", "web2", "-i", hosts],
        &["-i", hosts, "--limit", "none"],
    ] {
        let (code, out, err) = run(words);
        assert_eq!((code, out.as_str()), (65, ""), "{words:?}: {err}");
        assert!(err.ends_with("1 error; no host was contacted\n"), "{words:?}: {err}");
    }
    let (code, out, _) = run(&["--check", "--output", "json", "-i", hosts]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 65);
    assert_eq!(document["schema"], "converge.report/1");
    assert_eq!(document["errors"][0]["line"], 3);
    let (code, out, _) = run(&["--check", "--output", "github", "-i", hosts]);
    assert_eq!(code, 65);
    assert!(out.starts_with("::error file=") && out.contains(",line=3,"), "{out}");
}

#[test]
fn a_tag_that_no_task_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("hosts.yml", "all:\n  hosts: {web1: {ansible_connection: none}}\n  roles: [r]\n");
    write(
        "roles/r/tasks/main.yml",
        "- block:\n    - {debug: {msg: a}, tags: [inner]}\n  tags: [outer, config]\n",
    );
    let hosts = folder.path().join("hosts.yml");
    let hosts = hosts.to_str().unwrap();
    for (flag, tag, help) in [
        ("--tags", "confg", "did you mean `config`?"),
        ("--skip-tags", "nothing-like-it", "one of config, inner, outer"),
    ] {
        let (code, out, err) = run(&["--check", "-i", hosts, flag, tag]);
        assert_eq!((code, out.as_str()), (65, ""), "{err}");
        assert!(err.contains(&format!("error: no task has the tag `{tag}`")), "{err}");
        assert!(err.contains(help), "{err}");
    }
    // Past the tags, what is wrong is how the host is to be reached.
    for words in ["inner", "outer", "always", "never", "all", "tagged", "untagged"] {
        let (_, _, err) = run(&["--check", "-i", hosts, "--tags", words]);
        assert!(!err.contains("tag") && err.contains("connection `none`"), "{err}");
    }
}

#[test]
fn the_inventory_is_shown_as_ansible_shows_it() {
    let hosts = "tests/integration/fixtures/inventory/hosts.yml";
    let (code, out, _) = run(&["inventory", "list", "--output", "json", "-i", hosts]);
    let ours: serde_json::Value = serde_json::from_str(&out).unwrap();
    let expected = Path::new(ROOT).join(hosts).with_file_name("expected.json");
    let text = std::fs::read_to_string(expected).unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0);
    assert_eq!(ours["_meta"]["hostvars"], theirs["_meta"]["hostvars"]);
    for (group, entry) in theirs.as_object().unwrap().iter().filter(|(name, _)| *name != "_meta") {
        for key in ["hosts", "children"] {
            let sorted = |value: &serde_json::Value| {
                let mut names: Vec<String> =
                    serde_json::from_value(value.clone()).unwrap_or_default();
                names.sort();
                names
            };
            assert_eq!(sorted(&ours[group][key]), sorted(&entry[key]), "{group}.{key}");
        }
    }
    let (_, list, _) = run(&["inventory", "list", "-i", hosts]);
    let (_, graph, _) = run(&["inventory", "graph", "-i", hosts, "--limit", "db"]);
    insta::assert_snapshot!(format!("{list}\n{graph}"));
}

#[test]
fn completions_and_the_schema_are_printed_whole() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(&["completions", shell]);
        assert!(code == 0 && out.contains("inventory"), "{shell}");
    }
    let committed = std::fs::read_to_string(format!("{ROOT}/docs/report.schema.json")).unwrap();
    assert_eq!(run(&["schema"]), (0, committed, String::new()));
}

#[test]
fn every_resource_has_its_reference() {
    let (code, list, _) = run(&["doc"]);
    assert_eq!(code, 0);
    let names = list.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"file") && names.contains(&"package"), "{list}");
    for name in names {
        let (code, out, err) = run(&["doc", name]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        assert!(out.contains("```yaml\n- name: "), "{name}: {out}");
    }
}

#[test]
fn a_full_disk_is_told_of_and_a_closed_pipe_is_not() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let bin = assert_cmd::cargo::cargo_bin!("converge");
    let output = std::process::Command::new(bin).arg("schema").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(bin).arg("schema").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn only_root_converges_this_machine() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let binary = folder.path().join("converge");
    // Not by this process: another test's child could hold it open for writing as it is started.
    let mut copy = std::process::Command::new("cp");
    let copied = copy.arg(assert_cmd::cargo::cargo_bin!("converge")).arg(&binary).status();
    assert!(copied.unwrap().success());
    let hosts = folder.path().join("hosts.yml");
    let role = "roles: [sys-svc-mail-smtp], vars: {mail_root_alias: a@b.test}";
    std::fs::write(&hosts, format!("all: {{hosts: {{localhost: }}, {role}}}\n")).unwrap();
    [folder.path(), &binary, &hosts].into_iter().for_each(open);
    let mut command = std::process::Command::new(&binary);
    command.args(["--check", "-i"]).arg(&hosts).env_clear();
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{err}");
    assert!(err.contains("-b (--become)"), "{err}");
}

#[test]
fn an_inventory_that_declares_nothing_is_no_host_as_declared() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.yml");
    let there = "hosts: {h: {ansible_connection: local}}";
    for (rest, words) in [
        ("", ["no host of this run has a role", "beside `hosts:`"]),
        (", vars: {roles: [sys-svc-mail]}", ["`roles` is a variable here", "not inside `vars:`"]),
    ] {
        std::fs::write(&hosts, format!("all: {{{there}{rest}}}\n")).unwrap();
        let (code, _, err) = run(&["-i", hosts.to_str().unwrap(), "--check"]);
        assert_eq!(code, 65, "{err}");
        assert!(words.iter().all(|words| err.contains(words)), "{err}");
    }
}

/// Runs the command on a terminal, types this once it is asked for, and tells what the screen shows.
fn asked(question: &str, typed: &str, arguments: &[&str]) -> (i32, String) {
    use std::io::{Read, Write};
    let line = [&[env!("CARGO_BIN_EXE_converge")], arguments].concat().join(" ");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = script.spawn().unwrap();
    let (mut keys, mut screen) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !shown.ends_with(question.as_bytes()) && screen.read(&mut byte).unwrap() == 1 {
        shown.push(byte[0]);
    }
    writeln!(keys, "{typed}").unwrap();
    screen.read_to_end(&mut shown).unwrap();
    (process.wait().unwrap().code().unwrap(), String::from_utf8(shown).unwrap())
}

#[test]
fn a_vault_password_is_asked_for_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.yml");
    let inline = format!("{ROOT}/tests/integration/fixtures/vault/inline.yml");
    let inline = std::fs::read_to_string(inline).unwrap();
    let (first, _) = inline.split_once("block:").unwrap();
    std::fs::write(&hosts, "all: {hosts: {web1: }}\n").unwrap();
    std::fs::create_dir(folder.path().join("group_vars")).unwrap();
    std::fs::write(folder.path().join("group_vars/all.yml"), first).unwrap();
    let hosts = hosts.to_str().unwrap();
    let arguments = ["inventory", "host", "web1", "-i", hosts];
    for (question, option) in [
        ("Vault password: ", &["-J"][..]),
        ("Vault password: ", &["--ask-vault-pass"]),
        ("Vault password (prod): ", &["--vault-id", "prod@prompt"]),
    ] {
        let (code, screen) = asked(question, "battery staple", &[&arguments, option].concat());
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains(question) && screen.contains("[redacted]"), "{screen}");
        assert!(!screen.contains("battery") && !screen.contains("inline secret"), "{screen}");
    }
    let (code, screen) = asked("Vault password: ", "guess", &[&arguments[..], &["-J"]].concat());
    assert_eq!(code, 65, "{screen}");
    assert!(screen.contains("no vault password that was given"), "{screen}");
    // Nowhere to ask: nothing hangs, and the error says what to do.
    let mut command = std::process::Command::new("setsid");
    command.arg("-w").arg(env!("CARGO_BIN_EXE_converge")).args(arguments).arg("-J");
    let output = command.stdin(Stdio::null()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{err}");
    assert!(err.contains("--vault-password-file"), "{err}");
}

#[test]
fn vault_passwords_come_from_files_and_programs_and_secrets_stay_secret() {
    use std::os::unix::fs::PermissionsExt;
    const SECRET: &str = "inline secret";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let hosts = path("hosts.yml");
    let inline = format!("{ROOT}/tests/integration/fixtures/vault/inline.yml");
    std::fs::write(&hosts, "all: {hosts: {web1: }}\n").unwrap();
    std::fs::create_dir(path("group_vars")).unwrap();
    let inline = std::fs::read_to_string(inline).unwrap();
    let (first, _) = inline.split_once("block:").unwrap();
    std::fs::write(path("group_vars/all.yml"), first).unwrap();
    std::fs::write(path("password"), "battery staple\n").unwrap();
    std::fs::write(path("wrong"), "guess\n").unwrap();
    std::fs::write(path("program"), "#!/bin/sh\necho 'battery staple'\n").unwrap();
    std::fs::write(path("bad-program"), "#!/bin/sh\necho no key >&2; exit 3\n").unwrap();
    for name in ["program", "bad-program"] {
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let id = format!("prod@{}", path("password"));
    for (words, expected) in [
        (["--vault-password-file", &path("password")], Ok(())),
        (["--vault-password-file", &path("program")], Ok(())),
        (["--vault-id", &id], Ok(())),
        (["--vault-password-file", &path("wrong")], Err("no vault password that was given")),
        (["--vault-password-file", &path("none")], Err("there is no vault password file")),
        (["--vault-password-file", &path("bad-program")], Err("no key")),
        (["-i", &hosts], Err("no vault password was given")),
    ] {
        for command in [&["inventory", "host", "web1"][..], &["explain", "web1"]] {
            let from = if words[0] == "-i" { &[][..] } else { &["-i", &hosts] };
            let arguments: Vec<&str> = [command, from, &words].concat();
            let (code, out, err) = run(&arguments);
            match expected {
                Ok(()) => {
                    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
                    assert!(out.contains("[redacted]"), "{arguments:?}: {out}");
                }
                Err(why) => {
                    assert_eq!((code, out.as_str()), (65, ""), "{arguments:?}: {err}");
                    assert!(err.contains(why), "{arguments:?}: {err}");
                }
            }
            assert!(!out.contains(SECRET) && !err.contains("battery"), "{out}{err}");
        }
    }
}

/// Commands in documents, up to the two blanks that set off their description.
#[test]
fn what_documents_tell_to_type_exists() {
    let documents = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/benchmarks.md",
        "docs/ci.md",
        "docs/first-role.md",
        "docs/variables.md",
    ];
    let mut seen = 0;
    for document in documents {
        let Ok(text) = std::fs::read_to_string(format!("{ROOT}/{document}")) else { continue };
        for line in fenced(&text) {
            let line = line.trim_start().trim_start_matches("- run: ");
            let line = line.strip_prefix("$ ").unwrap_or(line);
            let line = line.split([';', '|', '>']).next().unwrap_or_default();
            let line = line.split("  ").next().unwrap_or_default().trim();
            let words = converge::text::split_words(line).unwrap_or_default();
            match words.first().map(String::as_str) {
                Some("converge") => {
                    let mut arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
                    let end = arguments.iter().position(|word| *word == "--");
                    arguments.insert(end.unwrap_or(arguments.len()), "--help");
                    let (code, _, err) = run(&arguments);
                    assert_eq!(code, 0, "{document}: {line}\n{err}");
                    seen += 1;
                }
                Some(path) if path.starts_with("scripts/") => {
                    assert!(Path::new(ROOT).join(path).exists(), "{document}: {line}");
                    seen += 1;
                }
                _ => {}
            }
        }
    }
    assert!(seen >= 5, "the search found its commands");
}

fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks.flat_map(|block| block.lines().skip(1))
}

#[test]
fn explain_shows_what_tasks_set_too() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("hosts.yml", "all:\n  hosts: {web1: {x: inventory}}\n  roles: [r]\n");
    write("roles/r/defaults/main.yml", "x: default\n");
    write(
        "roles/r/tasks/main.yml",
        "- block:\n    - {name: ask, command: tell, register: x}\n  vars: {x: block}\n\
         - include_tasks: more.yml\n  vars: {x: include}\n",
    );
    write(
        "roles/r/tasks/more.yml",
        "- set_fact: {x: fact, y: 1}\n- {set_fact: {x: hidden}, no_log: true}\n",
    );
    let hosts = folder.path().join("hosts.yml");
    let shown = |words: &[&str]| {
        let words: Vec<&str> =
            words.iter().copied().chain(["-i", hosts.to_str().unwrap()]).collect();
        let (_, out, err) = run(&words);
        // The columns are as wide as the folder's name makes them.
        let cells = |line: &str| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect::<Vec<_>>()
                .join(" | ")
        };
        let shown = (out + &err).replace(&format!("{}/", folder.path().display()), "");
        shown.lines().map(cells).collect::<Vec<_>>().join("\n")
    };
    let all = [
        shown(&["explain", "web1", "x"]),
        shown(&["explain", "web1", "x", "-e", "x=given"]),
        shown(&["explain", "web1", "y"]),
        shown(&["explain", "web1", "group_names"]),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

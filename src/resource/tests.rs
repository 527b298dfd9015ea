use super::*;
use crate::config::yaml;
use crate::host::Action;
use crate::host::in_memory::{InMemory, World};
use crate::text::{SourceId, Span};
use crate::value::{Map, Node, Value};
use std::collections::HashSet;

fn node(text: &str) -> Node {
    yaml::parse(SourceId(0), text).unwrap()
}

fn at(span: Option<Span>) -> (u32, u32) {
    span.map_or((0, 0), |span| (span.line, span.column))
}

#[test]
fn a_kind_is_found_by_every_name_and_no_two_share_one() {
    for (name, kind) in [
        ("file", Some("file")),
        ("ansible.builtin.file", Some("file")),
        ("ansible.legacy.command", Some("command")),
        ("community.general.pacman", Some("package")),
        ("ansible.builtin.systemd_service", Some("service")),
        ("community.general.file", None),
        ("fiel", None),
    ] {
        assert_eq!(find(name).map(|kind| kind.name), kind, "{name}");
    }
    let mut seen = HashSet::new();
    for kind in kinds() {
        for name in std::iter::once(&kind.name).chain(kind.aliases) {
            assert!(seen.insert(name), "{name} is two kinds");
        }
    }
}

#[test]
fn every_parameter_says_what_it_means() {
    for kind in kinds() {
        let parameters = kind.parameters();
        assert!(!parameters.about.is_empty(), "{}", kind.name);
        for parameter in parameters.shown() {
            assert!(!parameter.about.is_empty(), "{}.{}", kind.name, parameter.name);
        }
    }
}

#[test]
fn mistakes_are_found_where_they_are_written() {
    for (kind, text, message, place) in [
        (
            "copy",
            "dest: /etc/x\ncontent: x\nmdoe: \"0644\"",
            "`copy` has no parameter `mdoe`",
            (3, 1),
        ),
        (
            "file",
            "path: /etc/x\nmode: 600",
            "`mode` must be text in quotes: `mode: 600` without quotes is decimal and gives 01130",
            (2, 7),
        ),
        (
            "file",
            "path: /etc/x\nmode: \"888\"",
            "`mode` cannot be `888`: it is three or four octal digits",
            (2, 7),
        ),
        ("command", "argv: [sleep, 5]", "`argv[1]` must be text, not an integer", (1, 15)),
        (
            "service",
            "name: a\nenabled: \"yes\"",
            "`enabled` must be true or false, not text",
            (2, 10),
        ),
        ("package", "name: {a: b}", "`name` must be text or a list of text, not a mapping", (1, 7)),
        (
            "uri",
            "url: http://x\nstatus_code: [200, 99999]",
            "`status_code[1]` cannot be 99999: at most 65535",
            (2, 20),
        ),
        ("copy", "content: x", "`copy` needs `dest`", (1, 1)),
        ("user", "name: \"{{ x }}\"\nuid: -1", "`uid` cannot be -1: at least 0", (2, 6)),
        (
            "template",
            "src: a.j2\ndest: /x\ncontent: x",
            "`template` has no parameter `content`",
            (3, 1),
        ),
    ] {
        let wrong = find(kind).unwrap().check(&node(text));
        let found: Vec<_> = wrong.iter().map(|one| (one.message.as_str(), at(one.span))).collect();
        assert_eq!(found, [(message, place)], "{kind}: {text}");
    }
}

#[test]
fn templates_are_left_to_the_run() {
    for (kind, text) in [
        ("file", "path: /etc/{{ x }}\nmode: \"{{ mode }}\"\nstate: \"{{ state }}\""),
        ("uri", "url: \"{{ url }}\"\nstatus_code: \"{{ codes }}\"\ntimeout: \"{{ t }}\""),
        ("service", "name: x\nenabled: \"{{ on }}\""),
        ("set_fact", "a: 1\nb: \"{{ c }}\""),
    ] {
        let wrong = find(kind).unwrap().check(&node(text));
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
    }
}

#[test]
fn what_is_rendered_wrong_is_said_at_its_parameter() {
    let written = node("path: /etc/x\nmode: \"{{ mode }}\"");
    let kind = find("file").unwrap();
    let error = kind.parse(serde_json::json!({ "path": "/etc/x", "mode": 600 })).unwrap_err();
    assert!(error.message.contains("01130"), "{error}");
    assert_eq!(at(error.diagnostic(&written).span), (2, 7));
    let error = kind.parse(serde_json::json!({ "path": "x", "mode": "0600" })).unwrap_err();
    assert_eq!(error.to_string(), "`path: x` is not an absolute path");
}

#[test]
fn what_a_secret_writes_is_secret() {
    let secret = Value::str("pw").into_secret();
    let copy = Map::from_iter([
        ("dest".to_owned(), "/etc/x".into()),
        ("content".to_owned(), secret.clone()),
    ]);
    let declared = find("copy").unwrap().declare(&Value::Map(copy)).unwrap();
    let planned = declared.look(&InMemory::new(World::default())).unwrap();
    assert!(
        matches!(&planned.steps[0].action, Action::WriteFile { content, .. } if content.secret),
        "{planned:?}"
    );
    let command = Map::from_iter([("argv".to_owned(), Value::List(vec!["login".into(), secret]))]);
    let error = find("command").unwrap().declare(&Value::Map(command)).unwrap_err();
    assert_eq!(error.path, ["argv"]);
}

#[test]
fn no_secret_goes_to_the_arguments_of_a_program() {
    for (kind, name) in [
        ("shell", "cmd"),
        ("user", "comment"),
        ("user", "home"),
        ("user", "user"),
        ("group", "name"),
        ("hostname", "name"),
        ("sysctl", "value"),
        ("sysctl", "val"),
        ("package", "name"),
        ("service", "name"),
        ("template", "validate"),
        ("postfix_main", "validate"),
    ] {
        let kind = find(kind).unwrap();
        assert!(kind.parameters().get(name).is_some(), "{} {name}", kind.name);
        let parameters = Map::from_iter([(name.to_owned(), Value::str("pw").into_secret())]);
        let error = kind.declare(&Value::Map(parameters)).unwrap_err().to_string();
        assert!(error.contains("read a process's arguments"), "{} {name}: {error}", kind.name);
    }
    let password = Value::str("correct horse").into_secret();
    let user = Map::from_iter([("name".to_owned(), "a".into()), ("password".to_owned(), password)]);
    find("user").unwrap().declare(&Value::Map(user)).unwrap();
}

/// Text that names no parameter, however many of its letters are right.
const MISSPELT: &str = "no_such_parameter";

#[test]
fn an_unknown_parameter_is_refused_as_it_is_written_and_as_it_is_rendered() {
    for kind in kinds().iter().filter(|kind| !kind.parameters().any) {
        let message = format!("`{}` has no parameter `{MISSPELT}`", kind.name);
        let wrong = kind.check(&node(&format!("{MISSPELT}: x")));
        assert!(wrong.iter().any(|one| one.message == message), "{}: {wrong:?}", kind.name);
        // Beside everything that the kind needs, which a template may have given.
        let example = node(kind.example);
        let [task] = example.items() else { panic!("{}", kind.name) };
        let mut rendered = match task.get(kind.name).unwrap().to_value().to_json_exposed() {
            serde_json::Value::Object(rendered) => rendered,
            free => [(kind.free_form.unwrap().to_owned(), free)].into_iter().collect(),
        };
        rendered.insert(MISSPELT.to_owned(), "x".into());
        let error = kind.parse(rendered.into()).unwrap_err();
        assert_eq!((error.message, error.path), (message, vec![MISSPELT.to_owned()]));
    }
}

#[test]
fn what_kinds_share_is_held_to_its_type_at_its_place() {
    for (kind, given, message) in [
        (
            "copy",
            r#"{"dest": "/x", "content": "", "backup": "x"}"#,
            "`backup` must be true or false, not text",
        ),
        (
            "copy",
            r#"{"dest": "/x", "content": "", "backup": null}"#,
            "`backup` must be true or false, not nothing",
        ),
        (
            "template",
            r#"{"dest": "/x", "src": "a", "content": "", "mode": 420}"#,
            "`mode` must be text in quotes: `mode: 420` without quotes is decimal and gives 00644",
        ),
        (
            "lineinfile",
            r#"{"path": "/x", "line": "a", "owner": 0}"#,
            "`owner` must be text, not an integer",
        ),
        (
            "replace",
            r#"{"path": "/x", "regexp": "a", "validate": "true"}"#,
            "`validate` has no `%s`",
        ),
        (
            "file",
            r#"{"path": "/x", "mode": "99"}"#,
            "`mode` cannot be `99`: it is three or four octal digits",
        ),
        (
            "command",
            r#"{"cmd": "true", "changes": "/x"}"#,
            "`changes` must be a list of text, not text",
        ),
        (
            "command",
            r#"{"cmd": "true", "timeout": 86401}"#,
            "`timeout` cannot be 86401: at most 86400",
        ),
        ("shell", r#"{"cmd": "true", "creates": "x"}"#, "`creates: x` is not an absolute path"),
        (
            "shell",
            r#"{"cmd": "true", "environment": {"A": 1}}"#,
            "`environment.A` must be text, not an integer",
        ),
    ] {
        let error = find(kind).unwrap().parse(serde_json::from_str(given).unwrap()).unwrap_err();
        assert_eq!(error.message, message, "{kind}: {given}");
        let parameter = message.split(['`', '.', ':']).nth(1).unwrap();
        assert_eq!(error.path.first().map(String::as_str), Some(parameter), "{kind}: {given}");
    }
}

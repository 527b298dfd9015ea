use super::*;
use crate::config::yaml;
use crate::host::Action;
use crate::host::memory::{Memory, World};
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
    let look = declared.look(&Memory::new(World::default())).unwrap();
    assert!(
        matches!(&look.steps[0].action, Action::WriteFile { content, .. } if content.secret),
        "{look:?}"
    );
    let command = Map::from_iter([("argv".to_owned(), Value::List(vec!["login".into(), secret]))]);
    let error = find("command").unwrap().declare(&Value::Map(command)).unwrap_err();
    assert_eq!(error.path, ["argv"]);
}

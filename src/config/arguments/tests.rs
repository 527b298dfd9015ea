use super::*;
use crate::config::variables::{Layer, LayerKind, Layers};
use crate::config::yaml;
use crate::text::{Diagnostic, SourceId};
use crate::value::Value;
use std::sync::Arc;

const SPEC: &str = "
main:
  short_description: everything
  options:
    port: {type: int, default: 25, choices: [25, 587]}
    ratio: {type: float}
    on: {type: bool}
    name: {required: true, description: who}
    path: {type: path}
    any: {type: raw}
    modes: {type: list, elements: str, choices: [fast, slow]}
    plain: {type: list}
    password: {type: str, no_log: true}
    free: {type: dict}
    relay:
      type: dict
      options: {host: {required: true}, port: {type: int}, token: {no_log: true}}
    users: {type: list, elements: dict, options: {uid: {type: int, required: true}}}
";

fn spec(text: &str) -> Result<ArgumentSpecs, Diagnostic> {
    ArgumentSpecs::read(yaml::parse(SourceId(0), text).unwrap())
}

/// Applies the specification to variables set in a file and with `-e`.
fn applied(file: &str, extra: &[(&str, &str)]) -> (Layers, Vec<Diagnostic>) {
    let mut layers = Layers::default();
    layers.add_entries(&LayerKind::HostFile, yaml::parse(SourceId(1), file).unwrap().entries());
    for (name, text) in extra {
        let span = crate::text::Span { source: SourceId(2), line: 1, column: 1, len: 1 };
        let node = Arc::new(Node { kind: NodeKind::Str((*text).into()), span, secret: false });
        layers.add((*name).into(), Layer { kind: LayerKind::Extra, span, node });
    }
    let spec = spec(SPEC).unwrap();
    let errors = spec.0["main"].apply("mail", &mut layers, |name| name == "later");
    (layers, errors)
}

#[test]
fn what_fits_is_let_through() {
    for file in [
        "{name: x, port: 587, ratio: 1, on: true, path: /a, any: [1], modes: [fast], plain: [1, a]}",
        "{name: x, relay: {host: a, port: 1}, users: [{uid: 1}], free: {what: ever}}",
        "{name: x, port: '{{ p }}', relay: {host: '{{ h }}', port: '{{ p }}'}, modes: ['{{ m }}']}",
        "{name: '{{ n }}', port: null}",
    ] {
        let (_, errors) = applied(file, &[]);
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
}

#[test]
fn mistakes() {
    let show = |errors: Vec<Diagnostic>| -> String {
        let show = |error: &Diagnostic| {
            let span = error.span.unwrap();
            let help = error.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
            let file = ["spec", "file", "-e"][span.source.0 as usize];
            format!("\n    {file}:{}:{} {}{help}", span.line, span.column, error.message)
        };
        errors.iter().map(show).collect()
    };
    let mut all: Vec<String> = [
        "{}",
        "{name: null}",
        "{name: 1}",
        "{name: x, port: '25'}",
        "{name: x, port: 26}",
        "{name: x, on: yes}",
        "{name: x, ratio: fast}",
        "{name: x, modes: fast}",
        "{name: x, modes: [fats, fast, 3]}",
        "{name: x, relay: {hots: a}}",
        "{name: x, relay: {host: a, port: x, token: 5}}",
        "{name: x, users: [{uid: 1}, {}, 7]}",
        "{name: x, password: [hunter2]}",
    ]
    .iter()
    .map(|file| format!("{file}{}", show(applied(file, &[]).1)))
    .collect();
    for extra in [("port", "x"), ("on", "maybe"), ("password", "hunter2"), ("users", "[{]")] {
        all.push(format!("-e {}={}{}", extra.0, extra.1, show(applied("{name: x}", &[extra]).1)));
    }
    for text in [
        "main: {option: {}}",
        "main: {options: {a: {typ: int}}}",
        "main: {options: {a: {type: integer}}}",
        "main: {options: {a: {required: yes}}}",
        "main: {options: {a: {required: true, default: x}}}",
        "main: {options: {a: {type: int, default: x}}}",
        "main: {options: {a: {elements: int}}}",
        "main: {options: {a: {type: list, options: {b: {}}}}}",
        "main: {options: {a: {choices: x}}}",
        "main: [a]",
    ] {
        all.push(format!("{text}{}", show(vec![spec(text).unwrap_err()])));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn only_the_command_line_is_converted() {
    let (layers, errors) = applied(
        "{name: x}",
        &[
            ("port", "587"),
            ("ratio", "0.5"),
            ("on", "yes"),
            ("path", "/a b"),
            ("any", "1"),
            ("modes", "fast, slow"),
            ("users", "[{uid: 3}]"),
            ("free", "{a: 1}"),
            ("plain", "['x']"),
        ],
    );
    assert!(errors.is_empty(), "{errors:#?}");
    let values: Vec<String> =
        layers.winners().map(|(name, layer)| format!("{name}={:?}", layer.node)).collect();
    assert_eq!(
        values.join(" "),
        r#"name="x" port=587 ratio=0.5 on=true path="/a b" any="1" modes=["fast","slow"] users=[{"uid":3}] free={"a":1} plain=["x"]"#
    );
}

#[test]
fn a_secret_is_marked_in_every_layer_and_no_error_points_at_its_line() {
    let (layers, errors) = applied("{name: x, password: hunter2}", &[]);
    assert!(errors.is_empty());
    assert!(layers.all("password").iter().all(|layer| layer.node.secret));
    let (_, errors) = applied("{name: x, password: 5}", &[]);
    assert_eq!(errors[0].span.unwrap().source, SourceId(0));
    let (layers, errors) = applied("{name: x, relay: {host: 1, token: hunter2}}", &[]);
    let relay = &layers.get("relay").unwrap().node;
    assert!(relay.get("token").unwrap().secret && !relay.get("host").unwrap().secret);
    assert_eq!(errors[0].span.unwrap().source, SourceId(0), "its line holds the token");
}

#[test]
fn rendered_values_are_checked_too() {
    let spec = spec(SPEC).unwrap();
    let span = crate::text::Span { source: SourceId(1), line: 1, column: 1, len: 1 };
    let check = |name: &str, value: Value| {
        spec.0["main"].options[name].check_rendered(name, &value, span).len()
    };
    assert_eq!(check("port", Value::Int(25)), 0);
    assert_eq!(check("port", Value::str("25")), 1);
    assert_eq!(check("port", Value::Unknown(crate::value::Origin::new("later"))), 0);
    assert_eq!(check("password", Value::Int(3).into_secret()), 1);
}

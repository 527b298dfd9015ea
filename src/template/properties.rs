//! What holds for every template, tried on generated ones: a secret changes nothing that is not
//! marked secret, an unknown nothing that is not marked unknown, and nothing panics.

use super::{Scope, Templates};
use crate::text::{Diagnostic, SourceId, Span};
use crate::value::{Map, Origin, Value};
use proptest::prelude::*;
use std::sync::Arc;

const SPAN: Span = Span { source: SourceId(0), line: 1, column: 1, len: 0 };

/// Variables; `hidden` stands for what is secret or unknown in them.
fn scope(hidden: &Value) -> Arc<dyn Scope> {
    let pairs = |pairs: &[(&str, Value)]| -> Map {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    Arc::new(pairs(&[
        ("h", hidden.clone()),
        ("n", Value::Int(3)),
        ("s", Value::str("text")),
        ("l", Value::List(vec![Value::Int(1), hidden.clone(), Value::str("b")])),
        (
            "m",
            Value::Map(pairs(&[
                ("h", hidden.clone()),
                ("a", Value::Bool(true)),
                ("m", Value::Map(pairs(&[("h", hidden.clone()), ("z", Value::Null)]))),
            ])),
        ),
    ]))
}

fn render(template: &str, hidden: &Value) -> Result<Value, Diagnostic> {
    Templates::new().text(template, SPAN, &scope(hidden))
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "h",
        "n",
        "s",
        "l",
        "m",
        "m.h",
        "m.a",
        "m['m']",
        "m.m.h",
        "l[0]",
        "l[1]",
        "h.x",
        "missing",
        "m.missing",
        "m.missing.x",
        "'b'",
        "0",
        "''",
        "[]",
        "{}",
        "none",
        "true",
        "omit",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let filter = prop::sample::select(vec![
            "length",
            "default('d')",
            "d('', true)",
            "upper",
            "list",
            "string",
            "bool",
            "int",
            "first",
            "last",
            "sort",
            "unique",
            "join(',')",
            "to_json",
            "to_yaml",
            "b64encode",
            "hash('sha256')",
            "combine({'k': 1})",
            "dict2items",
            "flatten",
            "union([1])",
            "regex_replace('t', '')",
            "regex_search('(.)')",
            "ternary(1, 2)",
            "map('string')",
            "select",
            "quote",
            "min",
            "max",
            "sum",
            "items",
            "zip([1, 2])",
            "comment",
            "indent",
            "mandatory",
            "type_debug",
            "reverse",
            "urlencode",
            "from_json",
            "intersect(l)",
        ]);
        let test = prop::sample::select(vec![
            "defined",
            "undefined",
            "not defined",
            "none",
            "string",
            "mapping",
            "failed",
            "truthy",
            "match('t')",
            "version('1', '<')",
            "in [3]",
            "contains('b')",
            "subset([1])",
            "iterable",
            "sameas none",
        ]);
        let operator = prop::sample::select(vec![
            "and", "or", "+", "~", "==", "!=", "<", ">", ">=", "in", "not in", "*", "%",
        ]);
        prop_oneof![
            (inner.clone(), filter).prop_map(|(e, f)| format!("({e}) | {f}")),
            (inner.clone(), test).prop_map(|(e, t)| format!("({e}) is {t}")),
            (inner.clone(), operator, inner.clone())
                .prop_map(|(l, o, r)| format!("({l}) {o} ({r})")),
            inner.clone().prop_map(|e| format!("not ({e})")),
            inner.clone().prop_map(|e| format!("({e}).h")),
            inner.clone().prop_map(|e| format!("({e})[0]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            inner.clone().prop_map(|e| format!("({e}) | length > 0")),
            inner.clone().prop_map(|e| format!("({e}) == ''")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, c, b)| format!("({a}) if ({c}) else ({b})")),
        ]
    })
}

fn template() -> impl Strategy<Value = String> {
    let e = expression;
    prop_oneof![
        e().prop_map(|e| format!("{{{{ {e} }}}}")),
        e().prop_map(|e| format!("a {{{{ {e} }}}}")),
        (e(), e())
            .prop_map(|(a, b)| format!("{{% if {a} %}}{{{{ {b} }}}}{{% else %}}e{{% endif %}}")),
        (e(), e()).prop_map(|(a, b)| format!(
            "{{% for i in {a} if i %}}{{{{ i }}}}{{{{ {b} }}}}{{% endfor %}}"
        )),
        (e(), e())
            .prop_map(|(a, b)| format!("{{% set n = {a} %}}{{{{ n is defined }}}}{{{{ {b} }}}}")),
        (e(), e()).prop_map(|(a, b)| format!(
            "{{% macro f(x=3) %}}{{{{ {a} }}}}{{% endmacro %}}{{{{ f({b}) }}}}"
        )),
        e().prop_map(|e| format!(
            "{{% set c %}}{{{{ {e} }}}}{{% endset %}}{{{{ c | length > 0 }}}}"
        )),
    ]
}

/// Whether a result, looked at by anyone, is free of what is marked.
fn is_open(value: &Value) -> bool {
    !value.has_secret() && value.unknown().is_none()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_secret_changes_nothing_that_is_not_secret(template in template()) {
        let secret = |text: &str| Value::str(text).into_secret();
        let (one, other) = (render(&template, &secret("hunter2")), render(&template, &secret("correct horse")));
        match (&one, &other) {
            (Ok(one), Ok(other)) if is_open(one) || is_open(other) => prop_assert_eq!(one, other),
            (Ok(open), Err(_)) | (Err(_), Ok(open)) => prop_assert!(!is_open(open), "{:?}", open),
            _ => {}
        }
        for error in [one.err(), other.err()].into_iter().flatten() {
            let shown = format!("{error:?}");
            prop_assert!(!shown.contains("hunter2") && !shown.contains("correct"), "{}", shown);
        }
    }

    #[test]
    fn an_unknown_changes_nothing_that_is_not_unknown(
        template in template(),
        known in prop::sample::select(vec![
            Value::str("text"), Value::Int(0), Value::Null, Value::Bool(true),
            Value::List(vec![Value::Int(1)]), Value::Map(Map::new()),
        ]),
    ) {
        let unknown = Value::Unknown(Origin::new("later"));
        let foretold = render(&template, &unknown);
        if let Ok(value) = &foretold
            && value.unknown().is_none()
        {
            prop_assert_eq!(&foretold, &render(&template, &known));
        }
    }

    #[test]
    fn nothing_panics_whatever_is_written(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "{{", "}}", "{%", "%}", "{#", "#}", "-", "if", "else", "endif", "for", "in",
                    "endfor", "set", "=", "macro", "endmacro", "(", ")", "[", "]", "{", "}", "|",
                    ".", ",", ":", "is", "not", "and", "or", "'", "\"", "\\", "x", "h", "m", "0",
                    "1.5", "**", "~", "==", " ", "\n", "é", "loop", "call", "filter", "raw",
                    "endraw", "block", "with", "do", "include", "default", "regex_search('(')",
                    "*", "**", "caller()", "self", "super()", "namespace()", "recursive",
                ]).prop_map(str::to_owned),
                ".{0,6}",
            ],
            0..24,
        ),
        braces in any::<bool>(),
    ) {
        let text = parts.join(" ");
        let text = if braces { format!("{{{{ {text} }}}}") } else { text };
        let hidden = Value::Int(1);
        let _ = render(&text, &hidden);
        let _ = Templates::new().expression(&text, SPAN, &scope(&hidden));
        let _ = Templates::new().names_in_file(SourceId(0), &text);
    }

    #[test]
    fn a_mark_anywhere_marks_the_text_that_shows_it(
        depth in 0_usize..6,
        lists in prop::collection::vec(any::<bool>(), 6),
        secret in any::<bool>(),
    ) {
        let mark = if secret {
            Value::str("hunter2").into_secret()
        } else {
            Value::Unknown(Origin::new("later"))
        };
        let mut value = mark;
        for list in lists.into_iter().take(depth) {
            value = if list {
                Value::List(vec![Value::Int(1), value])
            } else {
                Value::Map([("a".to_owned(), value)].into_iter().collect())
            };
        }
        for template in ["x{{ h }}", "{{ h | to_json }}", "{{ h | string }}", "{{ [h] | to_yaml }}"] {
            let result = render(template, &value);
            match secret {
                true => prop_assert!(matches!(result, Ok(Value::Secret(_))), "{}", template),
                false => prop_assert!(matches!(result, Ok(Value::Unknown(_))), "{}", template),
            }
        }
        prop_assert_eq!(render("{{ h }}", &value), Ok(value));
    }
}

//! What the engine promises of values, unknowns, secrets and places.

use super::{Scope, Templates, is_omit};
use crate::text::{SourceId, Span};
use crate::value::{Key, Known, Map, Node, NodeKind, Origin, Value};
use std::sync::Arc;

fn span() -> Span {
    Span { source: SourceId(0), line: 3, column: 5, len: 999 }
}

fn map(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Map {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn unknown(words: &str) -> Value {
    Value::Unknown(Origin::new(words))
}

fn scope() -> Arc<dyn Scope> {
    Arc::new(map([
        ("name", Value::str("mx1")),
        ("port", Value::Int(25)),
        ("ports", Value::from(vec![25_i64, 587])),
        ("on", Value::Bool(true)),
        ("off", Value::Bool(false)),
        ("word", Value::str("yes")),
        ("nothing", Value::Null),
        ("later", unknown("the output of \"make token\"")),
        ("password", Value::str("hunter2hunter2").into_secret()),
        (
            "account",
            Value::Map(map([
                ("user", Value::str("relay")),
                ("password", Value::str("hunter2hunter2").into_secret()),
            ])),
        ),
        (
            "r",
            Value::Map(map([
                ("failed", Value::Bool(false)),
                ("changed", Value::Bool(true)),
                ("status", unknown("the answer")),
            ])),
        ),
        ("braces", Value::str("{{ password }}")),
    ]))
}

fn text(text: &str) -> Result<Value, String> {
    Templates::new().text(text, span(), &scope()).map_err(|diagnostic| diagnostic.message)
}

fn node(kind: NodeKind) -> Node {
    Node { kind, span: span(), secret: false }
}

fn string(text: &str) -> Node {
    node(NodeKind::Str(text.to_owned()))
}

fn truth(condition: Node) -> Result<Known<bool>, String> {
    Templates::new().truth(&condition, &scope()).map_err(|diagnostic| diagnostic.message)
}

#[test]
fn a_single_expression_keeps_its_type_and_other_text_is_text() {
    for (template, expected) in [
        ("{{ port }}", Value::Int(25)),
        ("{{ ports }}", Value::from(vec![25_i64, 587])),
        ("{{ nothing }}", Value::Null),
        ("{{ port / 2 }}", Value::Float(12.5)),
        ("{{ on and off }}", Value::Bool(false)),
        ("{{ {'a': port} }}", Value::Map(map([("a", Value::Int(25))]))),
        (" {{ port }}", Value::str(" 25")),
        // Jinja takes the last line break away before there is anything beside the expression.
        ("{{ port }}\n", Value::Int(25)),
        ("{{ name }}:{{ port }}", Value::str("mx1:25")),
        ("{% if on %}{{ port }}{% endif %}", Value::str("25")),
        ("a{{ nothing }}b{{ on }}", Value::str("abTrue")),
        ("no template { at all }", Value::str("no template { at all }")),
        ("{# nothing #}", Value::str("")),
    ] {
        assert_eq!(text(template), Ok(expected), "{template}");
    }
}

#[test]
fn data_is_never_rendered_again() {
    assert_eq!(text("{{ braces }}"), Ok(Value::str("{{ password }}")));
    assert_eq!(text("x{{ braces }}"), Ok(Value::str("x{{ password }}")));
}

#[test]
fn what_depends_on_an_unknown_is_unknown_and_what_does_not_is_not() {
    let later = || Ok(unknown("the output of \"make token\""));
    for template in [
        "{{ later }}",
        "token {{ later }}",
        "{{ later == 'x' }}",
        "{{ later | length }}",
        "{{ 'a' if later else 'b' }}",
        "{{ later.some.member }}",
        "{{ later[0] | int + 1 }}",
        "{{ later.strip() }}",
        "{% for x in later %}{{ x }}{% endfor %}",
        "{{ [1, later] }}",
        "{{ [later] | map('upper') | list }}",
        "{{ later + undefined_name }}",
        "{{ password ~ later }}",
    ] {
        assert_eq!(text(template), later(), "{template}");
    }
    for (template, expected) in [
        ("{{ r.failed }}", Value::Bool(false)),
        ("{{ r is changed }}", Value::Bool(true)),
        ("{{ r | length }}", Value::Int(3)),
        ("{{ name if on else later }}", Value::str("mx1")),
        ("{{ on or later }}", Value::Bool(true)),
        ("{% if off %}{{ later }}{% endif %}-", Value::str("-")),
    ] {
        assert_eq!(text(template), Ok(expected), "{template}");
    }
    assert_eq!(text("{{ r.status }}"), Ok(unknown("the answer")));
    let whole = text("{{ r }}").expect("a mapping");
    assert_eq!(whole.get("status"), Some(&unknown("the answer")));
    assert_eq!(whole.get("failed"), Some(&Value::Bool(false)));
}

#[test]
fn what_holds_a_secret_is_secret() {
    for template in [
        "{{ password }}",
        "user:{{ password }}",
        "{{ password | upper }}",
        "{{ password == 'x' }}",
        "{{ account.password }}",
        "{{ account | to_json }}",
        "{{ account }} as text",
        "{% set copy = account.password %}{{ copy }}",
        "{{ [password] }}",
    ] {
        assert!(matches!(text(template), Ok(Value::Secret(_))), "{template}");
    }
    assert_eq!(text("{{ account.user }}"), Ok(Value::str("relay")));
    let whole = text("{{ account }}").expect("a mapping");
    assert!(matches!(whole, Value::Map(_)), "only the leaf is secret");
    assert!(matches!(whole.get("password"), Some(Value::Secret(_))));
}

#[test]
fn a_tree_keeps_marks_at_its_leaves_and_drops_what_is_omitted() {
    let entry = |name: &str, node: Node| (Key { name: name.to_owned(), span: span() }, node);
    let tree = node(NodeKind::Map(vec![
        entry("path", string("/etc/{{ name }}")),
        entry("mode", string("{{ omit }}")),
        entry("owner", string("{{ missing | default(omit) }}")),
        entry("content", string("{{ password }}")),
        entry("token", string("{{ later }}")),
        entry("list", node(NodeKind::List(vec![string("{{ omit }}"), string("{{ port }}")]))),
    ]));
    let value = Templates::new().node(&tree, &scope()).expect("renders");
    let keys: Vec<_> = value.as_map().expect("a mapping").keys().map(String::as_str).collect();
    assert_eq!(keys, ["path", "content", "token", "list"]);
    assert_eq!(value.get("path"), Some(&Value::str("/etc/mx1")));
    assert!(matches!(value.get("content"), Some(Value::Secret(_))));
    assert!(matches!(value.get("token"), Some(Value::Unknown(_))));
    assert_eq!(value.get("list"), Some(&Value::from(vec![25_i64])));
    assert!(is_omit(&text("{{ omit }}").expect("renders")));
    assert!(text("x{{ omit }}").is_err());
}

#[test]
fn a_condition_is_true_false_or_unknown_and_nothing_else() {
    let list =
        |parts: &[&str]| node(NodeKind::List(parts.iter().map(|part| string(part)).collect()));
    let later = || Ok(Known::Unknown(Origin::new("the output of \"make token\"")));
    assert_eq!(truth(node(NodeKind::Bool(false))), Ok(Known::Is(false)));
    assert_eq!(truth(string("port == 25 and name is match('mx')")), Ok(Known::Is(true)));
    assert_eq!(truth(string("word")), Ok(Known::Is(true)));
    assert_eq!(truth(string("{{ on }}")), Ok(Known::Is(true)));
    assert_eq!(truth(string("password is defined")), Ok(Known::Is(true)));
    assert_eq!(truth(string("later == 3")), later());
    assert_eq!(truth(list(&["on", "later"])), later());
    assert_eq!(truth(list(&["later", "off"])), Ok(Known::Is(false)));
    assert_eq!(truth(list(&["later", "name.nonsense.deeper"])), later());
    assert_eq!(truth(list(&[])), Ok(Known::Is(true)));
    for wrong in ["name", "ports", "port", "nothing", "r", "{{ port }} == 25", " "] {
        assert!(truth(string(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_line_of_a_template_may_be_longer_than_16_bits_can_count() {
    let long = "x".repeat(70_000);
    let render = |end: &str| Templates::new().file(SourceId(0), &format!("{long}{end}"), &scope());
    assert_eq!(render("{{ port }}"), Ok(Value::Str(format!("{long}25"))));
    for (wrong, column) in [("{{ nope }}", 70_004), ("{{ a b }}", 70_006), ("{{ a ? }}", 70_006)] {
        let place = render(wrong).unwrap_err().span.map(|span| (span.line, span.column));
        assert_eq!(place, Some((1, column)), "{wrong}");
    }
}

#[test]
fn no_filter_makes_much_more_of_a_text_without_bound() {
    let wide = "(name | center(100000))";
    for filter in [
        format!("join({wide})"),
        format!("list | join({wide})"),
        format!("replace('', {wide})"),
        format!("regex_replace('', {wide})"),
    ] {
        let made = text(&format!("{{{{ {wide} | {filter} }}}}")).unwrap_err();
        assert!(made.contains("64 MiB"), "{made}");
    }
}

#[test]
fn variables_that_name_one_another_in_a_circle_are_an_error() {
    struct Circle(std::sync::Weak<Circle>);
    impl Scope for Circle {
        fn lookup(&self, name: &str) -> Result<Option<Value>, crate::text::Diagnostic> {
            let scope: Arc<dyn Scope> = self.0.upgrade().expect("alive");
            Templates::new().text(&format!("{{{{ {name} }}}}"), span(), &scope).map(Some)
        }
        fn names(&self) -> Vec<String> {
            Vec::new()
        }
    }
    let scope: Arc<dyn Scope> = Arc::new_cyclic(|weak| Circle(weak.clone()));
    let error = Templates::new().text("{{ a }}", span(), &scope).expect_err("a circle");
    assert!(error.message.contains("refer to one another"), "{error}");
}

#[test]
fn what_is_asked_about_a_secret_other_than_its_value_is_no_secret() {
    for (template, expected) in [
        ("{{ password is defined }}", Value::Bool(true)),
        ("{{ account.password is defined }}", Value::Bool(true)),
        ("{{ account.pin is defined }}", Value::Bool(false)),
        ("{% if password %}auth = yes{% endif %}", Value::str("auth = yes")),
        ("{% if password and on %}a{% else %}b{% endif %}", Value::str("a")),
        ("{% if not account.password %}a{% else %}b{% endif %}", Value::str("b")),
        ("{{ 'a' if password else 'b' }}", Value::str("a")),
        ("{{ password | length > 0 }}", Value::Bool(true)),
        ("{{ password | default('') | length == 0 }}", Value::Bool(false)),
        ("{{ account.password != '' }}", Value::Bool(true)),
        ("{% if account.password | default('', true) %}a{% endif %}", Value::str("a")),
        ("{% if missing is defined and missing.x %}a{% endif %}", Value::str("")),
    ] {
        assert_eq!(text(template), Ok(expected), "{template}");
    }
    for template in [
        "{{ password | length }}",
        "{{ password | length > 8 }}",
        "{{ password == name }}",
        "{{ 'a' if password == 'x' else 'b' }}",
        "{{ password or 'none' }}",
        "{% if password %}{{ password }}{% endif %}",
        "{% if password | upper %}a{% endif %}",
        "{{ account.password | default('x') }}",
        "{{ missing | default(password) }}",
        "{% set p = password %}{% if p %}a{% endif %}",
    ] {
        assert!(matches!(text(template), Ok(Value::Secret(_))), "{template}");
    }
}

#[test]
fn what_is_known_after_apply_is_known_to_be_defined() {
    assert_eq!(text("{{ later is defined }}"), Ok(Value::Bool(true)));
    assert_eq!(text("{{ r.status is defined }}"), Ok(Value::Bool(true)));
    assert_eq!(text("{{ r.json is defined }}"), Ok(Value::Bool(false)));
    assert!(matches!(text("{{ later.x is defined }}"), Ok(Value::Unknown(_))));
    assert!(matches!(text("{{ later | default('x') }}"), Ok(Value::Unknown(_))));
    assert!(matches!(text("{% if later %}a{% endif %}"), Ok(Value::Unknown(_))));
    assert_eq!(text("{{ r.json.token | default('none') }}"), Ok(Value::str("none")));
    assert_eq!(text("{{ r['json']['a'].b | default('none') }}"), Ok(Value::str("none")));
    assert_eq!(text("{{ ports[-1].x | default(1) }}"), Ok(Value::Int(1)));
    assert_eq!(text("{{ ports[-1] | default(1) }}"), Ok(Value::Int(587)));
    assert!(text("{{ r.json.token }}").is_err(), "elsewhere a missing member is an error");
    assert!(text("{{ r.json.token | default('x') ~ r.json.token }}").is_err());
}

#[test]
fn a_known_part_decides_a_condition_before_and_after_an_unknown_one() {
    let later = || Ok(Known::Unknown(Origin::new("the answer")));
    for (condition, expected) in [
        ("r.status == 404 and off", Ok(Known::Is(false))),
        ("r.status == 404 or on", Ok(Known::Is(true))),
        ("not (r.status == 404 and off)", Ok(Known::Is(true))),
        ("r.status == 404 and on", later()),
        ("not (r.status == 404)", later()),
        ("(r.failed or r.status == 404) and not r.failed", later()),
        ("r.failed and r.nonsense.deeper", Ok(Known::Is(false))),
        ("r.status == 1 and r.nonsense.deeper", later()),
        ("ports and name", Ok(Known::Is(true))),
        ("not nothing", Ok(Known::Is(true))),
        ("password and on", Ok(Known::Is(true))),
    ] {
        assert_eq!(truth(string(condition)), expected, "{condition}");
    }
    let error = Templates::new()
        .truth(&string("on and (off or prot == 25)"), &scope())
        .expect_err("a typing mistake");
    assert_eq!(error.message, "undefined variable `prot`");
    assert_eq!(error.help.as_deref(), Some("did you mean `port`?"));
}

#[test]
fn names_come_with_their_places_and_whether_they_are_needed() {
    let at = |column| Span { source: SourceId(0), line: 7, column, len: 0 };
    let names = |template: &str| -> Vec<(String, Vec<String>, u32, bool)> {
        let node = Node {
            kind: NodeKind::Str(template.to_owned()),
            span: Span { len: template.chars().count() as u32, ..at(10) },
            secret: false,
        };
        Templates::new()
            .names(&node)
            .names
            .into_iter()
            .map(|name| (name.name, name.members, name.span.column, name.optional))
            .collect()
    };
    let name = |name: &str, members: &[&str], column, optional| {
        (name.to_owned(), members.iter().map(|&m| m.to_owned()).collect(), column, optional)
    };
    assert_eq!(names("no template"), []);
    assert_eq!(
        names("{{ a.b['c'] ~ d[e].f }}"),
        [name("a", &["b", "c"], 13, false), name("d", &[], 24, false), name("e", &[], 26, false)]
    );
    assert_eq!(
        names(
            "{% for x in xs %}{{ x }}{{ loop.index }}{{ y | default(z) }}{{ y }}{% endfor %}{{ omit }}"
        ),
        [
            name("xs", &[], 22, false),
            name("y", &[], 53, true),
            name("z", &[], 65, false),
            name("y", &[], 73, true),
        ]
    );
    assert_eq!(names("{% macro m(a) %}{{ a }}{{ b }}{% endmacro %}{{ m(range(3)) }}").len(), 1);
    let condition = node(NodeKind::List(vec![string("q is defined"), string("q.x == w")]));
    let needed: Vec<_> = Templates::new()
        .names_in_condition(&condition)
        .names
        .into_iter()
        .map(|name| (name.name, name.optional))
        .collect();
    assert_eq!(needed, [("q".to_owned(), true), ("q".to_owned(), true), ("w".to_owned(), false)]);
}

#[test]
fn an_error_points_at_its_cause() {
    let file = "first\nrelayhost = {{ relay.hots }}\n{{ prot + 1 }}\n";
    let scope: Arc<dyn Scope> =
        Arc::new(map([("relay", Value::Map(map([("host", Value::Null)]))), ("port", Value::Null)]));
    let error = |text: &str| Templates::new().file(SourceId(0), text, &scope).expect_err(text);
    let place = |text: &str| {
        let span = error(text).span.expect("a place");
        (span.line, span.column, span.len)
    };
    assert_eq!(place(file), (2, 22, 4));
    assert_eq!(error(file).help.as_deref(), Some("did you mean `host`?"));
    assert_eq!(place(&file.replace("hots", "host")), (3, 4, 4));
    assert_eq!(place("ä {{ x | upper | lower }}"), (1, 6, 1));
    assert_eq!(place("{{ 'x' | b64decode }}"), (1, 10, 9));
    assert_eq!(place("a\n{{ 'x' | uper }}"), (2, 10, 4));
    assert_eq!(place("a\nb {% include 'x' %}").0, 2);
    assert_eq!(place("{% if relay is mapping and undefinde %}{% endif %}"), (1, 28, 9));
    assert_eq!(place("a\n{{ port | regex_search('(') }}"), (2, 24, 3));
    assert_eq!(place("a {{ b"), (1, 3, 2), "where it opens");
}

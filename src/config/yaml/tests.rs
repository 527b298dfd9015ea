use super::*;
use crate::value::NodeKind;

fn read(text: &str) -> Result<Node, Diagnostic> {
    parse(SourceId(0), text)
}

fn good(text: &str) -> Node {
    read(text).unwrap_or_else(|error| panic!("{error:?} in {text}"))
}

fn bad(text: &str) -> String {
    let error = read(text).map(|node| panic!("{node:?} from {text}")).unwrap_err();
    let span = error.span.expect("every error has a place");
    let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}:{}+{} {}{help}", span.line, span.column, span.len, error.message)
}

#[test]
fn scalars() {
    for (text, kind) in [
        ("!!str", NodeKind::Str(String::new())),
        ("", NodeKind::Null),
        ("~", NodeKind::Null),
        ("null", NodeKind::Null),
        ("true", NodeKind::Bool(true)),
        ("false", NodeKind::Bool(false)),
        ("0", NodeKind::Int(0)),
        ("-12", NodeKind::Int(-12)),
        ("+7", NodeKind::Int(7)),
        ("0o644", NodeKind::Int(0o644)),
        ("0xff", NodeKind::Int(255)),
        ("1.5", NodeKind::Float(1.5)),
        ("-.5", NodeKind::Float(-0.5)),
        ("1.0e+3", NodeKind::Float(1000.0)),
        ("-2.e-1", NodeKind::Float(-0.2)),
        ("0.5", NodeKind::Float(0.5)),
        ("!!float 1", NodeKind::Float(1.0)),
    ] {
        assert!(good(text).kind == kind, "{text}: {:?}", good(text));
    }
    for text in [
        "yes",
        "no",
        "on",
        "off",
        "True",
        "FALSE",
        "1_000",
        "12:30:45",
        "1.2.3",
        "10.0.0.1",
        "1e",
        "1e3",
        "5e87210",
        "12e5",
        "1.5e3",
        "0x",
        "0b1",
        "-",
        ".",
        "+",
        "2024-01-01",
        "'0644'",
        "!!str 0644",
        "! 12",
        "e5",
        "-.e1",
        "infinity",
        "nan",
        "0644x",
    ] {
        let text = if matches!(text, "-" | "+" | ".") { format!("[{text}x]") } else { text.into() };
        let node = good(&text);
        let leaf = node.items().first().unwrap_or(&node);
        assert!(matches!(leaf.kind, NodeKind::Str(_)), "{text}: {leaf:?}");
    }
    for text in [".nan", ".inf", "-.inf", "1.0e+999", "!!float .inf"] {
        let error = super::parse(SourceId(0), &format!("a: {text}")).unwrap_err();
        assert!(error.message.ends_with("is no number that can be sent to a host"), "{error}");
        assert!(error.span.is_some_and(|span| span.line == 1), "{error}");
    }
}

#[test]
fn places_are_exact() {
    let node =
        good("a: 1\nbé:\n  - x y # c\n  - {k: 'v', l: [1,\n    2]}\ntext: |\n  one\n  two\n");
    let place = |span: crate::text::Span| (span.line, span.column, span.len);
    assert_eq!(place(node.span), (1, 1, 1));
    let (key, list) = &node.entries()[1];
    assert_eq!((place(key.span), place(list.span)), ((2, 1, 2), (3, 3, 1)));
    assert_eq!(place(list.items()[0].span), (3, 5, 3));
    let map = &list.items()[1];
    assert_eq!(place(map.span), (4, 5, 15));
    assert_eq!(place(map.get("k").unwrap().span), (4, 9, 3));
    assert_eq!(place(map.get("l").unwrap().span), (4, 17, 3));
    let (key, text) = &node.entries()[2];
    assert_eq!(place(key.span), (6, 1, 4));
    assert_eq!((text.as_str(), place(text.span)), (Some("one\ntwo\n"), (7, 3, 3)));
}

#[test]
fn aliases_and_merge_keys() {
    let node = good(
        "base: &b {x: 1, y: 2}\nmore: &m {y: 9, z: 3}\none: {<<: *b, x: 5}\ntwo: {<<: [*b, *m]}\nthree: *b\n\"<<\": text\n",
    );
    let show = |key: &str| format!("{:?}", node.get(key).unwrap());
    assert_eq!(show("one"), r#"{"x":5,"y":2}"#);
    assert_eq!(show("two"), r#"{"x":1,"y":2,"z":3}"#);
    assert_eq!(show("three"), r#"{"x":1,"y":2}"#);
    assert_eq!(show("<<"), r#""text""#);
}

#[test]
fn unsafe_text_is_no_template() {
    let unsafe_text = good("!unsafe 'a {{ \"b\" }}'");
    assert_eq!(unsafe_text.as_str(), Some(r#"{% set text = "a {{ \"b\" }}" %}{{ text }}"#));
    assert_eq!(good("!unsafe plain").as_str(), Some("plain"));
}

#[test]
fn data_is_read_for_templates() {
    assert_eq!(format!("{:?}", data("a: [1, x]").unwrap()), r#"{"a":[1,"x"]}"#);
    assert_eq!(data("a: 1\nb: [").unwrap_err(), "unclosed bracket '[', in line 2");
}

#[test]
fn a_byte_that_is_no_utf8_is_named() {
    let mut sources = Sources::default();
    let error = decode(&mut sources, "f.yml", b"a: 1\nb: \xc3\xa9\xff\n".to_vec()).unwrap_err();
    assert_eq!(error.message, "not UTF-8: byte 0xff at offset 10");
    assert_eq!(sources.locate(error.span.unwrap()), "f.yml:2:5");
}

#[test]
fn mistakes() {
    let bomb = {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..10 {
            let items = vec![format!("*a{}", level - 1); 9].join(",");
            text += &format!("a{level}: &a{level} [{items}]\n");
        }
        text
    };
    let fat = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 20].join(","));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let chain = (1..40).fold("a0: &a0 [1]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [[*a{}]]\n", n - 1)
    });
    let all: Vec<String> = [
        "mode: 0644",
        "mode: -08",
        "n: 99999999999999999999",
        "a: 1\nb: 2\na: 3",
        "{1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 1: a}",
        "a: {{ b }}",
        "a: {{ b }}/c",
        "a: b: c",
        "a:\n\tb: 1",
        "a: 'b",
        "a: [1, 2",
        "a: *nope",
        "a: &a [*a]",
        "[a]: 1",
        ": 1",
        "a: @b",
        "a: !secret x",
        "a: !vault [x]",
        "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  30300a30300a3030\n",
        "a: !!int x",
        "a: \"\\q\"",
        "a: 1\n---\nb: 2",
        "a: {<<: 1}",
        "a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x",
        &bomb,
        &fat,
        &deep,
        &chain,
        "a: 1\nb\n",
        "a: 1\n  b: 2\n",
    ]
    .iter()
    .map(|text| {
        let shown: String = text.chars().take(40).collect::<String>().replace('\n', "⏎");
        format!("{shown}\n    {}", bad(text))
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn large_mappings_take_linear_time() {
    let text: String =
        (0..100_000).map(|n| format!("host{n:06}: {{address: 192.0.2.1}}\n")).collect();
    assert_eq!(good(&text).entries().len(), 100_000);
}

#[test]
fn a_document_beyond_the_bound_is_refused_unread() {
    let text = " ".repeat(MAX_BYTES + 1);
    assert!(bad(&text).contains("document of 65 MiB is larger than 64 MiB"));
}

mod any_text {
    use super::*;
    use crate::config::{ExtraVars, Inventory, MemoryFiles, Reader};
    use crate::text::Span;
    use proptest::prelude::*;

    /// Lines of what YAML is made of, so that much of it parses.
    fn yamlish() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "b: ",
            "- ",
            "? ",
            ": ",
            "\n",
            "\n  ",
            "\n    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "&x ",
            "*x",
            "<<: ",
            "!vault ",
            "!unsafe ",
            "!!int ",
            "|\n",
            ">-\n",
            "'",
            "\"",
            "#",
            "0644",
            "1.5",
            "true",
            "{{ v }}",
            "é",
            "\t",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "\\",
            "~",
            "hosts:\n",
            "all:\n",
            "\r\n",
            "web[1:3]",
            "vars: ",
            "children: ",
            "\u{feff}",
            "\u{0}",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    fn spans(node: &Node, found: &mut Vec<Span>) {
        found.push(node.span);
        node.items().iter().for_each(|item| spans(item, found));
        for (key, node) in node.entries() {
            found.push(key.span);
            spans(node, found);
        }
    }

    fn lies_within(span: Span, text: &str) -> bool {
        let line = text.split('\n').nth(span.line as usize - 1).unwrap_or_default();
        span.column >= 1 && (span.column + span.len) as usize <= line.chars().count() + 2
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn is_read_or_refused_with_a_place_inside_it(text in yamlish()) {
            match read(&text) {
                Ok(node) => {
                    let mut found = Vec::new();
                    spans(&node, &mut found);
                    for span in found {
                        prop_assert!(lies_within(span, &text), "{span:?} of {text:?}");
                    }
                }
                Err(error) => {
                    let span = error.span.expect("a place");
                    prop_assert!(lies_within(span, &text), "{error:?} of {text:?}");
                }
            }
        }

        #[test]
        fn is_an_inventory_or_not(text in yamlish(), extra in yamlish()) {
            let files = MemoryFiles::default().with("hosts.yml", text);
            let (mut sources, vault) = (Sources::default(), Vault::default());
            let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
            let _ = Inventory::load(Path::new("hosts.yml"), &mut reader);
            let _ = ExtraVars::read(&[extra], &mut reader);
        }
    }
}

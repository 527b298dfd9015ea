use super::*;
use crate::text::SourceId;

fn sources() -> Sources {
    let mut sources = Sources::default();
    let tasks =
        "---\n- name: first\n  debug: {}\n\n- name: site\n  template:\n    mdoe: \"0644\"\n";
    sources.add("roles/web/tasks/main.yml", tasks);
    sources.add("roles/web/templates/x.j2", "ä {{ mail_root_alais }}\ttail\n");
    sources.add("group_vars/all.yml", "relay_password: [hunter2]\n");
    sources
}

fn span(source: u32, line: u32, column: u32, len: u32) -> Span {
    Span { source: SourceId(source), line, column, len }
}

fn plain(diagnostic: &Diagnostic) -> String {
    render(diagnostic, &sources(), Severity::Error, false)
}

#[test]
fn an_unknown_key_is_shown_with_its_task() {
    let error = Diagnostic::new("`template` has no parameter `mdoe`")
        .at(span(0, 7, 5, 4))
        .help("did you mean `mode`?  (converge doc template)");
    insta::assert_snapshot!(plain(&error));
}

#[test]
fn a_template_error_has_its_notes_and_label() {
    let error = Diagnostic::new("undefined variable `mail_root_alais`")
        .at(span(1, 1, 6, 15))
        .label("not set by any layer")
        .note("used by roles/web/tasks/main.yml:22, 16 hosts")
        .note("log: one\x1b[31m\ntwo")
        .help("did you mean `mail_root_alias`?");
    insta::assert_snapshot!(plain(&error));
}

#[test]
fn no_place_and_no_secret() {
    insta::assert_snapshot!(plain(&Diagnostic::new("disk\x07 full").help("free some")));
    let far = Diagnostic::new("from a host").at(span(0, 99, 1, 1));
    insta::assert_snapshot!(plain(&far));
    let unknown = Diagnostic::new("from a host").at(span(9, 1, 1, 1));
    insta::assert_snapshot!(plain(&unknown));
    let secret = plain(&Diagnostic::new("not a string").at(span(2, 1, 17, 9)));
    insta::assert_snapshot!(secret);
}

#[test]
fn one_line_names_the_place() {
    let error = Diagnostic::new("no\nsuch").at(span(0, 5, 9, 4));
    assert_eq!(one_line(&error, &sources()), "roles/web/tasks/main.yml:5:9: no\\nsuch");
    assert_eq!(one_line(&Diagnostic::new("x"), &sources()), "x");
}

#[test]
fn columns_are_characters_and_never_split_one() {
    assert_eq!(bytes("äöü", 2, 1), Some(2..4));
    assert_eq!(bytes("äöü", 4, 0), Some(6..6));
    assert_eq!(bytes("äöü", 3, 99), Some(4..6));
    assert_eq!(bytes("äöü", 5, 1), None);
    assert_eq!(bytes("äöü", 0, 1), None);
}

#[test]
fn colour_only_when_told() {
    let error = Diagnostic::new("x").at(span(0, 7, 5, 4));
    assert!(!plain(&error).contains('\x1b'));
    assert!(render(&error, &sources(), Severity::Error, true).contains('\x1b'));
}

proptest::proptest! {
    /// A place may come from a host, and a source may hold anything.
    #[test]
    fn no_text_and_no_place_can_break_it(
        text in "([a-z: -]{0,8}|[\\PC\u{0}-\u{1f}]{0,6}|password: .{0,5}|\r|\n|\t|ü|漢|e\u{301}){0,12}",
        line in 0u32..6,
        column in 0u32..30,
        len in 0u32..30,
        message in "\\PC{0,20}",
    ) {
        let mut sources = Sources::default();
        let source = sources.add("f.yml", text);
        let span = Span { source, line, column, len };
        let error = Diagnostic::new(message).at(span).label("here").note("n").help("h");
        for colour in [false, true] {
            let shown = render(&error, &sources, Severity::Error, colour);
            proptest::prop_assert!(shown.contains("help"));
            proptest::prop_assert!(colour || !shown.contains('\x1b'));
        }
        let _ = one_line(&error, &sources);
    }
}

//! Every case of `tests/template/TOPIC.yml`: an expression, a template file's text or a task's, and
//! what it results in.
//!
//! ```yaml
//! variables: {…}          # of every case in the file
//! cases:
//!   - expression: …       # or `template:`, or `text:`
//!     variables: {…}      # besides the file's
//!     expected: …         # the value; or
//!     error: …            # words of the message, and
//!     help: …             # the hint
//! ```

use converge::config::yaml;
use converge::template::{Scope, Templates};
use converge::text::{SourceId, Span};
use converge::value::{Map, Node, Value};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

#[test]
fn every_expression_results_in_what_its_case_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let file = yaml::parse(SourceId(0), &text)
            .unwrap_or_else(|error| panic!("{}: {error} {:?}", path.display(), error.span));
        for case in file.get("cases").unwrap().items() {
            count += 1;
            if let Err(difference) = run(&file, case) {
                let line = case.span.line;
                let _ = writeln!(wrong, "{}:{line}: {difference}", path.display());
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count > 250, "only {count} cases were found");
}

fn run(file: &Node, case: &Node) -> Result<(), String> {
    let known = ["expression", "template", "text", "variables", "expected", "error", "help"];
    for (key, _) in case.entries() {
        assert!(known.contains(&key.name.as_str()), "no key `{}` in a case", key.name);
    }
    let mut variables = Map::new();
    for values in [file.get("variables"), case.get("variables")].into_iter().flatten() {
        variables.extend(values.to_value().as_map().unwrap().clone());
    }
    let scope: Arc<dyn Scope> = Arc::new(variables);
    let templates = Templates::new().with_yaml(yaml::data);
    let text = |key: &str| case.get(key).map(|node| node.as_str().unwrap().to_owned());
    let span = Span { source: SourceId(0), line: 1, column: 1, len: 0 };
    let result = match (text("expression"), text("template"), text("text")) {
        (Some(expression), None, None) => templates.expression(&expression, span, &scope),
        (None, Some(template), None) => templates.file(SourceId(0), &template, &scope),
        (None, None, Some(text)) => templates.text(&text, span, &scope),
        _ => panic!("a case has an expression, a template or a text"),
    };
    match (result, case.get("expected"), text("error")) {
        (Ok(value), Some(expected), None) if same(&value, &expected.to_value()) => Ok(()),
        (Ok(value), Some(expected), None) => {
            Err(format!("\n     is {value:?}\n not {:?}", expected.to_value()))
        }
        (Ok(value), None, Some(error)) => Err(format!("no error `{error}` but {value:?}")),
        (Err(error), Some(_), None) => Err(format!("failed: {error} ({:?})", error.help)),
        (Err(error), None, Some(words)) => {
            if !error.message.contains(&words) {
                return Err(format!("failed with: {error}"));
            }
            match text("help") {
                Some(help) if error.help.as_ref() != Some(&help) => {
                    Err(format!("has the hint {:?}", error.help))
                }
                _ => Ok(()),
            }
        }
        _ => panic!("a case has a value or an error"),
    }
}

/// The same value, of the same types, its mappings' members in any order.
fn same(left: &Value, right: &Value) -> bool {
    left == right
}

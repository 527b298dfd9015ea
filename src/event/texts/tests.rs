//! One value of each variant, made from the types' own schemas, with a secret in every text.

use super::*;
use crate::event::{Certainty, TaskStatus};
use crate::text::Span;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const SECRET: &str = "canary-5e1f-0c0a";

/// A value that the schema allows; of several variants the first.
fn example(schema: &Value, root: &Value) -> Value {
    let inner = |schema: &Value| example(schema, root);
    // A variant that holds a type has that type's members beside its own.
    let mut made = match (schema["$ref"].as_str(), schema["oneOf"].get(0), schema["anyOf"].get(0)) {
        (Some(name), _, _) => inner(&root["$defs"][name.trim_start_matches("#/$defs/")]),
        (None, Some(first), _) | (None, None, Some(first)) => inner(first),
        (None, None, None) => json!({}),
    };
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        made[name] = inner(member);
    }
    if let Some(value) = schema.get("const").or(schema["enum"].get(0)) {
        return value.clone();
    }
    match schema["type"].as_str().or(schema["type"][0].as_str()) {
        Some("string") if schema["format"] == "mode" => json!("0640"),
        Some("string") => json!(SECRET),
        Some("integer") => json!(7),
        Some("array") => json!([inner(&schema["items"])]),
        _ => made,
    }
}

/// Redacts one value of each variant; how many there are.
fn all_variants<T: Texts + Serialize + DeserializeOwned + JsonSchema>() -> usize {
    let redactor = Redactor::new([SECRET]);
    let schema = schemars::schema_for!(T).to_value();
    let variants = schema["oneOf"].as_array().unwrap();
    let mut texts = 0;
    for variant in variants {
        let made = example(variant, &schema);
        let mut value: T = serde_json::from_value(made).unwrap();
        value.redact(&redactor);
        let left = serde_json::to_string(&value).unwrap();
        assert!(!left.contains(SECRET), "{left}");
        texts += usize::from(left.contains("[redacted]"));
    }
    assert!(texts > 0, "no text was found in {schema}");
    variants.len()
}

#[test]
fn no_variant_keeps_a_secret() {
    assert!(all_variants::<Note>() >= 8);
    assert!(all_variants::<Reason>() >= 11);
    assert!(all_variants::<TargetState>() >= 19);
    assert!(all_variants::<Diff>() >= 4);
    assert!(all_variants::<Assumption>() >= 5);
}

#[test]
fn no_member_of_a_report_keeps_a_secret() {
    let text = || SECRET.to_owned();
    let error = Diagnostic::new(text()).note(text()).help(text()).label(text());
    let action = ActionReport {
        kind: "run".into(),
        target: text(),
        certainty: Certainty::Exact,
        depends_on: Some(text()),
        before: Some(TargetState::Other { what: text() }),
        after: Some(TargetState::Other { what: text() }),
        diff: Some(Diff::Unified { lines: text() }),
        notes: vec![Note::Holds { units: vec![text()] }],
        failed: false,
    };
    let span = Span { source: crate::text::SourceId(0), line: 1, column: 1, len: 1 };
    let mut report = TaskReport {
        task: TaskRef {
            id: text(),
            role: text(),
            name: text(),
            resource: text(),
            span,
            handler: false,
            on_behalf: Some("x".into()),
        },
        status: TaskStatus::Ok,
        reason: Some(Reason::Message { message: text() }),
        change: None,
        actions: vec![action.clone()],
        not_needed: vec![action],
        output: Some(Box::new(Output { rc: 0, stdout: text(), stderr: text() })),
        error: Some(error),
        ms: 0,
    };
    report.redact(&Redactor::new([SECRET]));
    let left = serde_json::to_string(&report).unwrap();
    assert!(!left.contains(SECRET), "{left}");
}

//! The document for programs, and its committed schema.

use super::story::{self, CANARY, Story};
use converge::report::json::Document;
use converge::report::{Json, Mode, Report, RunEnd};
use converge::text::{Diagnostic, Sources};
use serde_json::Value;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");

pub(crate) fn document(story: &Story, mode: Mode) -> Value {
    let mut out = Vec::new();
    let mut json = Json::new(&mut out, story.info(mode));
    story.tell(&mut json);
    json.finish(&RunEnd { run: "7f3a".into(), ms: 11_840 }).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(CANARY), "a secret was shown");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_committed_schema_is_what_the_code_writes() {
    let made = serde_json::to_string_pretty(&Document::json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &made).unwrap();
    }
    let committed = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(made == committed, "run this test with UPDATE_SCHEMA=1, and review the difference");
}

#[test]
fn documents_are_as_the_schema_says() {
    let schema = Document::json_schema();
    let mut sources = Sources::default();
    sources.add("hosts.yml", "x");
    let errors = [Diagnostic::new("no hosts").help("add one")];
    let errors = Document::of_errors(Mode::Apply, &errors, &sources);
    for document in [
        document(&Story::blank("mx3"), Mode::Check),
        document(&story::sixteen(true), Mode::Apply),
        serde_json::to_value(errors).unwrap(),
    ] {
        conforms(&document, &schema, &schema, "$");
    }
    let mut wrong = document(&Story::blank("mx3"), Mode::Check);
    wrong["hosts"][0]["tasks"][0]["status"] = "fine".into();
    let refused = std::panic::catch_unwind(|| conforms(&wrong, &schema, &schema, "$"));
    assert!(refused.is_err(), "the check of the check");
    let mut wrong = document(&Story::blank("mx3"), Mode::Check);
    wrong["hosts"][0]["tasks"][0]["reason"]["unheard"] = "of".into();
    let refused = std::panic::catch_unwind(|| conforms(&wrong, &schema, &schema, "$"));
    assert!(refused.is_err(), "the check of the check of members");
}

#[test]
fn one_document_of_a_failed_run() {
    let document = document(&story::sixteen(true), Mode::Apply);
    assert_eq!(document["totals"]["changed"], 12);
    let failed = document["hosts"].as_array().unwrap().iter().find(|host| host["name"] == "web07");
    insta::assert_json_snapshot!(failed.unwrap());
}

/// Checks that the value is as the schema says, and has no member that it does not declare.
fn conforms(value: &Value, schema: &Value, root: &Value, at: &str) {
    keywords(value, schema, root, at);
    for key in value.as_object().into_iter().flat_map(|members| members.keys()) {
        assert!(declares(schema, key, value, root), "{at}.{key} undeclared");
    }
}

/// Whether a member is among the schema's own, or those of a variant that the value is.
fn declares(schema: &Value, key: &str, value: &Value, root: &Value) -> bool {
    let variants = [&schema["oneOf"], &schema["anyOf"]].into_iter().flat_map(Value::as_array);
    let fitting = variants.flatten().filter(|variant| fits(value, variant, root));
    schema["properties"].get(key).is_some()
        || schema["$ref"].as_str().is_some_and(|name| declares(named(name, root), key, value, root))
        || fitting.into_iter().any(|variant| declares(variant, key, value, root))
}

fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    std::panic::catch_unwind(|| keywords(value, schema, root, "")).is_ok()
}

fn named<'s>(name: &str, root: &'s Value) -> &'s Value {
    &root["$defs"][name.strip_prefix("#/$defs/").unwrap()]
}

/// Checks the keywords that the schema uses; a keyword that is not known here fails.
fn keywords(value: &Value, schema: &Value, root: &Value, at: &str) {
    let Some(schema) = schema.as_object() else { return };
    for (keyword, rule) in schema {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "format" | "pattern" | "$defs" => {}
            "$ref" => {
                keywords(value, named(rule.as_str().unwrap(), root), root, at);
            }
            "type" => {
                let allowed = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let is = |name: &Value| match name.as_str().unwrap() {
                    "string" => value.is_string(),
                    "integer" => value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("unknown type {other}"),
                };
                assert!(allowed.iter().any(is), "{at}: {value} is not {rule}");
            }
            "const" => assert_eq!(value, rule, "{at}"),
            "enum" => assert!(rule.as_array().unwrap().contains(value), "{at}: {value}"),
            "minimum" => assert!(value.is_null() || value.as_u64() >= rule.as_u64(), "{at}"),
            "anyOf" | "oneOf" => {
                let fits = |schema: &Value| fits(value, schema, root);
                assert!(rule.as_array().unwrap().iter().any(fits), "{at}: {value} fits none");
            }
            "properties" => {
                for (key, value) in value.as_object().unwrap() {
                    if let Some(schema) = rule.get(key) {
                        conforms(value, schema, root, &format!("{at}.{key}"));
                    }
                }
            }
            "required" => {
                let missing = |key: &&Value| value.get(key.as_str().unwrap()).is_none();
                assert_eq!(rule.as_array().unwrap().iter().find(missing), None, "{at}");
            }
            "items" => {
                for (index, item) in value.as_array().unwrap().iter().enumerate() {
                    conforms(item, rule, root, &format!("{at}[{index}]"));
                }
            }
            other => panic!("the schema uses {other}, which this test does not know"),
        }
    }
}

//! Which secrets a run knows, so that nothing of it shows one.

use super::bundle::Bundle;
use crate::text::Redactor;
use crate::value::{Key, Map, Node, Value};

impl Bundle {
    /// Knows every secret that is written in it: what was vaulted, what the controller marked, and
    /// what stands under a name that an argument specification marks `no_log`.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let mut found: Vec<String> = Vec::new();
        let mut keep = |text: &str| found.push(text.to_owned());
        let roles = self.library.values();
        let named: Vec<&str> =
            roles.clone().flat_map(|role| &role.secrets).map(String::as_str).collect();
        let scopes = [&self.inventory, &self.extra]
            .into_iter()
            .chain(self.calls().flat_map(|call| &call.keywords).map(|keywords| &keywords.vars))
            .chain(self.calls().map(|call| &call.params))
            .chain(roles.clone().flat_map(|role| [&role.vars, &role.defaults]));
        for (Key { name, .. }, node) in scopes.flatten() {
            // What a template makes of others is learnt when it is rendered.
            if named.contains(&name.as_str()) && !node.has_template() {
                node.each_leaf(&mut keep);
            } else {
                node.each_secret(&mut keep);
            }
        }
        let looked_up = self.lookups.iter().map(|(_, node)| node);
        let written = roles.flat_map(|role| &role.vaulted);
        let plays = self.plays.iter();
        let defaults = plays.clone().flat_map(|play| play.module_defaults.values());
        let keywords = plays.map(|play| &play.keywords);
        let keywords = keywords.chain(self.calls().flat_map(|call| &call.keywords));
        let environment = keywords.filter_map(|keywords| keywords.environment.as_ref());
        looked_up
            .chain(written)
            .chain(defaults)
            .chain(environment)
            .for_each(|node: &Node| node.each_secret(&mut keep));
        let redactor = Redactor::default();
        redactor.add_line_by_line(found);
        redactor
    }
}

/// Learns what is secret in a value; all of it if it is hidden.
pub(super) fn learn(redactor: &Redactor, value: &Value, hidden: bool) {
    let mut keep = |text: &str| redactor.add([text]);
    if hidden {
        value.each_leaf(&mut keep);
    } else {
        value.each_secret(&mut keep);
    }
}

/// Knows what is secret in a task's parameters and too short to be searched for everywhere, for what
/// is told of that task alone.
pub(super) fn too_short(value: &Value, hidden: bool) -> Redactor {
    let mut found = Vec::new();
    let mut keep = |text: &str| found.push(text.to_owned());
    if hidden {
        value.each_leaf(&mut keep);
    } else {
        value.each_secret(&mut keep);
    }
    Redactor::as_they_stand(found)
}

/// Marks what came back to a task: all of it where the task is hidden; where it was given a secret,
/// leaf by leaf what does not stand in its open parameters. Else what is written from an answer (an
/// address that was asked for) would be unknown to everybody who reads a diff. And everywhere what a
/// known secret stands in, so that it is one whatever a template makes of it.
pub(super) fn mark(result: &mut Map, given: &Value, hidden: bool, redactor: &Redactor) {
    let mut open = Vec::new();
    let secret = given.has_secret();
    if secret && !hidden {
        given.each_open(&mut |text| open.push(text.to_owned()));
    }
    for value in result.values_mut() {
        let whole = std::mem::take(value);
        *value = match (hidden, secret) {
            (true, _) => whole.into_secret(),
            (false, true) => by_leaf(whole, &open),
            (false, false) => where_found(whole, redactor),
        };
    }
}

fn where_found(value: Value, redactor: &Redactor) -> Value {
    let marked = |value| where_found(value, redactor);
    match value {
        Value::Str(text) if redactor.finds(&text) => Value::Str(text).into_secret(),
        Value::List(items) => Value::List(items.into_iter().map(marked).collect()),
        Value::Map(map) if map.keys().any(|key| redactor.finds(key)) => {
            Value::Map(map).into_secret()
        }
        Value::Map(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, marked(value))).collect())
        }
        other => other,
    }
}

/// So much of a text may stand in another by chance.
const BY_CHANCE: usize = 8;

fn by_leaf(value: Value, open: &[String]) -> Value {
    let stands = |leaf: &str| {
        open.iter().any(|text| text == leaf || (leaf.len() >= BY_CHANCE && text.contains(leaf)))
    };
    match value {
        Value::Null => Value::Null,
        Value::Str(text) if text.is_empty() || stands(&text) => Value::Str(text),
        Value::Int(number) if stands(&number.to_string()) => Value::Int(number),
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| by_leaf(item, open)).collect())
        }
        Value::Map(map) if map.keys().all(|key| is_name(key)) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, by_leaf(value, open))).collect())
        }
        other => other.into_secret(),
    }
}

/// Of an answer's members; what has digits or is long may be a key in the other sense.
fn is_name(key: &str) -> bool {
    key.len() <= 24 && key.bytes().all(|b| b.is_ascii_alphabetic() || b" _-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::from(serde_json::from_str::<serde_json::Value>(json).unwrap())
    }

    #[test]
    fn an_answer_is_secret_leaf_by_leaf_but_for_what_was_asked_openly() {
        let mut given = value(r#"{"url": "https://m/tokenuser/h@lab.test", "status": [200, 404]}"#);
        let Value::Map(map) = &mut given else { panic!("a mapping") };
        map.insert("key".into(), Value::str("Bearer key-of-the-api").into_secret());
        let answer = r#"{"status": 200, "content": "[{\"token\": \"t-0-k-e-n\"}]", "msg": "",
            "json": [{"email": "h@lab.test", "token": "t-0-k-e-n", "id": 7, "Last edit": null, "of": "h@lab"}],
            "by": {"t-0-k-e-n": "x"}, "said": "key-of-the-api"}"#;
        let Value::Map(mut result) = value(answer) else { panic!("a mapping") };
        mark(&mut result, &given, false, &Redactor::default());
        let shown = format!("{:?}", Value::Map(result.clone()));
        for open in ["h@lab.test", "Last edit", "200", "email"] {
            assert!(shown.contains(open), "{open}: {shown}");
        }
        for secret in ["t-0-k-e-n", "7", "key-of-the-api", "\"h@lab\""] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
        mark(&mut result, &given, true, &Redactor::default());
        assert!(!format!("{:?}", Value::Map(result)).contains("lab.test"));
    }

    #[test]
    fn what_a_known_secret_stands_in_is_one_whoever_brought_it() {
        let answer = r#"{"rc": 0, "stdout": "a\npass: correct horse", "stdout_lines": ["a", "pass: correct horse"]}"#;
        let Value::Map(mut result) = value(answer) else { panic!("a mapping") };
        let redactor = Redactor::new(["correct horse"]);
        mark(&mut result, &value(r#"{"argv": ["cat"]}"#), false, &redactor);
        let marks = |value: &Value| matches!(value, Value::Secret(_));
        assert!(marks(&result["stdout"]) && !marks(&result["rc"]));
        assert_eq!(
            result["stdout_lines"],
            Value::List(vec![Value::str("a"), Value::str("pass: correct horse").into_secret()])
        );
    }
}

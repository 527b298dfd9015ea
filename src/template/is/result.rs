//! Tests on what a task registered.

use super::member;
use crate::template::environment::Registry;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    for name in ["failed", "failure"] {
        to.test(name, failed);
    }
    for name in ["succeeded", "success", "successful"] {
        to.test(name, |result: &Value| failed(result).map(|failed| !failed));
    }
    for name in ["changed", "change"] {
        to.test(name, changed);
    }
    for name in ["skipped", "skip"] {
        to.test(name, |result: &Value| flag(result, "skipped"));
    }
    to.test("reachable", |result: &Value| flag(result, "unreachable").map(|it| !it));
    to.test("unreachable", |result: &Value| flag(result, "unreachable"));
}

fn flag(result: &Value, name: &str) -> Result<bool, Error> {
    Ok(member(result, name)?.is_true())
}

fn failed(result: &Value) -> Result<bool, Error> {
    flag(result, "failed")
}

/// A loop's result changed if one of its items did.
fn changed(result: &Value) -> Result<bool, Error> {
    let changed = member(result, "changed")?;
    if !changed.is_undefined() {
        return Ok(changed.is_true());
    }
    let results = member(result, "results")?;
    if results.is_undefined() {
        return Ok(false);
    }
    for item in results.try_iter()?.checked() {
        if flag(&item?, "changed")? {
            return Ok(true);
        }
    }
    Ok(false)
}

//! Paths as text; no file system is asked.

use super::lists::items;
use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("basename", |path: &Value| Ok(split(&text(path)?).1.to_owned()));
    to.filter("dirname", |path: &Value| Ok(split(&text(path)?).0.to_owned()));
    to.filter("path_join", join);
    to.filter("splitext", |path: &Value| {
        let path = text(path)?;
        let name = path.len() - split(&path).1.len();
        let first = path[name..].find(|letter| letter != '.').map_or(path.len(), |at| name + at);
        let dot = path[first..].rfind('.').map_or(path.len(), |at| first + at);
        Ok(vec![path[..dot].to_owned(), path[dot..].to_owned()])
    });
}

/// What stands before the last slash, and after it.
fn split(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(name);
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, tail)
}

/// The parts as one path; an absolute part makes those before it count for nothing.
fn join(parts: &Value) -> Result<String, Error> {
    let parts = match parts.kind() {
        ValueKind::Seq | ValueKind::Iterable => items(parts)?,
        _ => vec![parts.clone()],
    };
    let mut path = String::new();
    for part in &parts {
        let part = text(part)?;
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&part);
    }
    if parts.is_empty() {
        return Err(invalid("`path_join` takes at least one part"));
    }
    Ok(path)
}

//! Paths as text; no file system is asked.

use super::lists::items;
use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

pub(super) fn register(to: &mut Registry) {
    to.filter("basename", |path: &Value| Ok(split(&text(path)?).1.to_owned()));
    to.filter("commonpath", common);
    to.filter("dirname", |path: &Value| Ok(split(&text(path)?).0.to_owned()));
    to.filter("normpath", |path: &Value| Ok(normal(&text(path)?)));
    to.filter("path_join", join);
    to.filter("relpath", relative);
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

/// Without `.`, `..` and repeated slashes, as far as the text alone tells.
fn normal(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", _) if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    match (root, parts.is_empty()) {
        ("", true) => ".".to_owned(),
        _ => format!("{root}{}", parts.join("/")),
    }
}

fn parts(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.map(str::to_owned).collect()
}

/// The longest path that all of them begin with.
fn common(paths: &Value) -> Result<String, Error> {
    let paths = items(paths)?
        .iter()
        .map(|path| text(path).map(String::from))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = paths.first() else {
        return Err(invalid("`commonpath` takes at least one path"));
    };
    let absolute = first.starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != absolute) {
        return Err(invalid("`commonpath` cannot mix absolute and relative paths"));
    }
    let mut same = parts(first);
    for path in &paths[1..] {
        let other = parts(path);
        let length = same.iter().zip(&other).take_while(|(a, b)| a == b).count();
        same.truncate(length);
    }
    Ok(format!("{}{}", if absolute { "/" } else { "" }, same.join("/")))
}

/// The way to a path from another.
fn relative(path: &Value, start: Option<&str>) -> Result<String, Error> {
    let path = text(path)?;
    let Some(start) = start else {
        return Err(invalid("`relpath` takes the path to start from: `relpath('/etc')`"));
    };
    if path.starts_with('/') != start.starts_with('/') {
        return Err(invalid("`relpath` cannot mix absolute and relative paths"));
    }
    let (path, start) = (normal(&path), normal(start));
    let (to, from) = (parts(&path), parts(&start));
    let same = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let way: Vec<String> = up.chain(to[same..].iter().cloned()).collect();
    Ok(if way.is_empty() { ".".to_owned() } else { way.join("/") })
}

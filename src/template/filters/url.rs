//! URLs: their parts, and text made fit for them.

use super::{invalid, text};
use crate::template::environment::Registry;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use std::fmt::Write;

pub(super) fn register(to: &mut Registry) {
    to.filter("urlencode", url_encode);
    to.filter("urlsplit", url_split);
}

/// A URL's parts (RFC 3986, 3), or the one asked for; a part that is not there is null where it
/// is a name or number, and empty otherwise.
fn url_split(value: &Value, wanted: Option<&str>) -> Result<Value, Error> {
    let url = text(value)?;
    let (rest, fragment) = url.split_once('#').unwrap_or((&url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let (scheme, rest) =
        rest.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("", rest));
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = match netloc.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, netloc),
    };
    let (name, password) = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
        Some((name, password)) => (Some(name), (!password.is_empty()).then_some(password)),
        None => (None, None),
    };
    // An IPv6 address stands in brackets, and has colons of its own.
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => {
            Some(port.parse::<u16>().map_err(|_| invalid("the URL's port is no port number"))?)
        }
        None => None,
    };
    let host = (!host.is_empty()).then(|| host.to_lowercase());
    let parts = [
        ("scheme", Value::from(scheme.to_lowercase())),
        ("netloc", Value::from(netloc)),
        ("hostname", host.map_or_else(|| Value::from(()), Value::from)),
        ("port", port.map_or_else(|| Value::from(()), Value::from)),
        ("username", name.map_or_else(|| Value::from(()), Value::from)),
        ("password", password.map_or_else(|| Value::from(()), Value::from)),
        ("path", Value::from(path)),
        ("query", Value::from(query)),
        ("fragment", Value::from(fragment)),
    ];
    let Some(wanted) = wanted else { return Ok(Value::from_pairs(parts)) };
    let found = parts.into_iter().find(|(name, _)| *name == wanted);
    found.map(|(_, value)| value).ok_or_else(|| {
        invalid(format!(
            "a URL has scheme, netloc, hostname, port, username, password, path, query and \
             fragment, no `{wanted}`"
        ))
    })
}

/// Percent-encoded text; a mapping, or a list of pairs, as a query.
fn url_encode(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Map => {
            let mut parts = Vec::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let member = value.get_item(&key)?;
                parts.push(pair(&key, &member)?);
            }
            Ok(parts.join("&"))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut parts = Vec::new();
            for item in super::lists::items(value)? {
                let both = super::lists::items(&item)?;
                let [key, member] = both.as_slice() else {
                    return Err(invalid("`urlencode` takes pairs of name and value"));
                };
                parts.push(pair(key, member)?);
            }
            Ok(parts.join("&"))
        }
        _ => Ok(percent(&text(value)?, "-._~/")),
    }
}

fn pair(key: &Value, value: &Value) -> Result<String, Error> {
    let part = |value: &Value| Ok::<_, Error>(percent(&text(value)?, "-._~").replace("%20", "+"));
    Ok(format!("{}={}", part(key)?, part(value)?))
}

fn percent(text: &str, kept: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

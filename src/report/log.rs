//! A log record as people read it, one line.

use super::escape;
use crate::log::{Named, Record};
use std::fmt::Write;

/// `TIME LEVEL SPAN{FIELDS}:SPAN{FIELDS} MILLISECONDS (MODULE)`. What it holds may come from a host.
#[must_use]
pub fn log_line(record: &Record) -> String {
    let mut text = format!("{} {:>5} ", record.at, record.level);
    for outer in &record.within {
        push(&mut text, outer);
        text.push(':');
    }
    push(&mut text, &record.span);
    if let Some(ms) = record.ms {
        let _ = write!(text, " {ms:.3} ms");
    }
    let _ = write!(text, " ({})", record.target);
    escape::line(&text).into_owned()
}

fn push(text: &mut String, named: &Named) {
    text.push_str(&named.name);
    if named.fields.is_empty() {
        return;
    }
    let mut mark = '{';
    for (name, value) in &named.fields {
        let _ = match value.contains([' ', '"', '{', '}']) {
            true => write!(text, "{mark}{name}={value:?}"),
            false => write!(text, "{mark}{name}={value}"),
        };
        mark = ' ';
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_whatever_a_host_put_in_it() {
        let named = |name: &str, key: &str, value: &str| Named {
            name: name.into(),
            fields: [(key.to_owned(), value.to_owned())].into(),
        };
        let record = Record {
            at: "2025-11-21T11:28:00.000001Z".into(),
            level: "debug".into(),
            target: "converge::engine::perform".into(),
            span: named("action", "target", "/etc/a b\n\x1b[2J"),
            within: vec![
                named("host", "name", "web1"),
                Named { name: "task".into(), ..Named::default() },
            ],
            ms: Some(12.3456),
        };
        assert_eq!(
            log_line(&record),
            r#"2025-11-21T11:28:00.000001Z debug host{name=web1}:task:action{target="/etc/a b\n\u{1b}[2J"} 12.346 ms (converge::engine::perform)"#
        );
    }
}

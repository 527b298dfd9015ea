//! `--limit`: which hosts of the inventory a run is about, in Ansible's pattern language.

use super::{Inventory, Reader};
use crate::text::{Diagnostic, nearest, pattern_size, pattern_too_large, shortened};
use crate::value::HostName;
use indexmap::IndexSet;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::path::Path;

/// How many files may name each other by `@file`.
const MAX_FILES: usize = 100;

/// The hosts that a pattern names, in inventory order.
///
/// `a:b` and `a,b` are both, `&c` keeps those that are in `c` too, `!d` takes away those in `d`;
/// the order in which they stand does not matter. Each part is a group's or a host's name, a
/// wildcard (`web*`, `db?`, `web[12].example`), a regular expression behind `~`, or `@FILE`, a file
/// with a pattern on each line. `web[0]`, `web[-1]`, `web[0:2]` and `web[2:]` take some of the
/// hosts that `web` names, in the order of [`Inventory::hosts_of`]; both ends belong to it.
///
/// # Errors
/// A part that matches nothing, or a whole that leaves no host.
pub fn select(
    inventory: &Inventory,
    pattern: &str,
    reader: &Reader<'_>,
) -> Result<Vec<HostName>, Diagnostic> {
    let hosts = select_any(inventory, pattern, reader)?;
    if hosts.is_empty() {
        return Err(Diagnostic::new(format!("`{pattern}` leaves no host"))
            .help("its groups are empty, or `&` and `!` take every host away"));
    }
    Ok(hosts)
}

/// As [`select`], but a whole may leave no host: a play's group may be empty.
///
/// # Errors
/// A part that matches nothing.
pub fn select_any(
    inventory: &Inventory,
    pattern: &str,
    reader: &Reader<'_>,
) -> Result<Vec<HostName>, Diagnostic> {
    let mut parts = Parts::default();
    parts.add(pattern, reader, &mut 0)?;
    if parts.named.len() + parts.required.len() + parts.excluded.len() == 0 {
        // An unset shell variable must not mean every host.
        return Err(Diagnostic::new("the host pattern is empty").help("`all` names every host"));
    }
    let mut hosts: BTreeSet<usize> = if parts.named.is_empty() {
        (0..inventory.hosts().len()).collect()
    } else {
        union(inventory, &parts.named)?
    };
    for part in &parts.required {
        let required = matching(inventory, part)?;
        hosts.retain(|host| required.contains(host));
    }
    for part in &parts.excluded {
        let excluded = matching(inventory, part)?;
        hosts.retain(|host| !excluded.contains(host));
    }
    let names: Vec<&HostName> = inventory.hosts().map(|host| &host.name).collect();
    Ok(hosts.into_iter().map(|host| names[host].clone()).collect())
}

#[derive(Default)]
struct Parts {
    named: Vec<String>,
    required: Vec<String>,
    excluded: Vec<String>,
}

impl Parts {
    fn add(
        &mut self,
        pattern: &str,
        reader: &Reader<'_>,
        files: &mut usize,
    ) -> Result<(), Diagnostic> {
        for part in split(pattern) {
            if let Some(path) = part.strip_prefix('@') {
                *files += 1;
                if *files > MAX_FILES {
                    return Err(Diagnostic::new("files of host patterns name each other"));
                }
                self.add_file(Path::new(path), reader, files)?;
            } else if let Some(part) = part.strip_prefix('!') {
                self.excluded.push(part.to_owned());
            } else if let Some(part) = part.strip_prefix('&') {
                self.required.push(part.to_owned());
            } else {
                self.named.push(part.to_owned());
            }
        }
        Ok(())
    }

    fn add_file(
        &mut self,
        path: &Path,
        reader: &Reader<'_>,
        files: &mut usize,
    ) -> Result<(), Diagnostic> {
        let Some(bytes) = reader.bytes(path)? else {
            return Err(Diagnostic::new(format!("there is no file {}", path.display()))
                .help("`@FILE` names a file with a host or group on each line"));
        };
        let before = self.named.len();
        let text = String::from_utf8_lossy(&bytes);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !line.starts_with('#') {
                self.add(line, reader, files)?;
            }
        }
        if self.named.len() == before {
            // Without this, an empty list of failed hosts would mean every host.
            return Err(Diagnostic::new(format!("{} names no host", path.display())));
        }
        Ok(())
    }
}

/// Splits at commas, or else at colons outside brackets.
fn split(pattern: &str) -> Vec<&str> {
    let separator = if pattern.contains(',') { ',' } else { ':' };
    let mut depth = 0_usize;
    let parts = pattern.split(move |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == separator && (depth == 0 || separator == ',')
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn union(inventory: &Inventory, parts: &[String]) -> Result<BTreeSet<usize>, Diagnostic> {
    let mut hosts = BTreeSet::new();
    for part in parts {
        hosts.extend(matching(inventory, part)?);
    }
    Ok(hosts)
}

/// The numbers of the hosts that one part names.
fn matching(inventory: &Inventory, part: &str) -> Result<IndexSet<usize>, Diagnostic> {
    if let Some(found) = by_name(inventory, part) {
        return Ok(found);
    }
    let (name, subscript) = match part.strip_prefix('~') {
        Some(_) => (part, None),
        None => subscript(part)?,
    };
    let found = match matcher(name)? {
        _ if name == "*" => by_name(inventory, "all"),
        None => by_name(inventory, name),
        Some(matcher) => by_regex(inventory, &matcher),
    };
    let Some(found) = found else { return Err(unmatched(inventory, name)) };
    let Some(subscript) = subscript else { return Ok(found) };
    let found = subscript.of(&found);
    if found.is_empty() {
        return Err(Diagnostic::new(format!("`{part}` matches no host"))
            .help(format!("`{name}` has fewer hosts than that")));
    }
    Ok(found)
}

/// A group's hosts, or else the host of that name.
fn by_name(inventory: &Inventory, name: &str) -> Option<IndexSet<usize>> {
    match inventory.group(name) {
        Some(group) => Some(inventory.host_ids_of(group)),
        None => inventory.host_id(name).map(|host| IndexSet::from([host])),
    }
}

fn by_regex(inventory: &Inventory, matcher: &Regex) -> Option<IndexSet<usize>> {
    let mut found = IndexSet::new();
    let mut any = false;
    for group in inventory.groups().filter(|group| matcher.is_match(&group.name)) {
        found.extend(inventory.host_ids_of(group));
        any = true;
    }
    for (number, host) in inventory.hosts().enumerate() {
        if matcher.is_match(host.name.as_str()) {
            found.insert(number);
            any = true;
        }
    }
    any.then_some(found)
}

/// A wildcard's or a regular expression's matcher; `None` for a plain name. A regular expression
/// matches from the start of a name, as in Ansible.
fn matcher(name: &str) -> Result<Option<Regex>, Diagnostic> {
    let expression = match name.strip_prefix('~') {
        Some(expression) => format!("^(?:{expression})"),
        None if name.contains(['*', '?', '[']) => wildcard(name),
        None => return Ok(None),
    };
    // A host name is short: the largest program is tried on it.
    let longest = 0;
    RegexBuilder::new(&expression).size_limit(pattern_size(longest)).build().map(Some).map_err(
        |error| {
            if matches!(error, regex::Error::CompiledTooBig(_)) {
                let (name, why) = (shortened(name), pattern_too_large(longest));
                return Diagnostic::new(format!("`{name}` takes too long: {why}"));
            }
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Diagnostic::new(format!("`{name}` is not a regular expression: {reason}"))
        },
    )
}

/// A wildcard as a regular expression: `*`, `?`, `[ab]`, `[a-c]` and `[!a]`, as in a shell.
fn wildcard(name: &str) -> String {
    let mut expression = String::from("^");
    let mut rest = name;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match (letter, rest.split_once(']')) {
            ('*', _) => expression.push_str(".*"),
            ('?', _) => expression.push('.'),
            ('[', Some((class, after))) if !class.trim_start_matches('!').is_empty() => {
                let (not, class) = match class.strip_prefix('!') {
                    Some(class) => ("^", class),
                    None => ("", class),
                };
                // Everything but a range's `-` stands for itself.
                let class = regex::escape(class).replace(r"\-", "-");
                expression.extend(["[", not, &class, "]"]);
                rest = after;
            }
            _ => expression.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    expression + "$"
}

/// Which of the hosts that a part names.
#[derive(Debug, Clone, Copy)]
enum Subscript {
    One(isize),
    Through(isize, Option<isize>),
}

impl Subscript {
    fn of(self, hosts: &IndexSet<usize>) -> IndexSet<usize> {
        let count = isize::try_from(hosts.len()).unwrap_or(isize::MAX);
        let absolute = |at: isize| if at < 0 { at + count } else { at };
        let (first, last) = match self {
            Self::One(at) => (absolute(at), absolute(at)),
            Self::Through(first, last) => (absolute(first), last.map_or(count, absolute)),
        };
        let wanted = |at: usize| isize::try_from(at).is_ok_and(|at| (first..=last).contains(&at));
        hosts.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, host)| *host).collect()
    }
}

/// Takes `[…]` off the end of a part.
fn subscript(part: &str) -> Result<(&str, Option<Subscript>), Diagnostic> {
    let Some((name, inside)) = part.strip_suffix(']').and_then(|part| part.rsplit_once('[')) else {
        return Ok((part, None));
    };
    let number = |text: &str| text.parse::<isize>().ok();
    if inside.contains(char::is_alphabetic) && !inside.contains(':') {
        return Ok((part, None));
    }
    // `[0-2]` is what Ansible once wrote for `[0:2]`, and still reads.
    let from = usize::from(inside.starts_with('-'));
    let between = inside.find(':').or_else(|| inside.get(from..)?.find('-').map(|at| at + from));
    let subscript = match between.map(|at| (&inside[..at], &inside[at + 1..])) {
        None => number(inside).map(Subscript::One),
        Some((first, last)) => {
            let first = if first.is_empty() { Some(0) } else { number(first) };
            let last = if last.is_empty() { Some(None) } else { number(last).map(Some) };
            first.zip(last).map(|(first, last)| Subscript::Through(first, last))
        }
    };
    match subscript {
        Some(subscript) => Ok((name, Some(subscript))),
        None => Err(Diagnostic::new(format!("`[{inside}]` is not a subscript"))
            .help("write [0], [-1], [0:2] or [2:]")),
    }
}

fn unmatched(inventory: &Inventory, name: &str) -> Diagnostic {
    let names = inventory
        .groups()
        .map(|group| &*group.name)
        .chain(inventory.hosts().map(|host| host.name.as_str()));
    let error = Diagnostic::new(format!("`{name}` matches no host or group"));
    match nearest(name, names) {
        Some(known) => error.help(format!("did you mean `{known}`?")),
        None => error.help("`converge inventory list` names them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MemoryFiles, Vault};
    use crate::text::Sources;

    const HOSTS: &str = "
web: {hosts: {'web[1:4]': }}
db: {hosts: {'db[1:2]': , web4: }}
old: {hosts: {web2: , db2: }}
site: {hosts: {site1: }, children: {web: , db: }}
empty: {}
ungrouped: {hosts: {alone: }}
";

    fn selected(pattern: &str) -> Result<String, String> {
        let files = MemoryFiles::default()
            .with("hosts.yml", HOSTS)
            .with("failed", "# of the last run\nweb3\n\ndb1,web1\n")
            .with("nobody", "# none\n")
            .with("loop", "@loop\n");
        let (mut sources, vault) = (Sources::default(), Vault::default());
        let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
        let inventory = Inventory::load(Path::new("hosts.yml"), &mut reader).unwrap();
        match select(&inventory, pattern, &reader) {
            Ok(hosts) => Ok(hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(" ")),
            Err(error) => Err(match error.help {
                Some(help) => format!("{}; {help}", error.message),
                None => error.message,
            }),
        }
    }

    #[test]
    fn patterns() {
        for (pattern, hosts) in [
            ("all", "web1 web2 web3 web4 db1 db2 site1 alone"),
            ("*", "web1 web2 web3 web4 db1 db2 site1 alone"),
            ("web1", "web1"),
            ("db:web1", "web1 web4 db1 db2"),
            ("db1, web1", "web1 db1"),
            ("site:!old", "web1 web3 web4 db1 site1"),
            ("!old", "web1 web3 web4 db1 site1 alone"),
            ("web:&db", "web4"),
            ("!old:&db:site", "web4 db1"),
            ("db*", "web4 db1 db2"),
            ("web?", "web1 web2 web3 web4"),
            ("~(web|db)[12]$", "web1 web2 db1 db2"),
            ("~eb", "?"),
            ("web[0]", "web1"),
            ("web[-1]", "web4"),
            ("web[1:2]", "web2 web3"),
            ("web[2:]:db1", "web3 web4 db1"),
            ("web[:1]", "web1 web2"),
            ("web*[0]", "web1"),
            // In the order in which a group names its hosts, its own before its children's.
            ("db[0]", "db1"),
            ("db[-1]", "web4"),
            ("site[0]", "site1"),
            ("site[5]", "db1"),
            ("all[0]", "alone"),
            ("*[0]", "alone"),
            ("web[0-1]", "web1 web2"),
            ("web[12]*", "web1 web2"),
            ("d[a-c][12]*", "db1 db2"),
            ("d[a-c][1-2]", "web4 db2"),
            ("web[!1-3]*[0]", "web4"),
            ("@failed", "web1 web3 db1"),
            ("@failed:!db", "web1 web3"),
        ] {
            let found = selected(pattern);
            if hosts == "?" {
                assert!(found.is_err(), "{pattern}: {found:?}");
            } else {
                assert_eq!(found.as_deref(), Ok(hosts), "{pattern}");
            }
        }
    }

    #[test]
    fn what_matches_nothing_is_an_error_that_names_the_nearest() {
        let all: Vec<String> = [
            "wbe", "web9", "db:!odl", "web:&odl", "web:!web", "x*", "empty", "web[7]", "web[x:y]",
            "~(", "@none", "@nobody", "@loop", "",
        ]
        .iter()
        .map(|pattern| format!("{pattern}\n  {}", selected(pattern).unwrap_err()))
        .collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}

//! Files of logical lines (main.cf, master.cf, aliases, authorized_keys), generated and then edited:
//! what is declared comes to be, and everything else means what it meant. The meaning is what a reader
//! finds that follows postconf(5), master(5), aliases(5) and sshd(8), and shares no line with ours.

use super::judged::{Case, Readings, wrong};
use super::random::Random;
use super::{Target, generated, text};
use converge::host::Host as _;
use converge::host::in_memory::{Entry, InMemory, World};
use converge::resource;
use std::path::Path;

pub(super) const TARGET: Target =
    Target { name: "logical", seeds: || vec![Vec::new()], words: &[], judge };

/// The input is in the numbers: files that are read have a grammar.
fn judge(_: &[u8], random: &mut Random) -> Result<(), String> {
    let case = Case::new(0, random);
    let mut world = World::default();
    let mut files = Vec::new();
    let (main, master) = (generated::main_cf(random), generated::master_cf(random));
    files.push(("main.cf", generated::file(random, &main)));
    files.push(("master.cf", generated::file(random, &master)));
    let aliases = generated::aliases(random);
    files.push(("aliases", generated::file(random, &aliases)));
    files.push(("keys", generated::authorized_keys(random).0));
    let table = generated::table(random);
    for (name, content) in files {
        let file = serde_json::from_value(serde_json::json!({ "content": content })).unwrap();
        world.files.insert(Path::new(&case.folder).join(name), Entry::File(file));
    }
    let mut host = InMemory::new(world);
    let before = readings(&case.folder, &host);
    let mut refused = Vec::new();
    for task in case.tasks(&generated::file(random, &table)) {
        let (kind, parameters) = task.as_object().unwrap().iter().next().unwrap();
        // It writes the whole of its table, and has Postfix build it.
        if kind == "postfix_map" {
            continue;
        }
        if let Err(why) = edit(kind, parameters, &mut host) {
            refused.push(format!("{kind}: {why}"));
        }
    }
    if !refused.is_empty() {
        return Err(format!("{}\n{}", refused.join("\n"), files_of(&case.folder, &host)));
    }
    let wrong = wrong(&case, &before, &readings(&case.folder, &host));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n{}", wrong.join("\n"), files_of(&case.folder, &host)))
}

fn edit(kind: &str, parameters: &serde_json::Value, host: &mut InMemory) -> Result<(), String> {
    let declared =
        resource::find(kind).unwrap().parse(parameters.clone()).map_err(|e| e.message)?;
    for step in declared.look(host).map_err(|error| error.to_string())?.steps {
        let done = host.perform(&step.action).map_err(|error| error.to_string())?;
        done.failed.map_or(Ok(()), Err)?;
    }
    Ok(())
}

fn content(folder: &str, name: &str, host: &InMemory) -> String {
    match host.world().files.get(&Path::new(folder).join(name)) {
        Some(Entry::File(file)) => text(&file.content),
        _ => String::new(),
    }
}

fn files_of(folder: &str, host: &InMemory) -> String {
    let shown = |name: &str| format!("{name}: {:?}", content(folder, name, host));
    ["main.cf", "master.cf", "aliases", "keys"].map(shown).join("\n")
}

/// As the programs would tell it.
fn readings(folder: &str, host: &InMemory) -> Readings {
    let file = |name: &str| content(folder, name, host);
    let mut options = Vec::new();
    let services: Vec<String> = logical(&file("master.cf"))
        .iter()
        .map(|line| {
            let fields = fields(line);
            let name = fields[..2].join("/");
            let mut words = fields.iter();
            while let Some(word) = words.next() {
                if word == "-o" {
                    let option = words.next().map_or("", String::as_str);
                    let (option, value) = option.split_once('=').unwrap();
                    options.push(format!("{name}/{} = {}", option.trim(), value.trim()));
                }
            }
            fields.join(" ")
        })
        .collect();
    options.sort();
    let main = logical(&file("main.cf")).iter().map(|line| joined(line)).collect();
    let aliases = logical(&file("aliases")).iter().filter_map(|line| alias(line)).collect();
    let keys = file("keys").lines().filter_map(key).collect();
    let all = [
        ("main", main),
        ("services", services),
        ("options", options),
        ("aliases", aliases),
        ("keys", keys),
    ];
    all.into_iter()
        .map(|(question, lines)| ((folder.to_owned(), question.to_owned()), lines))
        .collect()
}

/// A line that begins with a blank goes on with the one before; what is empty or begins with `#` is
/// nothing, wherever it stands.
fn logical(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        match found.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                *last = format!("{last} {}", line.trim())
            }
            _ => found.push(line.trim().to_owned()),
        }
    }
    found
}

fn joined(line: &str) -> String {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    let value: Vec<&str> = value.split_whitespace().collect();
    format!("{} = {}", name.trim(), value.join(" "))
}

/// Words; what is in braces is one, without them.
fn fields(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('{') {
            Some(inside) => inside.find('}').map_or(rest.len(), |at| at + 2),
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let word = rest[..end].trim_start_matches('{').trim_end_matches('}').trim();
        found.push(word.split_whitespace().collect::<Vec<_>>().join(" "));
        rest = rest[end..].trim_start();
    }
    found
}

/// A name in small letters without quotes, a tab, and whom it leads to.
fn alias(line: &str) -> Option<String> {
    let parts = split(line, ':');
    let (name, value) = (parts.first()?, parts.get(1..)?.join(":"));
    let name = name.trim().trim_matches('"').to_lowercase();
    let to: Vec<String> = split(&value, ',')
        .iter()
        .map(|one| one.trim().to_owned())
        .filter(|one| !one.is_empty())
        .collect();
    Some(format!("{name}:\t{}", to.join(", ")))
}

/// At every such letter outside of quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for letter in text.chars() {
        quoted ^= letter == '"';
        if letter == at && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    parts
}

/// The key that a line gives access to: what stands behind its kind, outside of quotes.
fn key(line: &str) -> Option<String> {
    let (mut words, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for letter in line.trim().chars() {
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        match words.last_mut() {
            Some(word) if quoted || !letter.is_whitespace() => word.push(letter),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    if words.first()?.starts_with('#') {
        return None;
    }
    let at = words.iter().position(|word| word == "ssh-ed25519")?;
    words.get(at + 1).cloned()
}

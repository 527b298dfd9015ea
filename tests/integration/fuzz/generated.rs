//! Files as people and packages leave them, from a seed: comments and empty lines anywhere,
//! continued lines, either line break, no line break at the end.

use super::random::Random;

/// Lines that belong to no entry.
fn beside(random: &mut Random) -> String {
    const LINES: [&str; 7] =
        ["", "# a comment", "#smtp inet n", "  # indented", "   ", "\t", "#a = b"];
    let count = random.below(3);
    (0..count).map(|_| format!("{}\n", random.of_these(&LINES))).collect()
}

/// Where a line may be broken.
const BREAK: char = '\u{1}';

/// A file of these entries. [`BREAK`] in one is a place where its line may be broken.
pub(crate) fn file(random: &mut Random, entries: &[String]) -> String {
    let mut text = beside(random);
    for entry in entries {
        for (at, part) in entry.split(BREAK).enumerate() {
            if at > 0 && random.once_in(2) {
                text.push('\n');
                text.push_str(&beside(random));
                text.push_str(random.of_these::<&str>(&["  ", "\t", " "]));
            } else if at > 0 {
                text.push(' ');
            }
            text.push_str(part);
        }
        text.push('\n');
        if random.once_in(2) {
            text.push_str(&beside(random));
        }
    }
    if random.once_in(4) {
        text = text.trim_end_matches('\n').to_owned();
    }
    if random.once_in(4) { text.replace('\n', "\r\n") } else { text }
}

pub(crate) const PARAMETERS: [&str; 8] = [
    "myorigin",
    "relayhost",
    "smtpd_banner",
    "mynetworks",
    "alias_maps",
    "relay_domains",
    "smtp_helo_name",
    "header_checks",
];

fn value(random: &mut Random, between: &str) -> String {
    const WORDS: [&str; 6] =
        ["a.example", "$mydomain", "192.0.2.0/24", "hash:/etc/x", "[mx.example]:587", "x=y"];
    let count = 1 + random.below(3);
    (0..count).map(|_| *random.of_these(&WORDS)).collect::<Vec<_>>().join(between)
}

/// A parameter's value in one line.
pub(crate) fn parameter_value(random: &mut Random) -> String {
    value(random, " ")
}

/// Entries of a main.cf, some of them twice.
pub(crate) fn main_cf(random: &mut Random) -> Vec<String> {
    let mut entries = vec!["compatibility_level = 3.6".to_owned()];
    for _ in 0..random.below(9) {
        let name = random.of_these(&PARAMETERS);
        let equals = random.of_these(&[" = ", "=", " =\t", " ="]);
        entries.push(format!("{name}{equals}{}", value(random, &format!(",{BREAK}"))));
    }
    entries
}

pub(crate) const SERVICES: [(&str, &str); 6] = [
    ("smtp", "inet"),
    ("submission", "inet"),
    ("127.0.0.1:10027", "inet"),
    ("pickup", "unix"),
    ("smtp", "unix"),
    ("relay", "unix"),
];

/// Options of a service: names and values.
pub(crate) fn options(random: &mut Random) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    for name in ["syslog_name", "mynetworks", "smtpd_banner"] {
        if random.once_in(2) {
            options.push((name, value(random, " ")));
        }
    }
    options
}

/// Services of a master.cf, each once.
pub(crate) fn master_cf(random: &mut Random) -> Vec<String> {
    let mut entries = Vec::new();
    for (name, kind) in SERVICES {
        if random.once_in(3) {
            continue;
        }
        let blanks = random.of_these(&[" ", "      ", "\t"]);
        let mut entry = [name, kind, "n", "-", "n", "-", "-", "smtpd"].join(blanks);
        for (name, value) in options(random) {
            let braces = value.contains(' ') || random.once_in(3);
            let option =
                if braces { format!("{{ {name} = {value} }}") } else { format!("{name}={value}") };
            entry.push_str(&format!("{BREAK}-o {option}"));
        }
        entries.push(entry);
    }
    entries
}

pub(crate) const NAMES: [&str; 5] = ["root", "postmaster", "ann", "Bob", "list-owner"];

pub(crate) fn recipients(random: &mut Random) -> Vec<String> {
    const WHO: [&str; 6] =
        ["a@x.test", "b", "\"|/bin/x y, z\"", ":include:/l", "/var/f", "\"two words\"@x.test"];
    let count = 1 + random.below(3);
    (0..count).map(|_| (*random.of_these(&WHO)).to_owned()).collect()
}

/// Entries of an aliases file, some of them twice.
pub(crate) fn aliases(random: &mut Random) -> Vec<String> {
    let mut entries = Vec::new();
    for _ in 0..random.below(7) {
        let name = random.of_these(&NAMES);
        let name = match random.below(3) {
            0 => format!("\"{name}\""),
            1 => name.to_uppercase(),
            _ => (*name).to_owned(),
        };
        let colon = random.of_these(&[": ", " :", ":\t"]);
        entries.push(format!("{name}{colon}{}", recipients(random).join(&format!(",{BREAK}"))));
    }
    entries
}

/// Entries of a lookup table; a key that comes again has the same value.
pub(crate) fn table(random: &mut Random) -> Vec<String> {
    const KEYS: [&str; 6] = ["a@x.test", "A@x.test", "[mx]:587", "b", "\"two words\"@x", "lone"];
    let mut entries = Vec::new();
    for _ in 0..random.below(7) {
        let key = random.of_these(&KEYS);
        let value =
            if *key == "lone" { String::new() } else { format!("v-{}{BREAK}more", key.len()) };
        entries.push(format!("{key}{}{value}", random.of_these(&[" ", "\t", "   "])));
    }
    entries
}

/// A key that ssh reads, by number.
pub(crate) fn ssh_key(number: u8) -> String {
    use base64::Engine as _;
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend([number; 32]);
    base64::engine::general_purpose::STANDARD.encode(blob)
}

/// Lines of an authorized_keys file, and the numbers of their keys.
pub(crate) fn authorized_keys(random: &mut Random) -> (String, Vec<u8>) {
    const OPTIONS: [&str; 7] = [
        "",
        "no-pty ",
        "command=\"sh -c \\\"echo ssh-rsa x\\\"\" ",
        "cert-authority,principals=\"x y\" ",
        "from=\"10.0.0.1\",no-pty\t",
        "environment=\"A=\\\\x\" ",
        "  ",
    ];
    let (mut text, mut numbers) = (String::new(), Vec::new());
    for _ in 0..random.below(6) {
        let number = u8::try_from(random.below(4)).unwrap();
        let kind = random.of_these(&["ssh-ed25519", "ED25519", "ssh-ed25519"]);
        let comment = random.of_these(&["", " ann", " ann@home # x"]);
        text += &format!("{}{kind} {}{comment}\n", random.of_these(&OPTIONS), ssh_key(number));
        numbers.push(number);
        if random.once_in(3) {
            text.push_str(random.of_these::<&str>(&["# ssh-ed25519 note\n", "\n", "  # x\n"]));
        }
    }
    (text, numbers)
}

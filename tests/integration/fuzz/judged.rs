//! Tasks that edit generated files, and what must be so afterwards, by what the programs whose files
//! they are read in them: Postfix's and ssh's own, in the lab, or a reader that shares no line with ours.

use super::generated;
use super::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One folder of files on the host, and what the tasks declare of them.
pub(crate) struct Case {
    pub(crate) folder: String,
    set: Vec<(&'static str, String)>,
    remove: Vec<&'static str>,
    service: (&'static str, &'static str),
    /// `None`: it goes.
    options: Option<Vec<(&'static str, String)>>,
    alias: &'static str,
    recipients: Option<Vec<String>>,
    key: u8,
    key_goes: bool,
}

impl Case {
    pub(crate) fn new(number: usize, random: &mut Random) -> Self {
        let mut set = Vec::new();
        let mut remove = Vec::new();
        for name in generated::PARAMETERS {
            match random.below(6) {
                0 | 1 => set.push((name, generated::parameter_value(random))),
                2 => remove.push(name),
                _ => {}
            }
        }
        if set.is_empty() {
            set.push(("relayhost", "a.example".to_owned()));
            remove.retain(|name| *name != "relayhost");
        }
        Self {
            folder: format!("/srv/judged/{number}"),
            set,
            remove,
            service: *random.of_these(&generated::SERVICES),
            options: (!random.once_in(2)).then(|| generated::options(random)),
            alias: *random.of_these::<&str>(&generated::NAMES),
            recipients: (!random.once_in(3)).then(|| generated::recipients(random)),
            key: u8::try_from(random.below(4)).unwrap(),
            key_goes: random.once_in(2),
        }
    }

    pub(crate) fn tasks(&self, table: &str) -> Vec<Value> {
        let path = |name: &str| format!("{}/{name}", self.folder);
        let set: serde_json::Map<_, _> =
            self.set.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let state = |present: bool| if present { "present" } else { "absent" };
        let mut service = json!({
            "path": path("master.cf"), "name": self.service.0, "type": self.service.1,
            "state": state(self.options.is_some()),
        });
        if let Some(options) = &self.options {
            let options: serde_json::Map<_, _> =
                options.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            service["command"] = json!("smtpd -v");
            service["private"] = json!("y");
            service["options"] = json!(options);
        }
        let mut alias = json!({
            "path": path("aliases"), "name": self.alias, "rebuild": false,
            "state": state(self.recipients.is_some()),
        });
        if let Some(recipients) = &self.recipients {
            alias["recipients"] = json!(recipients);
        }
        let key = json!({
            "user": "root", "path": path("keys"), "manage_dir": false,
            "key": format!("ssh-ed25519 {}", generated::ssh_key(self.key)),
            "state": state(!self.key_goes), "exclusive": !self.key_goes,
        });
        vec![
            json!({"postfix_main": {"path": path("main.cf"), "parameters": set, "remove": self.remove}}),
            json!({"postfix_master": service}),
            json!({"mail_alias": alias}),
            json!({"postfix_map": {"path": path("table"), "type": "hash", "content": table}}),
            json!({"authorized_key": key}),
        ]
    }
}

/// What the programs read, by folder and question.
pub(crate) type Readings = BTreeMap<(String, String), Vec<String>>;

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// What is not as it should be after the tasks.
pub(crate) fn wrong(case: &Case, before: &Readings, after: &Readings) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told = |question: &str, good: bool, what: String| {
        if !good {
            let there = |readings: &Readings| {
                readings[&(case.folder.clone(), question.to_owned())].join("\n    ")
            };
            let (before, after) = (there(before), there(after));
            wrong.push(format!(
                "{} {question}: {what}\n  before\n    {before}\n  after\n    {after}",
                case.folder
            ));
        }
    };
    let lines = |readings: &'_ Readings, question: &str| {
        readings[&(case.folder.clone(), question.to_owned())].clone()
    };
    // main.cf
    let pairs = |readings: &Readings| -> BTreeMap<String, String> {
        let pair = |line: &String| {
            let (name, value) = line.split_once('=').unwrap();
            (name.trim().to_owned(), value.trim().to_owned())
        };
        lines(readings, "main").iter().map(pair).collect()
    };
    let (old, new) = (pairs(before), pairs(after));
    for (name, value) in &case.set {
        let found = new.get(*name).map(|found| words(found));
        told("main", found == Some(words(value)), format!("{name} is to be `{value}`"));
    }
    for name in &case.remove {
        told("main", !new.contains_key(*name), format!("{name} is to go"));
    }
    let ours = |name: &String| {
        case.set.iter().any(|(set, _)| set == name) || case.remove.iter().any(|one| one == name)
    };
    let others = |pairs: &BTreeMap<String, String>| -> Vec<(String, String)> {
        pairs.iter().filter(|(name, _)| !ours(name)).map(|(a, b)| (a.clone(), b.clone())).collect()
    };
    told("main", others(&old) == others(&new), "others are to stay".to_owned());
    // master.cf
    let (name, kind) = case.service;
    let is_ours = |line: &String| words(line)[..2] == [name, kind];
    let rest = |readings: &Readings| -> Vec<String> {
        lines(readings, "services").into_iter().filter(|line| !is_ours(line)).collect()
    };
    told("services", rest(before) == rest(after), "others are to stay".to_owned());
    let own: Vec<_> = lines(after, "services").into_iter().filter(is_ours).collect();
    told("services", own.len() == usize::from(case.options.is_some()), format!("{name} {kind}"));
    if let Some(options) = &case.options {
        let fields = [name, kind, "y", "-", "n", "-", "-", "smtpd", "-v"];
        let fits = own.first().is_some_and(|line| words(line).starts_with(&fields));
        told("services", fits, format!("is to be {fields:?}"));
        let prefix = format!("{name}/{kind}/");
        let found: Vec<String> = lines(after, "options")
            .iter()
            .filter_map(|line| line.strip_prefix(&prefix).map(|line| words(line).join(" ")))
            .collect();
        let mut wanted: Vec<String> =
            options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        wanted.sort();
        told("options", found == wanted, format!("are to be {wanted:?}"));
    }
    // aliases
    let map = |readings: &Readings| -> BTreeMap<String, String> {
        let pair = |line: &String| {
            let (name, value) = line.split_once('\t').unwrap();
            (name.trim_end_matches(':').to_owned(), value.to_owned())
        };
        let stamps = ["@", "YP_LAST_MODIFIED", "YP_MASTER_NAME"];
        let all = lines(readings, "aliases").iter().map(pair).collect::<BTreeMap<_, _>>();
        all.into_iter().filter(|(name, _)| !stamps.contains(&name.as_str())).collect()
    };
    let (mut old, mut new) = (map(before), map(after));
    let alias = case.alias.to_lowercase();
    old.remove(&alias);
    let found = new.remove(&alias);
    let wanted = case.recipients.as_ref().map(|all| all.join(", "));
    told("aliases", found == wanted, format!("{alias} is to be {wanted:?}"));
    told("aliases", old == new, "others are to stay".to_owned());
    // keys
    // Fingerprints: what ssh-keygen says besides is its own.
    let keys = |readings: &Readings| -> Vec<String> {
        let key = |line: String| line.split_whitespace().nth(1).map(str::to_owned).unwrap_or(line);
        lines(readings, "keys").into_iter().map(key).collect()
    };
    let (old, new) = (keys(before), keys(after));
    if case.key_goes {
        let fewer = new.iter().all(|line| old.contains(line));
        told("keys", fewer, "no key is to come".to_owned());
    } else {
        told("keys", new.len() == 1, "one key is to be left".to_owned());
    }
    wrong
}

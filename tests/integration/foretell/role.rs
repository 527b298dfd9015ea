//! A generated role: what it holds, and how it is written as YAML.
//!
//! Numbers choose from the pools below; a role that is `steady` is bent so that its tasks do not
//! contradict each other and its conditions do not hinge on what it changes.

use serde_json::{Map, Value, json};

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) steady: bool,
    /// Which packages a steady role wants.
    pub(super) flavour: u8,
    pub(super) host: Start,
    pub(super) main: Vec<Entry>,
    /// `tasks/more.yml`.
    pub(super) more: Vec<Task>,
    /// The role `other`.
    pub(super) other: Vec<Task>,
    pub(super) handlers: Vec<What>,
}

/// How the host differs from `world.yml`.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) pacman: bool,
    pub(super) alpha: u8,
    pub(super) mta: u8,
    pub(super) bits: u8,
}

#[derive(Debug, Clone)]
pub(super) enum Entry {
    Task(Task),
    Block { block: Vec<Task>, rescue: Vec<Task>, always: Vec<Task>, when: When },
    More { import: bool, when: When },
    Other { import: bool, when: When },
    Flush,
}

#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) what: What,
    pub(super) when: When,
    pub(super) many: u8,
    pub(super) notify: u8,
    pub(super) register: bool,
    pub(super) twist: u8,
    pub(super) once: u8,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    Always,
    Flag(bool),
    /// On a result registered before, in one of the forms that suit it.
    Result(u8, u8),
    Fact,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Copy { path: u8, text: u8, mode: u8, owner: u8, how: u8 },
    Template { path: u8, mode: u8 },
    Folder { path: u8, mode: u8, owner: u8 },
    Gone { path: u8 },
    Link { path: u8, force: bool },
    Attributes { path: u8, mode: u8, owner: u8 },
    Line { path: u8, line: u8, how: u8 },
    Package { which: u8, how: u8, hold: bool },
    Service { unit: u8, how: u8 },
    User { which: u8, how: u8 },
    Group { which: u8, how: u8 },
    Act { which: u8 },
    Ask { which: u8 },
    Post,
    Get { which: u8 },
    Smtp { which: u8 },
    Wait { which: u8 },
    Stat { path: u8 },
    Fact { how: u8 },
    Assert { how: u8 },
    Fail,
    Say,
    Map { text: u8, how: u8 },
    Alias { how: u8 },
    Other { which: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Is {
    File,
    Folder,
    Nothing,
    Link,
    /// Only looked at.
    Others,
}

const PATHS: &[(&str, Is)] = &[
    ("/srv/a", Is::File),
    ("/srv/b", Is::File),
    ("/srv/dir", Is::Folder),
    ("/srv/dir/x", Is::File),
    ("/srv/dir/sub/deep", Is::Folder),
    ("/srv/gone", Is::Nothing),
    ("/srv/link", Is::Link),
    ("/etc/alpha/alpha.conf", Is::File),
    ("/etc/alpha", Is::Folder),
    ("/etc/alpha/own.conf", Is::File),
    ("/etc/gamma/own.conf", Is::File),
    ("/etc/beta.generated", Is::Others),
    ("/etc/new.conf", Is::File),
    ("/var/lib/plain/data", Is::Others),
    ("/srv/lines", Is::Others),
    ("/srv/seen", Is::Others),
    ("/srv/unseen", Is::Others),
    ("/srv/token", Is::Others),
    ("/srv/old", Is::Others),
    ("/srv/posted", Is::Others),
];
pub(super) const PATH_COUNT: u8 = 20;
const UNITS: &[&str] = &["base", "idle", "alpha", "beta", "gamma", "hidden"];

/// What a register holds.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Act,
    Ask,
    Stat,
    Get,
    Change,
}

/// A role as files.
pub(super) struct Written {
    pub(super) host: Value,
    pub(super) main: Value,
    pub(super) more: Value,
    pub(super) other: Value,
    pub(super) handlers: Value,
}

impl Role {
    pub(super) fn write(&self) -> Written {
        let mut writer = Writer { role: self, registers: Vec::new(), count: 0 };
        // Included tasks may run at any point: what they register is known to what follows them.
        let more = writer.tasks(&self.more);
        let other = writer.tasks(&self.other);
        let main = self.main.iter().map(|entry| writer.entry(entry)).collect();
        let last = self.handlers.len();
        let handlers = self.handlers.iter().enumerate().map(|(index, what)| {
            let mut map = Map::new();
            map.insert("name".into(), json!(format!("h{index}")));
            let what = match self.bend(what.clone()) {
                // One that waited for the second run would take another number.
                What::User { .. } | What::Group { .. } if self.steady => What::Say,
                // A handler that has succeeded is not run again after a kill: nor is its fact set.
                What::Fact { .. } if self.steady => What::Say,
                what => what,
            };
            let (key, value) = match what {
                What::Service { unit, how } => {
                    let state = if how % 2 == 0 { "restarted" } else { "reloaded" };
                    let unit = UNITS[usize::from(unit) % UNITS.len()];
                    ("service".to_owned(), json!({"name": unit, "state": state}))
                }
                What::Act { .. } => ("command".to_owned(), json!({"cmd": "tell"})),
                what => writer.resource(&what, ""),
            };
            map.insert(key, value);
            if index + 1 == last {
                map.insert("listen".into(), json!("topic"));
            }
            Value::Object(map)
        });
        let handlers = handlers.collect::<Vec<_>>().into();
        Written { host: self.host.write(), main: Value::Array(main), more, other, handlers }
    }

    /// The declaration as a steady role would have it.
    fn bend(&self, what: What) -> What {
        if !self.steady {
            return what;
        }
        let has_alpha = self.flavour & 1 == 0;
        match what {
            What::Copy { path, mode, how, .. } => match PATHS[usize::from(path)].1 {
                _ if (7..=9).contains(&path) && !has_alpha => What::Stat { path: 15 },
                Is::File => {
                    let owner = u8::from(path == 9) * 2;
                    let how = if how == 2 || how >= 5 { 0 } else { how };
                    What::Copy { path, text: 1, mode: mode.min(1), owner, how }
                }
                Is::Folder => What::Folder { path, mode: 0, owner: 0 },
                Is::Nothing => What::Gone { path },
                Is::Link => What::Link { path, force: true },
                Is::Others => What::Stat { path: 15 },
            },
            What::Template { path, mode } => What::Template { path, mode: mode.min(1) },
            What::Attributes { path, mode, .. } => {
                self.bend(What::Copy { path, text: 1, mode, owner: 0, how: 0 })
            }
            What::Folder { path, .. } | What::Gone { path } | What::Link { path, .. } => {
                self.bend(What::Copy { path, text: 1, mode: 0, owner: 0, how: 0 })
            }
            What::Line { line, .. } => {
                let line = line % 3;
                What::Line { path: 14, line, how: if line == 1 { 2 } else { 0 } }
            }
            What::Package { which, hold, how } => {
                let which = which % 5;
                let wanted = match which {
                    0 => has_alpha,
                    1 => true,
                    2 => self.flavour & 2 == 0,
                    3 => self.flavour & 2 != 0,
                    _ => self.flavour & 4 != 0,
                };
                let how = if wanted { if how == 2 { 2 } else { 0 } } else { 1 };
                What::Package { which, how, hold }
            }
            What::Service { unit, how } => {
                let unit = match unit {
                    2 if !has_alpha => 0,
                    3 if self.flavour & 2 != 0 => 0,
                    4 if self.flavour & 2 == 0 => 0,
                    unit => unit,
                };
                let wanted = [2, 0, 2, 0, 2, 5][usize::from(unit) % UNITS.len()];
                What::Service { unit, how: if how == 7 { 0 } else { wanted } }
            }
            What::User { which, .. } => {
                What::User { which, how: [1, 2, 3][usize::from(which % 3)] }
            }
            What::Group { which, .. } => {
                What::Group { which, how: [0, 1, 0, 0][usize::from(which % 4)] }
            }
            What::Act { which: 3 } => What::Act { which: 4 },
            What::Ask { which: 2 } => What::Ask { which: 0 },
            What::Stat { .. } => What::Stat { path: 15 },
            What::Wait { .. } => What::Wait { which: 0 },
            What::Fact { .. } => What::Fact { how: 0 },
            // A table is built again once its programs arrive.
            What::Map { .. } | What::Alias { .. }
                if self.host.mta != 1 || self.flavour & 2 != 0 =>
            {
                What::Say
            }
            What::Map { .. } => What::Map { text: 1, how: 0 },
            What::Alias { .. } => What::Alias { how: 0 },
            // It writes what others write too, or looks at it.
            What::Other { which: 1..=3 } => What::Say,
            other => other,
        }
    }
}

struct Writer<'r> {
    role: &'r Role,
    registers: Vec<(String, Holds)>,
    count: usize,
}

impl Writer<'_> {
    fn entry(&mut self, entry: &Entry) -> Value {
        match entry {
            Entry::Task(task) => self.task(task),
            Entry::Block { block, rescue, always, when } => {
                let mut map = Map::new();
                let when = self.when(*when);
                map.insert("block".into(), self.tasks(block));
                if !rescue.is_empty() {
                    map.insert("rescue".into(), self.tasks(rescue));
                }
                if !always.is_empty() {
                    map.insert("always".into(), self.tasks(always));
                }
                put_when(&mut map, when);
                Value::Object(map)
            }
            Entry::More { import, when } => {
                let name = if *import { "import_tasks" } else { "include_tasks" };
                let mut map = Map::new();
                map.insert(name.into(), json!("more.yml"));
                put_when(&mut map, self.when(*when));
                Value::Object(map)
            }
            Entry::Other { import, when } => {
                let name = if *import { "import_role" } else { "include_role" };
                let mut map = Map::new();
                map.insert(name.into(), json!({"name": "other"}));
                put_when(&mut map, self.when(*when));
                Value::Object(map)
            }
            Entry::Flush => json!({"meta": "flush_handlers"}),
        }
    }

    fn tasks(&mut self, tasks: &[Task]) -> Value {
        tasks.iter().map(|task| self.task(task)).collect()
    }

    fn task(&mut self, task: &Task) -> Value {
        let steady = self.role.steady;
        self.count += 1;
        let what = self.role.bend(task.what.clone());
        let mut map = Map::new();
        map.insert("name".into(), json!(format!("t{}", self.count)));
        let unknown_loop = (task.many == 2 && !steady)
            .then(|| self.registers.iter().rev().find(|(_, holds)| *holds == Holds::Act).cloned())
            .flatten();
        let many = match task.many {
            1 => Some(json!(["x", "y"])),
            2 => unknown_loop.map(|(name, _)| {
                json!(format!("{{{{ ({name} | default({{}})).stdout_lines | default([]) }}}}"))
            }),
            _ => None,
        };
        let suffix = if many.is_some() { "-{{ item }}" } else { "" };
        let (key, value) = self.resource(&what, suffix);
        map.insert(key, value);
        put_when(&mut map, self.when(task.when));
        if let Some(many) = many {
            map.insert("loop".into(), many);
        }
        let observes = matches!(what, What::Ask { .. });
        if observes {
            map.insert("changed_when".into(), json!(false));
        }
        if !self.role.handlers.is_empty() && task.notify > 0 {
            let index = usize::from(task.notify - 1);
            let name = if index < self.role.handlers.len() {
                format!("h{index}")
            } else {
                "topic".to_owned()
            };
            map.insert("notify".into(), json!(name));
        }
        let is_resource = !matches!(what, What::Fact { .. } | What::Say);
        let registers = task.register || task.twist == 4;
        let name = format!("r{}", self.count);
        if registers && is_resource {
            map.insert("register".into(), json!(name));
        }
        match task.twist {
            1 => {
                map.insert("ignore_errors".into(), json!(true));
            }
            // Elsewhere a failure that nobody sees may come right in the second run only.
            2 if !steady || matches!(what, What::Act { .. } | What::Ask { .. }) => {
                map.insert("failed_when".into(), json!(false));
            }
            3 if !observes && !steady => {
                map.insert("changed_when".into(), json!("flag_no"));
            }
            4 if matches!(what, What::Act { .. } | What::Ask { .. }) => {
                map.insert("failed_when".into(), json!(format!("{name}.rc == 1")));
            }
            _ => {}
        }
        match task.once {
            1 => {
                map.insert("run_once".into(), json!("host"));
            }
            2 if !steady => {
                map.insert("run_once".into(), json!("until_changed"));
                map.insert("id".into(), json!(format!("once-{}", self.count)));
            }
            _ => {}
        }
        if registers && is_resource {
            let holds = match what {
                What::Act { .. } => Holds::Act,
                What::Ask { .. } => Holds::Ask,
                What::Stat { .. } => Holds::Stat,
                What::Get { .. } => Holds::Get,
                _ => Holds::Change,
            };
            self.registers.push((name, holds));
        }
        Value::Object(map)
    }

    fn when(&self, when: When) -> Option<String> {
        match when {
            When::Always => None,
            When::Flag(true) => Some("flag_yes".into()),
            When::Flag(false) => Some("flag_no".into()),
            When::Fact => Some("fact_a == 'yes'".into()),
            When::Result(which, form) => {
                let (name, holds) =
                    self.registers.get(usize::from(which) % self.registers.len().max(1))?;
                let steady = self.role.steady;
                let result = format!("({name} | default({{}}))");
                let changed = format!("{name} is defined and {name} is changed");
                Some(match (holds, form % 5) {
                    (Holds::Stat, form) if steady || form == 0 || form == 2 => {
                        format!("({result}.stat | default({{}})).exists | default(false)")
                    }
                    (Holds::Stat, _) => {
                        format!("not (({result}.stat | default({{}})).exists | default(false))")
                    }
                    (Holds::Ask, 0 | 2) => format!("{result}.stdout | default('') == 'on'"),
                    (Holds::Ask, 1) => format!("{result}.rc | default(1) == 0"),
                    (Holds::Get, 0 | 2) => format!("{result}.status | default(0) == 200"),
                    _ if steady => changed,
                    (Holds::Act, 0) => format!("{result}.stdout | default('') == 'yes'"),
                    (Holds::Act, 1) => format!("{result}.rc | default(1) == 0"),
                    (_, 2 | 0) => changed,
                    (_, 3) => format!("not ({changed})"),
                    _ => format!("{name} is defined and {name} is failed"),
                })
            }
        }
    }

    /// Text that hinges on a result.
    fn hinging(&self) -> String {
        match self.registers.last() {
            Some((name, _)) => {
                format!("{{{{ ({name} | default({{}})).stdout | default('none') }}}}\n")
            }
            None => "none\n".to_owned(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of resource")]
    fn resource(&self, what: &What, suffix: &str) -> (String, Value) {
        let path = |index: &u8| format!("{}{suffix}", PATHS[usize::from(*index)].0);
        let steady = self.role.steady;
        let with = |mut value: Value, mode: u8, owner: u8| {
            let modes =
                if steady { ["", "0640", "0640", "0640"] } else { ["", "0644", "0600", "0755"] };
            if mode > 0 {
                value["mode"] = json!(modes[usize::from(mode % 4)]);
            }
            match owner {
                1 => value["owner"] = json!("root"),
                2 => {
                    value["owner"] = json!("alpha");
                    value["group"] = json!("alpha");
                }
                3 => value["owner"] = json!("relay"),
                4 => value["group"] = json!("g1"),
                _ => {}
            }
            value
        };
        let (key, value) = match what {
            What::Copy { path: at, text, mode, owner, how } => {
                let mut value = json!({"dest": path(at)});
                value["content"] = match (how, text % 4) {
                    (5, _) => json!(self.hinging()),
                    (_, text) => json!(["", "one\n", "two\n", "bad\n"][usize::from(text)]),
                };
                match how {
                    1 => value["backup"] = json!(true),
                    2 => value["force"] = json!(false),
                    3 => value["validate"] = json!("judge %s"),
                    4 => value["validate"] = json!("alpha-tool %s"),
                    _ => {}
                }
                ("copy", with(value, *mode, *owner))
            }
            What::Template { path: at, mode } => {
                let dest = ["/srv/t", "/etc/t.conf"][usize::from(at % 2)];
                let dest = format!("{dest}{suffix}");
                let src = if steady || *at < 8 { "t.j2" } else { "fact.j2" };
                ("template", with(json!({"src": src, "dest": dest}), *mode, 0))
            }
            What::Folder { path: at, mode, owner } => {
                ("file", with(json!({"path": path(at), "state": "directory"}), *mode, *owner))
            }
            What::Gone { path: at } => ("file", json!({"path": path(at), "state": "absent"})),
            What::Link { path: at, force } => (
                "file",
                json!({"path": path(at), "state": "link", "src": "/srv/target", "force": force}),
            ),
            What::Attributes { path: at, mode, owner } => {
                ("file", with(json!({"path": path(at)}), (*mode).max(1), *owner))
            }
            What::Line { path: at, line, how } => {
                let line = ["one", "two", "three"][usize::from(*line % 3)];
                let mut value = json!({"path": path(at), "line": line});
                match how % 4 {
                    1 => value["create"] = json!(true),
                    2 => value["state"] = json!("absent"),
                    3 => value["regexp"] = json!("^t"),
                    _ => {}
                }
                if *at == 11 {
                    value["create"] = json!(false);
                }
                ("lineinfile", value)
            }
            What::Package { which, how, hold } => {
                let names: &[&str] = match which {
                    0 => &["alpha"],
                    1 => &["lib"],
                    2 => &["beta"],
                    3 => &["gamma"],
                    4 => &["plain"],
                    5 => &["alpha", "plain"],
                    6 => &["alpha=1"],
                    7 => &["missing"],
                    _ => &["beta", "alpha"],
                };
                let states = ["present", "absent", "latest"];
                let how = if *which == 6 { 0 } else { *how % 3 };
                let mut value = json!({"name": names, "state": states[usize::from(how)]});
                if *hold {
                    value["hold"] = names
                        .iter()
                        .filter(|name| UNITS.contains(name))
                        .map(|name| json!(format!("{name}.service")))
                        .collect();
                }
                ("package", value)
            }
            What::Service { unit, how } => {
                let mut value = json!({"name": UNITS[usize::from(*unit) % UNITS.len()]});
                let state = match how {
                    0 | 2 | 5 => Some("started"),
                    1 | 6 => Some("stopped"),
                    7 => Some("restarted"),
                    8 => Some("reloaded"),
                    _ => None,
                };
                if let Some(state) = state {
                    value["state"] = json!(state);
                }
                match how {
                    2 | 5 => value["enabled"] = json!(true),
                    3 | 6 => value["enabled"] = json!(false),
                    _ => {}
                }
                match how {
                    4 => value["masked"] = json!(true),
                    5 => value["masked"] = json!(false),
                    _ => {}
                }
                ("service", value)
            }
            What::User { which, how } => {
                let mut value =
                    json!({"name": (["relay", "olduser", "alpha"][usize::from(which % 3)])});
                match how {
                    1 => {
                        value["uid"] = json!(1700);
                        value["comment"] = json!("relay account");
                        value["groups"] = json!(["staff"]);
                    }
                    2 => value["state"] = json!("absent"),
                    3 => value["comment"] = json!("of a package"),
                    4 => value["group"] = json!("g1"),
                    5 => {
                        value["system"] = json!(true);
                        value["create_home"] = json!(false);
                        value["shell"] = json!("/usr/sbin/nologin");
                    }
                    _ => {}
                }
                ("user", value)
            }
            What::Group { which, how } => {
                let name = ["g1", "oldgroup", "staff", "alpha"][usize::from(which % 4)];
                let mut value = json!({"name": name});
                match how {
                    1 => value["state"] = json!("absent"),
                    2 => value["gid"] = json!(700),
                    3 => value["system"] = json!(true),
                    _ => {}
                }
                ("group", value)
            }
            What::Act { which } => (
                "command",
                match which {
                    0 => json!({"cmd": "make-token", "creates": "/srv/token"}),
                    1 => json!({"cmd": "sweep", "removes": "/srv/old"}),
                    2 => json!({"cmd": "broken", "creates": "/srv/never"}),
                    3 => {
                        json!({"cmd": "poke", "creates": "/srv/poked", "changes": ["/srv/a", "idle.service"]})
                    }
                    4 => json!({"cmd": "quiet-poke", "creates": "/srv/quiet"}),
                    5 => json!({"cmd": "absent-program", "creates": "/srv/never"}),
                    _ => {
                        json!({"cmd": "network", "creates": "/srv/network", "changes": ["network"]})
                    }
                },
            ),
            What::Ask { which } => {
                ("command", json!({"cmd": (["ask", "ask-no", "ask-a"][usize::from(which % 3)])}))
            }
            What::Post => (
                "uri",
                json!({"url": "http://front.example/token", "method": "POST", "creates": "/srv/posted"}),
            ),
            What::Get { which } => {
                let urls = ["http://front.example/", "http://down.example/", "http://127.0.0.1/"];
                ("uri", json!({"url": urls[usize::from(which % 3)]}))
            }
            What::Smtp { which } => (
                "smtp_probe",
                json!({"host": (["mail.example", "127.0.0.1"][usize::from(which % 2)])}),
            ),
            What::Wait { which } => (
                "wait_for",
                match which % 4 {
                    0 => json!({"path": "/srv/seen"}),
                    1 => json!({"path": "/srv/token", "timeout": 2}),
                    2 => json!({"port": 80, "timeout": 2}),
                    _ => json!({"path": "/srv/a", "search_regex": "one", "timeout": 2}),
                },
            ),
            What::Stat { path: at } => ("stat", json!({"path": path(at)})),
            What::Fact { how } => (
                "set_fact",
                match (how % 3, self.registers.last()) {
                    (1, Some((name, _))) => {
                        json!({"fact_a": format!("{{{{ ({name} | default({{}})).stdout | default('') }}}}")})
                    }
                    (2, _) => json!({"fact_a": "no"}),
                    _ => json!({"fact_a": "yes"}),
                },
            ),
            What::Assert { how } => (
                "assert",
                match (how % 4, self.registers.last()) {
                    (1, _) => json!({"that": "flag_no"}),
                    (2, Some((name, Holds::Act))) => {
                        json!({"that": format!("({name} | default({{}})).stdout | default('yes') in ['yes', '']")})
                    }
                    _ => json!({"that": "flag_yes"}),
                },
            ),
            What::Fail => ("fail", json!({"msg": "enough"})),
            What::Say => ("debug", json!({"msg": "hello"})),
            What::Map { text, how } => {
                let values = ["x", "y", "z", "x"];
                let mut value = json!({
                    "path": "/etc/map", "type": "hash", "mode": "0600",
                    "entries": {"key": values[usize::from(text % 4)]},
                });
                if how % 3 == 1 {
                    value = json!({"path": "/etc/map", "state": "absent"});
                }
                ("postfix_map", value)
            }
            What::Alias { how } => (
                "mail_alias",
                match how % 3 {
                    1 => json!({"name": "root", "state": "absent"}),
                    2 => json!({"name": "root", "recipients": "other@example.org"}),
                    _ => json!({"name": "root", "recipients": "admin@example.org"}),
                },
            ),
            What::Other { which } => match which % 8 {
                0 => {
                    ("blockinfile", json!({"path": "/srv/block", "block": "one\n", "create": true}))
                }
                1 => ("replace", json!({"path": "/srv/a", "regexp": "o", "replace": "0"})),
                2 => ("slurp", json!({"src": "/srv/a"})),
                3 => ("find", json!({"paths": "/srv"})),
                4 => ("get_url", json!({"url": "http://front.example/", "dest": "/srv/got"})),
                5 => ("cron", json!({"name": "c", "cron_file": "c", "job": "true", "hour": "1"})),
                6 => ("postfix_main", json!({"path": "/etc/map.cf", "parameters": {"a": "b"}})),
                _ => ("shell", json!({"cmd": "touch /srv/shell", "creates": "/srv/shell"})),
            },
        };
        (key.to_owned(), value)
    }
}

fn put_when(map: &mut Map<String, Value>, when: Option<String>) {
    if let Some(when) = when {
        map.insert("when".into(), json!(when));
    }
}

impl Start {
    fn write(&self) -> Value {
        let mut host = json!({});
        let mut packages = Map::new();
        let mut put = |name: &str, version: &str| {
            packages.insert(name.into(), json!(version));
        };
        match self.alpha {
            1 => put("alpha", "1"),
            2 => put("alpha", "2"),
            _ => {}
        }
        if self.alpha > 0 || self.bits & 1 != 0 {
            put("lib", "1");
        }
        match self.mta {
            1 => put("beta", "1"),
            2 => put("gamma", "1"),
            _ => {}
        }
        if self.bits & 2 != 0 {
            put("plain", "1");
        }
        if !packages.is_empty() {
            host["packages"] = Value::Object(packages);
        }
        if self.pacman {
            host["manager"] = json!("pacman");
        }
        if self.bits & 4 != 0 {
            host["index"] = json!(false);
        }
        if self.bits & 8 != 0 {
            host["interrupted"] = json!("half-installed: lib");
        }
        let mut files = Map::new();
        if self.bits & 16 != 0 {
            files.insert("/srv/b".into(), json!({"file": {"content": "one\n"}}));
            files.insert("/srv/dir/x".into(), json!({"file": {"content": "one\n"}}));
        }
        if self.bits & 32 != 0 {
            files.insert("/etc/alpha/own.conf".into(), json!({"file": {"content": "old\n"}}));
            files.insert("/etc/gamma/own.conf".into(), json!({"file": {"content": "old\n"}}));
        }
        if self.bits & 64 != 0 {
            files.insert("/srv/token".into(), json!({"file": {"content": "t"}}));
            files
                .insert("/etc/map".into(), json!({"file": {"content": "key y\n", "mode": "0600"}}));
        }
        if self.bits & 128 != 0 {
            files.insert("/srv/link".into(), json!({"file": {"content": "a file\n"}}));
        }
        if !files.is_empty() {
            host["files"] = Value::Object(files);
        }
        host
    }
}

//! A generated role: what it holds, and how it is written as YAML.
//!
//! Numbers choose from the pools below; a role that is `steady` is bent so that its tasks do not
//! contradict each other and its conditions do not hinge on what it changes.

use super::real::beyond;
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
    Block { block: Vec<Task>, rescue: Vec<Task>, always: Vec<Task>, when: When, around: Around },
    End { when: When },
    More { import: bool, when: When },
    Other { import: bool, when: When },
    Flush,
}

/// What a block does as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// 1: for two items, 2: for those of a result.
    pub(super) many: u8,
    /// How it is tried again; 0: it is not.
    pub(super) tries: u8,
    pub(super) register: bool,
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
    Copy {
        path: u8,
        text: u8,
        mode: u8,
        owner: u8,
        how: u8,
    },
    Template {
        path: u8,
        mode: u8,
    },
    Folder {
        path: u8,
        mode: u8,
        owner: u8,
    },
    Gone {
        path: u8,
    },
    Link {
        path: u8,
        force: bool,
    },
    Attributes {
        path: u8,
        mode: u8,
        owner: u8,
    },
    Line {
        path: u8,
        line: u8,
        how: u8,
    },
    Package {
        which: u8,
        how: u8,
        hold: bool,
    },
    Service {
        unit: u8,
        how: u8,
    },
    User {
        which: u8,
        how: u8,
    },
    Group {
        which: u8,
        how: u8,
    },
    Act {
        which: u8,
    },
    Ask {
        which: u8,
    },
    Post,
    Get {
        which: u8,
    },
    Smtp {
        which: u8,
    },
    Wait {
        which: u8,
    },
    Stat {
        path: u8,
    },
    Fact {
        how: u8,
    },
    Assert {
        how: u8,
    },
    Fail,
    Say,
    Map {
        text: u8,
        how: u8,
    },
    Alias {
        how: u8,
    },
    Other {
        which: u8,
    },
    /// Something that takes more along than it names, or finds what another took along.
    Along {
        which: u8,
    },
    /// As `Along`, on real hosts alone.
    Beyond {
        which: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Is {
    File,
    Folder,
    Nothing,
    Link,
    /// Only looked at.
    Others,
}

pub(super) const PATHS: &[(&str, Is)] = &[
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
pub(super) const UNITS: &[&str] = &["base", "idle", "alpha", "beta", "gamma", "hidden"];

/// What a register holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
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
            // The others contradict each other, or hinge on what they find.
            What::Along { which: 0 | 2 | 3 | 7 | 8 | 11 | 19 | 20 | 22 } => what,
            What::Along { .. } => What::Say,
            What::Beyond { which } if !beyond::is_steady(which) => What::Say,
            // It writes what others write too, or looks at it.
            What::Other { which: 1..=3 } => What::Say,
            other => other,
        }
    }
}

pub(super) struct Writer<'r> {
    pub(super) role: &'r Role,
    pub(super) registers: Vec<(String, Holds)>,
    pub(super) count: usize,
}

impl Writer<'_> {
    fn entry(&mut self, entry: &Entry) -> Value {
        match entry {
            Entry::Task(task) => self.task(task),
            Entry::Block { block, rescue, always, when, around } => {
                let mut map = Map::new();
                let when = self.when(*when);
                if let Some(many) = self.many(around.many) {
                    map.insert("loop".into(), many);
                }
                let known = self.registers.len();
                map.insert("block".into(), self.tasks(block));
                self.count += 1;
                let own = format!("r{}", self.count);
                let until = self.until(around, known, &own);
                if around.tries > 0 {
                    map.insert("retries".into(), json!(1 + around.tries % 2));
                    map.insert("delay".into(), json!(0));
                }
                if let Some(until) = until {
                    map.insert("until".into(), json!(until));
                }
                if around.register {
                    map.insert("register".into(), json!(own));
                }
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
            Entry::End { when } => {
                let mut map = Map::new();
                map.insert("meta".into(), json!("end_host"));
                // One that ends by what it changed goes on in the second run.
                let when = match when {
                    When::Result(..) if self.role.steady => When::Flag(false),
                    when => *when,
                };
                put_when(&mut map, self.when(when));
                Value::Object(map)
            }
        }
    }

    fn many(&self, many: u8) -> Option<Value> {
        let act = || self.registers.iter().rev().find(|(_, holds)| *holds == Holds::Act);
        match many {
            1 => Some(json!(["x", "y"])),
            2 if !self.role.steady => act().map(|(name, _)| {
                json!(format!("{{{{ ({name} | default({{}})).stdout_lines | default([]) }}}}"))
            }),
            _ => None,
        }
    }

    /// On what was registered since `known`, or on what the block itself registers.
    fn until(&self, around: &Around, known: usize, own: &str) -> Option<String> {
        let inner = self.registers[known..].last().map(|(name, _)| name.as_str());
        match (around.tries, inner) {
            (0 | 1, _) => None,
            (2 | 3, Some(name)) => Some(format!("({name} | default({{}})).rc | default(0) == 0")),
            (4, Some(name)) if !self.role.steady => Some(format!("{name} is not changed")),
            (5, _) if !self.role.steady && around.register => Some(format!("{own} is not changed")),
            (6, Some(name)) => Some(format!("{name} is not failed")),
            _ => Some("flag_yes".to_owned()),
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
        let many = self.many(task.many);
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
        let registers = task.register || matches!(task.twist, 4 | 6);
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
            5 if is_resource => {
                map.insert("retries".into(), json!(1));
                map.insert("delay".into(), json!(0));
            }
            6 if matches!(what, What::Act { .. } | What::Ask { .. }) => {
                map.insert("until".into(), json!(format!("{name}.rc == 0")));
                map.insert("retries".into(), json!(2));
                map.insert("delay".into(), json!(0));
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
    pub(super) fn hinging(&self) -> String {
        match self.registers.last() {
            Some((name, _)) => {
                format!("{{{{ ({name} | default({{}})).stdout | default('none') }}}}\n")
            }
            None => "none\n".to_owned(),
        }
    }
}

fn put_when(map: &mut Map<String, Value>, when: Option<String>) {
    if let Some(when) = when {
        map.insert("when".into(), json!(when));
    }
}

//! What each generated task declares, as the resource that it names.

use super::real;
use super::role::{Holds, PATHS, UNITS, What, Writer};
use serde_json::{Value, json};

impl Writer<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of resource")]
    pub(super) fn resource(&self, what: &What, suffix: &str) -> (String, Value) {
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
            What::Along { which } => self.along(*which),
            What::Beyond { which } => real::beyond::task(*which),
        };
        (key.to_owned(), value)
    }

    /// Links and homes, units that start others, numbers, backups, a name that is not known.
    fn along(&self, which: u8) -> (&'static str, Value) {
        let unit = "[Unit]\nRequires=idle.service\nPartOf=base.service\n[Service]\n\
                    StateDirectory=own\nExecStart=/bin/x\n[Install]\nAlso=idle.service\n";
        match which {
            0 => {
                ("file", json!({"path": "/srv/site/current", "src": "releases/1", "state": "link"}))
            }
            1 => ("copy", json!({"dest": "/srv/site/current/app.conf", "content": "a\n"})),
            2 => ("copy", json!({"dest": "/srv/site/releases/1/app.conf", "content": "a\n"})),
            3 => ("file", json!({"path": "/srv/site/releases/1", "state": "directory"})),
            4 => ("copy", json!({"dest": "/var/run/x.conf", "content": "a\n"})),
            5 => ("copy", json!({"dest": "/home/relay/.profile", "content": "a\n"})),
            6 => ("stat", json!({"path": "/home/relay/.profile"})),
            7 => ("copy", json!({"dest": "/etc/systemd/system/own.service", "content": unit})),
            8 => ("service", json!({"name": "own", "state": "started", "enabled": true})),
            9 => ("service", json!({"name": "own", "state": "stopped"})),
            10 => ("copy", json!({"dest": "/etc/systemd/system/many@.service", "content": unit})),
            11 => ("copy", json!({"dest": "/srv/shared/new", "content": "a\n"})),
            12 => ("file", json!({"path": "/srv/olds", "owner": "olduser", "group": "oldgroup"})),
            13 => ("user", json!({"name": "olduser", "uid": 1600})),
            14 => ("group", json!({"name": "oldgroup", "gid": 1600})),
            15 => ("lineinfile", json!({"path": "/etc/shells", "line": "/bin/own"})),
            16 => (
                "file",
                json!({"path": format!("/srv/{}", self.hinging().trim()), "state": "absent"}),
            ),
            17 => ("copy", json!({"dest": "/srv/site/kept", "content": "new\n", "backup": true})),
            18 => ("find", json!({"paths": "/srv/site"})),
            19 => ("service", json!({"name": "serving", "state": "started"})),
            20 => ("wait_for", json!({"path": "/run/serving.ready", "timeout": 0})),
            21 => ("copy", json!({"dest": "/srv/mounted", "content": "a\n"})),
            22 => ("file", json!({"path": "/var/lib/serving", "state": "directory"})),
            23 => ("service", json!({"name": "many@1", "state": "started"})),
            24 => ("service", json!({"name": "once", "state": "restarted"})),
            25 => {
                ("file", json!({"path": "/etc/systemd/system/hidden.service", "state": "absent"}))
            }
            26 => ("user", json!({"name": "other", "uid": 1500, "create_home": false})),
            _ => ("user", json!({"name": "olduser", "state": "absent", "remove": true})),
        }
    }
}

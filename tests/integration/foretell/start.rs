//! The host that a generated role begins with.

use super::role::Start;
use serde_json::{Map, Value, json};

impl Start {
    pub(super) fn write(&self) -> Value {
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

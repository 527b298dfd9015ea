//! The script that makes a real host what `world.yml` or a role's own start describes.

use super::super::case;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// A host that has it may be judged on.
pub(super) const MARK: &str = "/etc/prepared-for-judging";

/// Units, programs and packages, as a real host has them.
const HOST: &str = "tests/integration/foretell/real/host.sh";

/// What every role begins with.
pub(super) fn base() -> String {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join(HOST);
    let host = std::fs::read_to_string(host).unwrap();
    // What the world holds of the program is its name.
    let judge = r#"echo "$judge" | program /usr/bin/judge"#;
    format!("{host}\n{}\n{judge}\ntouch {MARK}\n", described(case::base()))
}

/// The same on a host that keeps the repository of the lab beside it.
pub(super) fn with_packages_of_the_lab() -> String {
    let (before, after) = (
        "for f in /etc/apt/sources.list /etc/pacman.conf; do [ ! -e $f ] || cp $f $f.lab; done",
        "if [ -e /etc/pacman.conf ]; then
    sed -n '/^\\[extra\\]/,$p' /etc/pacman.conf.lab >>/etc/pacman.conf
    pacman -Sy --noconfirm >/dev/null
else
    cat /etc/apt/sources.list.lab >>/etc/apt/sources.list
    apt-get -qq update
fi",
    );
    format!("{before}\n{}\n{after}\n", base())
}

/// What this role's own start adds, and what no reboot keeps.
pub(super) fn of(own: &Value) -> String {
    let mut text = described(own);
    for path in case::base()["mounts"].as_array().into_iter().flatten() {
        let path = quoted(path);
        let _ = writeln!(text, "mount --bind {path} {path}");
    }
    let packages = own["packages"].as_object();
    let names: Vec<String> = packages
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("/opt/own/{name}_{}.*", version.as_str().unwrap()))
        .collect();
    if !names.is_empty() {
        let _ = writeln!(text, "put {}", names.join(" "));
    }
    if own["index"] == Value::Bool(false) {
        text += "rm -rf /var/lib/apt/lists/* /var/lib/pacman/sync\n";
    }
    if !own["interrupted"].is_null() {
        text += "interrupt\n";
    }
    format!("set -eu\n. /opt/own/tools\n{text}")
}

fn quoted(value: &Value) -> String {
    format!("'{}'", value.as_str().unwrap().replace('\'', r"'\''"))
}

/// Files and accounts.
fn described(world: &Value) -> String {
    let mut text = String::new();
    for (index, of) in ["groups", "users"].into_iter().enumerate() {
        for one in world[of].as_array().into_iter().flatten() {
            let name = one["name"].as_str().unwrap();
            let line = if index == 0 {
                format!("has group {name} || groupadd -g {} {name}", one["gid"])
            } else {
                let (uid, home) = (&one["uid"], quoted(&one["home"]));
                let (group, shell) = (quoted(&one["group"]), quoted(&one["shell"]));
                format!(
                    "has passwd {name} || useradd -M -u {uid} -g {group} -d {home} -s {shell} {name}"
                )
            };
            let _ = writeln!(text, "{line}");
        }
    }
    for (path, entry) in world["files"].as_object().into_iter().flatten() {
        let path = quoted(&Value::String(path.clone()));
        if let Some(target) = entry["link"].as_str() {
            let _ = writeln!(text, "link {path} {target}");
        }
        for (kind, mode) in [("file", "0644"), ("directory", "0755")] {
            let Some(one) = entry[kind].as_object() else { continue };
            let word = |key: &str, other: &str| {
                one.get(key).and_then(Value::as_str).unwrap_or(other).to_owned()
            };
            let (mode, owner, group) =
                (word("mode", mode), word("owner", "root"), word("group", "root"));
            let content = quoted(&Value::String(word("content", "")));
            let _ = writeln!(text, "{kind} {path} {mode} {owner}:{group} {content}");
        }
    }
    text
}

//! What a unit takes along when it is started, stopped or enabled, as its files say
//! (systemd.unit(5), systemd.exec(5)).

use super::unit_name;
use crate::value::Mode;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What hangs on a unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitTies {
    /// Units that are started with it.
    pub starts: BTreeSet<String>,
    /// Units with which it is stopped.
    pub stopped_by: BTreeSet<String>,
    /// Units that are stopped with it.
    pub stops: BTreeSet<String>,
    /// Units that are stopped when it starts, and that stop it.
    pub conflicts: BTreeSet<String>,
    /// Units that are enabled with it.
    pub also: BTreeSet<String>,
    /// Folders that are made when it starts, root's and with which mode; `None` where they are
    /// another user's.
    pub folders: BTreeMap<PathBuf, Option<Mode>>,
    /// Those of them that go when it stops.
    pub fleeting: BTreeSet<PathBuf>,
    /// It does its work and ends: never `active` for long.
    pub ends: bool,
    /// Something may start it again once it has stopped: a socket, a timer, a message, another
    /// unit that upholds it.
    pub revived: bool,
    /// It can read its configuration again.
    pub reloads: bool,
}

/// Where the folders of systemd.exec(5) lie.
pub(super) const FOLDERS: [(&str, &str); 5] = [
    ("RuntimeDirectory", "/run"),
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
    ("ConfigurationDirectory", "/etc"),
];

impl UnitTies {
    /// As a unit's file and its drop-ins say, in their order. What is written with a specifier
    /// that hinges on the host is left out.
    #[must_use]
    pub fn read(name: &str, texts: &[String]) -> Self {
        let mut ties = Self::default();
        let mut settings = BTreeMap::new();
        for (key, value) in texts.iter().flat_map(|text| assignments(text)) {
            let value = specified(&value, name);
            if value.is_empty() {
                ties.reset(&key);
            }
            ties.add(&key, &value);
            settings.insert(key, value);
        }
        let get = |key: &str| settings.get(key).map(String::as_str).unwrap_or_default();
        if !matches!(get("DefaultDependencies"), "no" | "false" | "off" | "0") {
            ties.starts.extend(["sysinit.target".to_owned(), "basic.target".to_owned()]);
        }
        ties.settle(get);
        ties.reloads = !get("ExecReload").is_empty() || get("Type") == "notify-reload";
        ties
    }

    /// What single settings make of it; an empty one is as if it were not set.
    pub(super) fn settle<'s>(&mut self, get: impl Fn(&str) -> &'s str) {
        self.ends = get("Type") == "oneshot" && !is_yes(get("RemainAfterExit"));
        let roots = |key: &str| matches!(get(key), "" | "root" | "0");
        let is_roots = roots("User") && roots("Group") && !is_yes(get("DynamicUser"));
        for (name, above) in FOLDERS {
            let said = get(&format!("{name}Mode"));
            let mode = Mode::from_bits(u32::from_str_radix(said, 8).unwrap_or(0o755));
            for (path, made) in &mut self.folders {
                if path.starts_with(above) {
                    *made = is_roots.then_some(mode);
                }
            }
        }
        if matches!(get("RuntimeDirectoryPreserve"), "" | "no") {
            let fleeting = self.folders.keys().filter(|path| path.starts_with("/run"));
            self.fleeting = fleeting.cloned().collect();
        }
    }

    /// Adds what an assignment of a unit file or a property of systemd's says.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let units = || value.split_whitespace().map(unit_name);
        match key {
            "Requires" | "Requisite" | "Wants" | "Upholds" => self.starts.extend(units()),
            "BindsTo" => {
                self.starts.extend(units());
                self.stopped_by.extend(units());
            }
            "PartOf" => self.stopped_by.extend(units()),
            "ConsistsOf" | "BoundBy" | "RequiredBy" => self.stops.extend(units()),
            "Conflicts" | "ConflictedBy" => self.conflicts.extend(units()),
            "Also" => self.also.extend(units()),
            "TriggeredBy" | "UpheldBy" | "BusName" => self.revived |= !value.is_empty(),
            _ => {}
        }
        // A unit that needs another is stopped with it too.
        if key == "Requires" || key == "Requisite" {
            self.stopped_by.extend(units());
        }
        if let Some((_, above)) = FOLDERS.iter().find(|(name, _)| *name == key) {
            let names = value.split_whitespace().filter_map(|name| name.split(':').next());
            let plain = names.filter(|name| !name.contains('%') && !name.is_empty());
            self.folders.extend(plain.map(|name| (Path::new(above).join(name), None)));
        }
    }

    /// An empty value takes back what was said before.
    fn reset(&mut self, key: &str) {
        if let Some((_, above)) = FOLDERS.iter().find(|(name, _)| *name == key) {
            self.folders.retain(|path, _| !path.starts_with(above));
        }
    }
}

fn is_yes(value: &str) -> bool {
    matches!(value, "yes" | "true" | "on" | "1")
}

/// The assignments of a unit file; a line that ends with a backslash goes on in the next.
fn assignments(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let assigning = lines.filter(|line| !line.starts_with(['#', ';', '[']));
    let pairs = assigning.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
}

/// The specifiers that the unit's own name answers.
fn specified(value: &str, name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let all = [("%n", name), ("%N", stem), ("%p", prefix), ("%i", instance)];
    all.iter().fold(value.to_owned(), |text, (mark, word)| text.replace(mark, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(units: &BTreeSet<String>) -> Vec<&str> {
        units.iter().map(String::as_str).filter(|name| !name.ends_with(".target")).collect()
    }

    #[test]
    fn a_unit_file_says_what_it_takes_along() {
        let file = "[Unit]\nRequires=b.service \\\n c.socket\nPartOf=whole\nConflicts=other\n# Wants=x\n\
                    [Service]\nStateDirectory=app app/%i:alias %Z/x\nRuntimeDirectory=app\n\
                    Type=oneshot\n[Install]\nAlso=b.service\n";
        let ties = UnitTies::read("app@one.service", &[file.to_owned()]);
        assert_eq!(names(&ties.starts), ["b.service", "c.socket"]);
        assert_eq!(names(&ties.stopped_by), ["b.service", "c.socket", "whole.service"]);
        assert_eq!(names(&ties.conflicts), ["other.service"]);
        assert_eq!(names(&ties.also), ["b.service"]);
        let paths: Vec<_> = ties.folders.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["/run/app", "/var/lib/app", "/var/lib/app/one"]);
        assert!(ties.folders.values().all(|mode| *mode == Some(Mode::from_bits(0o755))));
        assert!(ties.ends && ties.fleeting.contains(Path::new("/run/app")));
    }

    #[test]
    fn a_drop_in_has_the_last_word() {
        let file = "[Service]\nType=oneshot\nStateDirectory=a\nRuntimeDirectory=a\n".to_owned();
        let more = "[Service]\nRemainAfterExit=yes\nStateDirectory=\nRuntimeDirectoryPreserve=yes\nUser=app\n";
        let ties = UnitTies::read("a.service", &[file, more.to_owned()]);
        assert!(!ties.ends && ties.fleeting.is_empty());
        assert_eq!(ties.folders.into_iter().collect::<Vec<_>>(), [("/run/a".into(), None)]);
    }
}

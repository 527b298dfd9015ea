//! The files that set parameters of the kernel at boot: their lines, and which has the last word
//! (sysctl.d(5)).

use crate::host::{HostError, Stat, View};
use crate::value::{Known, Value};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Where they are. Of two files of one name the one in the earlier folder counts.
const FOLDERS: &[&str] =
    &["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"];

/// The file of old, which some hosts still read last.
pub(super) const OLD: &str = "/etc/sysctl.conf";

/// A parameter's place under /proc/sys: dots and slashes change places unless the first of them
/// is a slash (sysctl(8)). Two names with one place are one parameter.
pub(super) fn place(name: &str) -> String {
    if name.find(['.', '/']).is_some_and(|at| name[at..].starts_with('/')) {
        return name.to_owned();
    }
    let swap = |char| match char {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    name.chars().map(swap).collect()
}

/// The name and value that a line sets; a `-` before the name only says that it may fail.
pub(super) fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    Some((name.strip_prefix('-').unwrap_or(name).trim(), value.trim()))
}

/// The last file after this one, in the order of the boot, that sets the parameter, and to what.
pub(super) fn last_word(
    view: &dyn View,
    path: &Path,
    name: &str,
) -> Result<Option<(PathBuf, String)>, HostError> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in FOLDERS {
        let folder = Path::new(folder);
        if !matches!(view.stat(folder)?, Known::Is(Stat::Directory(_))) {
            continue;
        }
        let Known::Is(names) = view.list(folder)? else { continue };
        for name in names.into_iter().filter(|name| name.ends_with(".conf")) {
            let file = folder.join(&name);
            files.entry(name).or_insert(match view.stat(&file)? {
                Known::Is(Stat::Symlink(target)) => leads_to(folder, &target),
                _ => file,
            });
        }
    }
    let mut order: Vec<(String, PathBuf)> = files.into_iter().collect();
    let facts = view.facts()?;
    let manager = facts.get("ansible_service_mgr").and_then(Value::as_str);
    if manager.is_some_and(|manager| manager != "systemd") {
        // Others read it after all folders (procps).
        order.push((String::new(), PathBuf::from(OLD)));
    }
    let own = order.iter().rposition(|(_, file)| file == path);
    let after = match (own, path.file_name().and_then(|name| name.to_str())) {
        (Some(at), _) => at + 1,
        // It is not there yet.
        (None, Some(own))
            if FOLDERS.iter().any(|folder| path.parent() == Some(folder.as_ref())) =>
        {
            order.iter().take_while(|(name, _)| !name.is_empty() && name.as_str() < own).count()
        }
        _ => return Ok(None),
    };
    for (_, file) in order[after..].iter().rev().filter(|(_, file)| file != path) {
        if !matches!(view.stat(file)?, Known::Is(Stat::File(_))) {
            continue;
        }
        let Known::Is(bytes) = view.read(file)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let value =
            text.lines().rev().filter_map(setting).find(|(other, _)| place(other) == place(name));
        if let Some((_, value)) = value {
            return Ok(Some((file.clone(), value.to_owned())));
        }
    }
    Ok(None)
}

/// Where a link in a folder leads, `..` taken out.
fn leads_to(folder: &Path, target: &Path) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_one_place_are_one_parameter() {
        for name in ["net.ipv4.conf.eth0/1.x", "net/ipv4/conf/eth0.1/x"] {
            assert_eq!(place(name), "net/ipv4/conf/eth0.1/x");
        }
    }

    #[test]
    fn a_line_is_read_as_sysctl_reads_it() {
        assert_eq!(setting(" -a/b =  1 2\r\n"), Some(("a/b", "1 2")));
        assert_eq!((setting("; a = 1"), setting("#a=1"), setting("-a.*")), (None, None, None));
    }
}

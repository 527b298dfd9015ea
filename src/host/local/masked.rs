//! What a mask hides: whether the unit below it is enabled, where its files say so plainly.

use super::super::UNIT_FOLDERS;
use std::path::{Path, PathBuf};

/// Where a mask is, and where links enable a unit for good.
const OWN: &str = "/etc/systemd/system";
/// Where links and files of other kinds are; with one of them it is not plain.
const OTHERS: [&str; 7] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/run/systemd/generator",
    "/run/systemd/generator.late",
    "/run/systemd/system",
];
/// Where packages put units.
const BROUGHT: [&str; 3] =
    ["/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// `UnitFileState` of a unit of a package once its mask in /etc is lifted (systemctl(1),
/// is-enabled); `None` where it takes systemd to say.
pub(super) fn hidden_state(unit: &str) -> Option<String> {
    hidden_in(Path::new("/"), unit)
}

fn hidden_in(root: &Path, unit: &str) -> Option<String> {
    let at = |folder: &str| root.join(folder.trim_start_matches('/'));
    let is_mask = std::fs::read_link(at(OWN).join(unit)).ok()? == Path::new("/dev/null");
    if !is_mask
        || unit.contains('@')
        || OTHERS.iter().any(|folder| is_there(&at(folder).join(unit)))
    {
        return None;
    }
    let file = BROUGHT.iter().map(|folder| at(folder).join(unit)).find(|path| is_there(path))?;
    if !std::fs::symlink_metadata(&file).ok()?.is_file() {
        return None;
    }
    let text = std::fs::read_to_string(&file).ok()?;
    // Links of packages make a unit `static`, those of /run enable it until the next boot.
    let elsewhere = UNIT_FOLDERS.iter().filter(|folder| **folder != OWN);
    if elsewhere.into_iter().any(|folder| !links_to(&at(folder), unit).is_empty()) {
        return None;
    }
    let linked = !links_to(&at(OWN), unit).is_empty();
    let says = |keys: &[&str]| {
        text.lines().any(|line| {
            let key = line.split_once('=').map(|(key, _)| key.trim());
            key.is_some_and(|key| keys.contains(&key))
        })
    };
    let state = match (linked, says(&["WantedBy", "RequiredBy"])) {
        (true, true) => "enabled",
        (false, true) if !says(&["Alias", "UpheldBy"]) => "disabled",
        (false, false) if !text.contains("[Install]") => "static",
        _ => return None,
    };
    Some(state.to_owned())
}

/// The links to a unit in folders of wanted units.
fn links_to(folder: &Path, unit: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let wants = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "wants" || kind == "requires"));
    wants.map(|folder| folder.join(unit)).filter(|link| is_there(link)).collect()
}

fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::hidden_in;
    use std::os::unix::fs::symlink;

    const LIB: &str = "usr/lib/systemd/system";
    const WANTS: &str = "etc/systemd/system/multi-user.target.wants";

    #[test]
    fn what_a_mask_hides_is_told_where_it_is_plain() {
        let wanted = "[Install]\nWantedBy=multi-user.target\n";
        for (text, link, other, state) in [
            (wanted, true, None, Some("enabled")),
            (wanted, false, None, Some("disabled")),
            ("[Service]\n", false, None, Some("static")),
            ("[Service]\n", true, None, None),
            ("[Install]\nAlso=b.service\n", false, None, None),
            ("[Install]\nWantedBy=a.target\nAlias=c.service\n", false, None, None),
            (wanted, false, Some("run/systemd/system/a.target.wants"), None),
            (wanted, false, Some("usr/lib/systemd/system/a.target.wants"), None),
            (wanted, true, Some("run/systemd/generator"), None),
        ] {
            let root = tempfile::tempdir().unwrap();
            let at = |path: &str| root.path().join(path);
            for folder in [LIB, WANTS].into_iter().chain(other) {
                std::fs::create_dir_all(at(folder)).unwrap();
            }
            std::fs::write(at(LIB).join("a.service"), text).unwrap();
            assert_eq!(hidden_in(root.path(), "a.service"), None, "it is not masked");
            symlink("/dev/null", at("etc/systemd/system/a.service")).unwrap();
            for folder in link.then_some(WANTS).into_iter().chain(other) {
                symlink("/x", at(folder).join("a.service")).unwrap();
            }
            let found = hidden_in(root.path(), "a.service");
            assert_eq!(found.as_deref(), state, "{text} {link} {other:?}");
        }
    }
}

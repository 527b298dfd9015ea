//! Unit files of a dry run: a file that is written into one of systemd's folders is a unit.

use super::Overlay;
use super::ties::links_of;
use crate::host::{
    Action, HostError, Stat, Touch, Unit, is_file_of, is_unit_file, unit_name, unit_of_file,
};
use crate::value::{Known, Origin};
use std::path::Path;

/// Where the scripts of SysV are.
const SCRIPTS: &str = "/etc/init.d";
const ENABLED: &str = "/etc/systemd/system";

/// What units are made from (systemd.unit(5), systemd.generator(7)).
const UNIT_SOURCES: &[&str] = &[
    ENABLED,
    "/etc/systemd/system.attached",
    "/etc/systemd/system.control",
    "/run/systemd",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/etc/crypttab",
    "/etc/fstab",
    SCRIPTS,
];

impl Overlay<'_> {
    /// A unit that there was not is there now, and has not been started. One that was there keeps
    /// its state, but a file lifts a mask, and says whether it can be enabled.
    pub(super) fn unit_file_written(&mut self, path: &Path, text: &[u8]) -> Result<(), HostError> {
        self.wanted_unknown(path);
        self.script_unknown(path)?;
        let Some(name) = unit_of_file(path) else { return Ok(()) };
        let installable = String::from_utf8_lossy(text).contains("[Install]");
        match self.virtual_unit(&name)? {
            Known::Is(unit) if !unit.exists => {
                let unit = self.is_wanted(&name)?.map(|wanted| {
                    let enabled = match (wanted, installable) {
                        (true, _) => "enabled",
                        (false, true) => "disabled",
                        (false, false) => "static",
                    };
                    Unit { exists: true, enabled: enabled.to_owned(), ..Unit::default() }
                });
                self.units.insert(name, unit);
            }
            Known::Is(unit) => {
                let other_kind = (unit.enabled == "static") == installable;
                if unit.masked || other_kind {
                    let origin = Origin::new(format!("the unit file {}", path.display()));
                    self.units.insert(name, Known::Unknown(origin));
                }
            }
            Known::Unknown(_) => {}
        }
        Ok(())
    }

    /// Systemd makes a unit from a script of SysV's when it reads its unit files again
    /// (systemd-sysv-generator(8)).
    fn script_unknown(&mut self, path: &Path) -> Result<(), HostError> {
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| path.parent() == Some(Path::new(SCRIPTS))) {
            let unit = format!("{name}.service");
            if !matches!(self.virtual_unit(&unit)?, Known::Is(unit) if unit.active) {
                let origin = Origin::new(format!("the script {}", path.display()));
                self.units.insert(unit, Known::Unknown(origin));
            }
        }
        Ok(())
    }

    /// A link in a folder of wanted units enables one.
    fn wanted_unknown(&mut self, path: &Path) {
        if is_link_of_one(path)
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
        {
            let origin = Origin::new(format!("the link {}", path.display()));
            self.units.insert(unit_name(name), Known::Unknown(origin));
        }
    }

    /// Whether systemd has read what an action leaves of the unit files hinges on them: it goes by
    /// their times. Modes and owners are none of it.
    pub(super) fn note_unit_files(&mut self, action: &Action) -> Result<(), HostError> {
        let origin = Origin::new(format!("the change of {}", action.target()));
        if let Action::WriteFile { path, .. } | Action::Symlink { path, .. } = action
            && let path = self.place(path)?
            && (is_unit_file(&path) || is_link_of_one(&path))
        {
            // By its links a unit is enabled, and none is another one.
            if is_link_of_one(&path) {
                return Ok(());
            }
            let is_first = |unit: &String| !self.unread.keys().any(|other| is_file_of(other, unit));
            let is_new = match unit_of_file(&path).filter(is_first) {
                Some(unit) => matches!(self.virtual_unit(&unit)?, Known::Is(unit) if !unit.exists),
                None => false,
            };
            self.unread.insert(path, (!is_new).then_some(origin));
            return Ok(());
        }
        for touch in action.touches() {
            match touch {
                Touch::Path(path) => self.note_unit_path(path, &origin),
                Touch::Tree(path) => self.note_unit_path(&path, &origin),
                Touch::UnitFiles => self.stale_units = Some(Known::Unknown(origin.clone())),
                Touch::Attributes(_)
                | Touch::User(_)
                | Touch::Group(_)
                | Touch::UserNumber(_)
                | Touch::GroupNumber(_)
                | Touch::Unit(_)
                | Touch::Packages(_)
                | Touch::PackageDatabase
                | Touch::Network
                | Touch::Everything => {}
            }
        }
        Ok(())
    }

    /// Whether systemd must read a unit's files again.
    pub(super) fn must_be_read(&self, unit: &str) -> Result<Known<bool>, HostError> {
        if let Some(Known::Unknown(origin)) = &self.stale_units {
            return Ok(Known::Unknown(origin.clone()));
        }
        let name = unit_name(unit);
        let written: Vec<_> =
            self.unread.iter().filter(|(path, _)| is_file_of(path, &name)).collect();
        if let Some(origin) = written.iter().find_map(|(_, why)| why.as_ref()) {
            return Ok(Known::Unknown(origin.clone()));
        }
        match &self.stale_units {
            _ if !written.is_empty() => Ok(Known::Is(false)),
            Some(known) => Ok(known.clone()),
            None => self.inner.needs_daemon_reload(unit),
        }
    }

    pub(super) fn note_unit_path(&mut self, path: &Path, origin: &Origin) {
        let makes = |source: &str| path.starts_with(source) || Path::new(source).starts_with(path);
        if UNIT_SOURCES.iter().any(|source| makes(source)) {
            self.stale_units = Some(Known::Unknown(origin.clone()));
        }
    }

    /// It may be another one, or none. One that is there keeps its state when its file is only
    /// written anew.
    pub(super) fn unit_file_unknown(
        &mut self,
        path: &Path,
        may_go: bool,
        origin: &Origin,
    ) -> Result<(), HostError> {
        self.wanted_unknown(path);
        self.script_unknown(path)?;
        if let Some(name) = unit_of_file(path)
            && let Known::Is(unit) = self.virtual_unit(&name)?
            && (unit.exists == may_go || unit.masked)
        {
            self.units.insert(name, Known::Unknown(origin.clone()));
        }
        Ok(())
    }

    /// A link that enables it can be there before the unit is (systemctl(1), enable).
    pub(super) fn is_wanted(&self, name: &str) -> Result<Known<bool>, HostError> {
        if self.linked.contains(name) {
            return Ok(Known::Unknown(links_of(name)));
        }
        let root = Path::new(ENABLED);
        // Links of other units are none of this one's.
        let folders = match self.virtual_stat(root)? {
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            Known::Is(Stat::Directory(_)) => match self.list_without_links(root)? {
                Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                Known::Is(names) => names,
            },
            Known::Is(_) => return Ok(Known::Is(false)),
        };
        for folder in folders {
            if folder.ends_with(".wants") || folder.ends_with(".requires") {
                match self.virtual_stat(&root.join(folder).join(name))? {
                    Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
                    Known::Is(Stat::Absent) => {}
                    Known::Is(_) => return Ok(Known::Is(true)),
                }
            }
        }
        Ok(Known::Is(false))
    }
}

/// Whether a path is in a folder of wanted units.
fn is_link_of_one(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::extension);
    folder.is_some_and(|kind| kind == "wants" || kind == "requires")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::in_memory::InMemory;
    use crate::host::{Action, Attributes, Content, Host, View};
    use std::collections::HashSet;

    fn host() -> InMemory {
        let link = |target: &str| serde_json::json!({ "link": target });
        let wants = "/etc/systemd/system/multi-user.target.wants";
        let files = serde_json::json!({
            "/etc/systemd/system": { "directory": {} },
            wants: { "directory": {} },
            format!("{wants}/wanted.service"): link("/etc/systemd/system/wanted.service"),
        });
        InMemory::new(serde_json::from_value(serde_json::json!({ "files": files })).unwrap())
    }

    fn write(name: &str, text: &str) -> Action {
        Action::WriteFile {
            path: Path::new(ENABLED).join(name),
            content: Content { bytes: text.into(), secret: false },
            attributes: Attributes::default(),
            backup: false,
            validate: None,
            before: Known::Unknown(Origin::new("a test")),
        }
    }

    #[test]
    fn a_written_unit_file_makes_a_unit() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        for (file, text, unit, enabled) in [
            ("own.service", "[Install]\n", "own", "disabled"),
            ("fixed.timer", "[Timer]\n", "fixed.timer", "static"),
            ("wanted.service", "[Install]\n", "wanted.service", "enabled"),
        ] {
            overlay.perform(&write(file, text)).unwrap();
            let Known::Is(found) = overlay.unit(unit).unwrap() else { panic!("{unit}") };
            assert!(found.exists && !found.active && found.enabled == enabled, "{found:?}");
        }
        overlay.perform(&write("many@.service", "")).unwrap();
        assert_eq!(overlay.unit("many@.service").unwrap(), Known::Is(Unit::default()));
    }

    #[test]
    fn one_that_may_have_been_written_or_was_removed_is_unknown() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let origin = Origin::new("a test");
        overlay.might(&write("own.service", ""), &origin).unwrap();
        assert_eq!(overlay.unit("own").unwrap(), Known::Unknown(origin));
        overlay.perform(&write("other.service", "")).unwrap();
        let path = Path::new(ENABLED).join("other.service");
        let before = Known::Unknown(Origin::new("a test"));
        overlay.perform(&Action::Remove { path, before }).unwrap();
        assert!(matches!(overlay.unit("other").unwrap(), Known::Unknown(_)));
    }

    #[test]
    fn another_unit_that_was_enabled_or_disabled_says_nothing_of_a_written_one() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        overlay.perform(&write("other.service", "[Install]\n")).unwrap();
        let (unit, before) = ("other.service".to_owned(), overlay.unit("other").unwrap());
        let change = crate::host::ServiceChange::Enable;
        overlay.perform(&Action::Service { unit, change, before }).unwrap();
        overlay.perform(&write("own.service", "[Install]\n")).unwrap();
        assert!(matches!(overlay.unit("own").unwrap(), Known::Is(unit) if !unit.active));
        let folder = Path::new(ENABLED).join("multi-user.target.wants");
        assert!(matches!(overlay.list(&folder).unwrap(), Known::Unknown(_)));
    }

    #[test]
    fn a_script_of_sysv_may_be_a_unit() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let before = Known::Unknown(Origin::new("a test"));
        let path = Path::new(SCRIPTS).into();
        let attributes = Attributes::default();
        overlay.perform(&Action::MakeDirectory { path, attributes, before }).unwrap();
        assert_eq!(overlay.unit("old").unwrap(), Known::Is(Unit::default()));
        let mut action = write("old", "#!/bin/sh\n");
        let Action::WriteFile { path, .. } = &mut action else { panic!("{action:?}") };
        *path = Path::new(SCRIPTS).join("old");
        overlay.perform(&action).unwrap();
        assert!(matches!(overlay.unit("old").unwrap(), Known::Unknown(_)));
    }

    #[test]
    fn a_new_units_only_file_is_read_when_systemd_comes_to_it() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        overlay.perform(&write("own.service", "")).unwrap();
        let needs = |overlay: &Overlay<'_>, unit| overlay.needs_daemon_reload(unit).unwrap();
        assert_eq!(needs(&overlay, "own"), Known::Is(false));
        assert_eq!(needs(&overlay, "ssh"), Known::Is(false));
        overlay.perform(&write("own.service", "[Install]\n")).unwrap();
        assert!(matches!(needs(&overlay, "own"), Known::Unknown(_)), "it may have been read");
        assert_eq!(needs(&overlay, "ssh"), Known::Is(false));
        overlay.perform(&Action::DaemonReload).unwrap();
        assert_eq!(needs(&overlay, "own"), Known::Is(false));
        overlay.perform(&write("many@.service", "")).unwrap();
        assert!(matches!(needs(&overlay, "many@one"), Known::Unknown(_)));
    }

    #[test]
    fn systemd_must_read_again_only_what_makes_units() {
        let memory = host();
        let origin = Origin::new("a test");
        for (path, may) in [
            ("/etc/motd", false),
            ("/etc/systemd/journald.conf", false),
            ("/etc/systemd/system/own.service", true),
            ("/etc/systemd/system/ssh.service.d/10-own.conf", true),
            ("/etc/systemd", true),
            ("/usr/lib/systemd/system/ssh.service", true),
            ("/run/systemd/system/own.service", true),
            ("/etc/fstab", true),
            ("/etc/init.d/own", true),
        ] {
            let before = Known::Unknown(origin.clone());
            let removal = Action::Remove { path: path.into(), before };
            let mut overlay = Overlay::new(&memory, HashSet::new());
            overlay.perform(&removal).unwrap();
            let needs = |overlay: &Overlay<'_>| overlay.needs_daemon_reload("ssh").unwrap();
            assert_eq!(needs(&overlay) != Known::Is(false), may, "{path}");
            overlay.perform(&Action::DaemonReload).unwrap();
            assert_eq!(needs(&overlay), Known::Is(false), "{path}");
            overlay.might(&removal, &origin).unwrap();
            assert_eq!(needs(&overlay) != Known::Is(false), may, "{path}");
            let mut overlay = Overlay::new(&memory, HashSet::new());
            overlay.unsettle(&[path.to_owned()], &origin);
            assert_eq!(needs(&overlay) != Known::Is(false), may, "{path}");
        }
    }
}

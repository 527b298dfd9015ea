//! The files of accounts, written as any file is: whose entry is another one then.

use super::Overlay;
use super::numbers::Owners;
use crate::host::{Group, HostError, Stat, User};
use crate::value::{Known, Origin};
use std::collections::BTreeMap;
use std::path::Path;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// The entries of a file, by name.
type Entries<'t> = BTreeMap<&'t str, Vec<&'t str>>;

impl Overlay<'_> {
    /// A file is about to be written. Of one that accounts are read from, the entries that stay say
    /// what they said; what cannot be told of the others makes any account unknown.
    pub(super) fn note_written_accounts(
        &mut self,
        path: &Path,
        bytes: &[u8],
        origin: &Origin,
    ) -> Result<(), HostError> {
        let told = match path.to_str() {
            Some(PASSWD) => self.passwd_written(bytes, origin)?,
            Some(GROUP) => self.groups_written(bytes)?,
            _ => false,
        };
        if !told {
            self.note_account_file(path, origin);
        }
        Ok(())
    }

    fn known_content(&self, path: &str) -> Result<Option<Vec<u8>>, HostError> {
        let path = Path::new(path);
        if !matches!(self.virtual_stat(path)?, Known::Is(Stat::File(_))) {
            return Ok(None);
        }
        let content = self.virtual_read(path)?;
        Ok(if let Known::Is(bytes) = content { Some(bytes) } else { None })
    }

    /// The same users with another comment, home or shell.
    fn passwd_written(&mut self, bytes: &[u8], origin: &Origin) -> Result<bool, HostError> {
        let Some(old) = self.known_content(PASSWD)? else { return Ok(false) };
        let (Some(before), Some(after)) = (entries(&old, 7), entries(bytes, 7)) else {
            return Ok(false);
        };
        if !before.keys().eq(after.keys()) {
            return Ok(false);
        }
        let changed: Vec<_> =
            after.iter().filter(|(name, entry)| before.get(*name) != Some(entry)).collect();
        // A number or a group is more than an entry of one's own.
        if changed.iter().any(|(name, entry)| before[*name][..4] != entry[..4]) {
            return Ok(false);
        }
        for (name, entry) in changed {
            let now = match self.virtual_user(name)? {
                Known::Is(Some(user))
                    if [&*user.comment, &*user.home, &*user.shell] == before[name][4..] =>
                {
                    let [comment, home, shell] = [4, 5, 6].map(|at| entry[at].to_owned());
                    Known::Is(Some(User { comment, home, shell, ..user }))
                }
                _ => Known::Unknown(origin.clone()),
            };
            self.users.insert((*name).to_owned(), now);
        }
        Ok(true)
    }

    /// The same groups, and new ones that nobody is in.
    fn groups_written(&mut self, bytes: &[u8]) -> Result<bool, HostError> {
        let Some(old) = self.known_content(GROUP)? else { return Ok(false) };
        let (Some(before), Some(after)) = (entries(&old, 4), entries(bytes, 4)) else {
            return Ok(false);
        };
        if before.iter().any(|(name, entry)| after.get(name) != Some(entry)) {
            return Ok(false);
        }
        let mut new = Vec::new();
        for (name, entry) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let taken = after.values().filter(|other| other[2] == entry[2]).count() > 1;
            let Some(gid) = entry[2].parse().ok().filter(|_| entry[3].is_empty() && !taken) else {
                return Ok(false);
            };
            if self.virtual_group(name)? != Known::Is(None) {
                return Ok(false);
            }
            new.push(Group { name: (*name).to_owned(), gid });
        }
        for group in new {
            let (name, gid) = (group.name.clone(), group.gid);
            self.sure_groups.insert(name.clone());
            self.groups.insert(name.clone(), Known::Is(Some(group)));
            self.set_number(Owners::Groups, &name, Known::Is(Some(gid)), None)?;
        }
        Ok(true)
    }
}

/// The entries of a file whose lines have so many fields; `None` if it has others too, or two of one
/// name.
fn entries(bytes: &[u8], fields: usize) -> Option<Entries<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut all = Entries::new();
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let entry: Vec<&str> = line.split(':').collect();
        let name = *entry.first()?;
        // `+` and `-` ask other sources.
        let plain = !name.is_empty() && !name.starts_with(['+', '-', '#', ' ', '\t']);
        if entry.len() != fields || !plain || line.contains('\r') {
            return None;
        }
        if all.insert(name, entry).is_some() {
            return None;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use crate::host::in_memory::InMemory;
    use crate::host::overlay::Overlay;
    use crate::host::{Action, Attributes, Content, Group, Host, View};
    use crate::value::{Known, Origin};
    use std::collections::HashSet;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:100:100::/home/ann:/bin/sh\n";
    const GROUPS: &str = "root:x:0:\nann:x:100:\n";

    fn host() -> InMemory {
        let user = |name: &str, uid: u32, comment: &str, home: &str| {
            serde_json::json!({"name": name, "uid": uid, "group": name, "comment": comment,
                               "home": home, "shell": "/bin/sh"})
        };
        let world = serde_json::json!({
            "files": {
                "/etc": {"directory": {}},
                "/etc/passwd": {"file": {"content": USERS}},
                "/etc/group": {"file": {"content": GROUPS}},
            },
            "users": [user("root", 0, "root", "/root"), user("ann", 100, "", "/home/ann")],
            "groups": [{"name": "root", "gid": 0}, {"name": "ann", "gid": 100}],
        });
        InMemory::new(serde_json::from_value(world).unwrap())
    }

    fn write(overlay: &mut Overlay<'_>, path: &str, text: &str) {
        let action = Action::WriteFile {
            path: path.into(),
            content: Content { bytes: text.into(), secret: false },
            attributes: Attributes::default(),
            backup: false,
            validate: None,
            before: Known::Unknown(Origin::new("a test")),
        };
        overlay.perform(&action).unwrap();
    }

    #[test]
    fn a_home_that_is_edited_is_the_users() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        let other = overlay.user("root").unwrap();
        write(&mut overlay, "/etc/passwd", &USERS.replace("/home/ann", "/srv/ann"));
        let Known::Is(Some(ann)) = overlay.user("ann").unwrap() else { panic!("not known") };
        assert_eq!((&*ann.home, ann.uid, &*ann.shell), ("/srv/ann", 100, "/bin/sh"));
        assert_eq!(overlay.user("root").unwrap(), other);
        assert_eq!(overlay.user("bob").unwrap(), Known::Is(None));
    }

    #[test]
    fn a_new_group_that_nobody_is_in_is_there() {
        let memory = host();
        let mut overlay = Overlay::new(&memory, HashSet::new());
        write(&mut overlay, "/etc/group", &format!("{GROUPS}new:x:800:\n"));
        let group = Group { name: "new".into(), gid: 800 };
        assert_eq!(overlay.group("new").unwrap(), Known::Is(Some(group)));
        assert_eq!(overlay.group("other").unwrap(), Known::Is(None));
        assert!(matches!(overlay.user("ann").unwrap(), Known::Is(Some(_))));
    }

    #[test]
    fn what_cannot_be_told_makes_all_unknown() {
        for (path, text) in [
            ("/etc/passwd", USERS.replace("100:100", "101:100")),
            ("/etc/passwd", USERS.replace("100:100", "100:101")),
            ("/etc/passwd", format!("{USERS}bob:x:101:101::/home/bob:/bin/sh\n")),
            ("/etc/passwd", format!("{USERS}+::::::\n")),
            ("/etc/passwd", format!("{USERS}a line\n")),
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n".to_owned()),
            ("/etc/group", format!("{GROUPS}new:x:100:\n")),
            ("/etc/group", format!("{GROUPS}new:x:800:ann\n")),
            ("/etc/group", GROUPS.replace("100", "101")),
            ("/etc/shadow", "ann:!::::::\n".to_owned()),
        ] {
            let memory = host();
            let mut overlay = Overlay::new(&memory, HashSet::new());
            write(&mut overlay, path, &text);
            assert!(matches!(overlay.user("ann").unwrap(), Known::Unknown(_)), "{path} {text}");
        }
    }
}

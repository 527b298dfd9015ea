//! What comes and goes with an account besides its entry: a home with what the skeleton has, and
//! the account files themselves (useradd(8), login.defs(5)).

use super::Overlay;
use super::entry::{Below, Virtual};
use crate::host::{HostError, Stat, StatAttributes, UserEntry};
use crate::value::{Known, Mode, Origin};
use std::path::{Path, PathBuf};

/// Rewritten with every change of an account.
const ACCOUNT_FILES: [&str; 6] =
    ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid"];
const LOGIN_DEFS: &str = "/etc/login.defs";
const DEFAULTS: &str = "/etc/default/useradd";

impl Overlay<'_> {
    /// Where a new user's home is.
    pub(super) fn home_of(
        &self,
        name: &str,
        entry: &UserEntry,
    ) -> Result<Known<PathBuf>, HostError> {
        if let Some(home) = &entry.home {
            return Ok(Known::Is(PathBuf::from(home)));
        }
        let above = self.setting(DEFAULTS, "HOME")?;
        Ok(above.map(|above| Path::new(above.as_deref().unwrap_or("/home")).join(name)))
    }

    /// Whether a user gets a group of its own name.
    pub(super) fn has_private_groups(&self) -> Result<Known<bool>, HostError> {
        Ok(self
            .setting(LOGIN_DEFS, "USERGROUPS_ENAB")?
            .map(|word| word.is_none_or(|word| word == "yes")))
    }

    /// A new user's home is made where nothing is there; else it stays as it is.
    pub(super) fn make_home(
        &mut self,
        name: &str,
        entry: &UserEntry,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let Known::Is(home) = self.home_of(name, entry)? else {
            self.put_unknown(&Path::new("/home").join(name), origin);
            return Ok(());
        };
        let home = self.place(&home)?;
        match self.stat_at(&home)? {
            Known::Is(Stat::Absent) => {}
            Known::Is(_) => return Ok(()),
            Known::Unknown(why) => {
                self.put_folder(&home, Known::Unknown(why));
                return Ok(());
            }
        }
        let mut above: Vec<&Path> = home.ancestors().skip(1).collect();
        above.reverse();
        for folder in above {
            if self.stat_at(folder)? == Known::Is(Stat::Absent) {
                let (owner, group) = ("root".to_owned(), "root".to_owned());
                let all = StatAttributes { mode: Mode::from_bits(0o755), owner, group };
                self.put_new(folder, Known::Is(Stat::Directory(all)), Known::Is(Vec::new()));
            }
        }
        let group = match &entry.group {
            Some(group) => Known::Is(group.clone()),
            None => match self.has_private_groups()? {
                Known::Is(true) => Known::Is(name.to_owned()),
                Known::Is(false) => Known::Unknown(origin.clone()),
                Known::Unknown(why) => Known::Unknown(why),
            },
        };
        let owner = Owned { owner: name.to_owned(), group };
        let stat = match self.home_mode()? {
            Known::Is(mode) => owner.of(mode).map(Stat::Directory),
            Known::Unknown(why) => Known::Unknown(why),
        };
        self.put_new(&home, stat, Known::Is(Vec::new()));
        if let Some(entry) = self.files.get_mut(&home) {
            entry.is_directory = true;
        }
        match self.setting(DEFAULTS, "SKEL")? {
            Known::Is(skeleton) => {
                let skeleton = PathBuf::from(skeleton.as_deref().unwrap_or("/etc/skel"));
                self.copy_skeleton(&skeleton, &home, &owner)?;
            }
            Known::Unknown(why) => self.below_unknown(&home, &why),
        }
        Ok(())
    }

    fn copy_skeleton(&mut self, from: &Path, to: &Path, owner: &Owned) -> Result<(), HostError> {
        let names = match self.virtual_stat(from)? {
            Known::Is(Stat::Directory(_)) => self.virtual_list(from)?,
            Known::Is(_) => return Ok(()),
            Known::Unknown(origin) => Known::Unknown(origin),
        };
        let names = match names {
            Known::Is(names) => names,
            Known::Unknown(origin) => {
                self.below_unknown(to, &origin);
                return Ok(());
            }
        };
        for name in names {
            let (from, to) = (from.join(&name), to.join(&name));
            match self.virtual_stat(&from)? {
                Known::Is(Stat::File(all)) => {
                    let content = self.virtual_read(&from)?;
                    self.put_new(&to, owner.of(all.mode).map(Stat::File), content);
                }
                Known::Is(Stat::Directory(all)) => {
                    let stat = owner.of(all.mode).map(Stat::Directory);
                    self.put_new(&to, stat, Known::Is(Vec::new()));
                    self.copy_skeleton(&from, &to, owner)?;
                }
                Known::Is(Stat::Symlink(target)) => {
                    self.put_new(&to, Known::Is(Stat::Symlink(target)), Known::Is(Vec::new()));
                }
                Known::Is(Stat::Absent) => {}
                Known::Is(Stat::Other(what)) => {
                    self.put_unknown(&to, &Origin::new(format!("a {what} in the skeleton")));
                }
                Known::Unknown(origin) => self.put_unknown(&to, &origin),
            }
        }
        Ok(())
    }

    fn put_new(&mut self, path: &Path, stat: Known<Stat>, content: Known<Vec<u8>>) {
        let is_directory = matches!(stat, Known::Is(Stat::Directory(_)));
        self.put(path, Virtual { stat, content, below: Below::Nothing, is_directory });
    }

    fn below_unknown(&mut self, path: &Path, origin: &Origin) {
        if let Some(entry) = self.files.get_mut(path) {
            entry.below = Below::Unknown(origin.clone());
        }
    }

    /// The mode of a new home: `HOME_MODE`, else what `UMASK` leaves.
    fn home_mode(&self) -> Result<Known<Mode>, HostError> {
        let octal = |text: Option<String>| {
            text.and_then(|text| u32::from_str_radix(text.trim_start_matches("0o"), 8).ok())
        };
        let mode = match self.setting(LOGIN_DEFS, "HOME_MODE")?.map(octal) {
            Known::Is(Some(mode)) => return Ok(Known::Is(Mode::from_bits(mode))),
            Known::Is(None) => self.setting(LOGIN_DEFS, "UMASK")?.map(octal),
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
        };
        Ok(mode.map(|umask| Mode::from_bits(0o777 & !umask.unwrap_or(0o022))))
    }

    /// A value in a file of `KEY VALUE` or `KEY=VALUE` lines; `None` where it is not set.
    fn setting(&self, file: &str, key: &str) -> Result<Known<Option<String>>, HostError> {
        let path = Path::new(file);
        let content = match self.virtual_stat(path)? {
            Known::Is(Stat::File(_)) => self.virtual_read(path)?,
            Known::Is(_) => return Ok(Known::Is(None)),
            // Packages keep what is there under /etc.
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
        };
        Ok(content.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
            let mut values = lines.filter_map(|line| {
                let rest = line.strip_prefix(key)?;
                let value = rest.strip_prefix(['=', ' ', '\t'])?.trim();
                Some(value.trim_matches('"').to_owned())
            });
            values.next_back()
        }))
    }

    /// The account files are written anew.
    pub(super) fn account_files_change(&mut self, origin: &Origin) -> Result<(), HostError> {
        for file in ACCOUNT_FILES {
            self.content_changes(Path::new(file), origin)?;
            self.content_changes(Path::new(&format!("{file}-")), origin)?;
        }
        Ok(())
    }

    /// A file stays, with another content; one that is not there may come.
    pub(super) fn content_changes(
        &mut self,
        path: &Path,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        match self.stat_at(&place)? {
            Known::Is(stat @ Stat::File(_)) => {
                self.put_new(&place, Known::Is(stat), Known::Unknown(origin.clone()));
            }
            _ => self.put_unknown(&place, origin),
        }
        Ok(())
    }
}

/// Who owns what comes.
struct Owned {
    owner: String,
    group: Known<String>,
}

impl Owned {
    fn of(&self, mode: Mode) -> Known<StatAttributes> {
        let owner = self.owner.clone();
        self.group.clone().map(|group| StatAttributes { mode, owner, group })
    }
}

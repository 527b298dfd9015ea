//! `user`: a user of the host's own.

use super::group::{State, account_name, doubt};
use crate::host::{self, Action, HostError, Stat, UserEntry, View};
use crate::resource::on_disk::{OnDisk, absolute};
use crate::resource::parameter::{List, yes};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Secret, crypt};
use serde::Deserialize;
use std::path::Path;

/// A user in /etc/passwd and /etc/shadow. What is not given stays as it is, or as the host makes
/// it.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// Login name.
    #[serde(alias = "user")]
    #[schemars(extend("aliases" = ["user"]))]
    name: String,
    /// Whether there shall be one.
    #[serde(default)]
    state: State,
    /// Number.
    uid: Option<u32>,
    /// Primary group; it must exist.
    group: Option<String>,
    /// Further groups: exactly these, or with `append` at least these.
    groups: Option<List>,
    /// Keep membership in groups that are not named.
    #[serde(default)]
    append: bool,
    /// Who or what it is.
    comment: Option<String>,
    /// Home directory.
    home: Option<String>,
    /// Login shell.
    shell: Option<String>,
    /// The password itself, or a hash as crypt(5) has it. A password is compared with the stored
    /// hash, and salted freshly only where it is not that one. `!` or `*` lets nobody in by
    /// password; `!` before a hash keeps it, locked.
    #[schemars(with = "Option<String>")]
    password: Option<Secret<String>>,
    /// Whether the password of an existing user is declared too.
    #[serde(default)]
    update_password: UpdatePassword,
    /// Make the home directory of a new user.
    #[serde(default = "yes", alias = "createhome")]
    #[schemars(extend("aliases" = ["createhome"]))]
    create_home: bool,
    /// A number from the range of system users, where the host chooses it.
    #[serde(default)]
    system: bool,
    /// With `state: absent`, remove the home directory too.
    #[serde(default)]
    remove: bool,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum UpdatePassword {
    /// Yes.
    #[default]
    Always,
    /// Only a new user's.
    OnCreate,
}

/// The user, and the home directory and mail that go with it.
#[derive(Debug)]
pub(super) struct Found {
    user: Known<Option<host::User>>,
    goes: Vec<OnDisk>,
    /// A process of the user's.
    process: Option<u32>,
}

impl Resource for User {
    const NAME: &'static str = "user";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const ON_COMMAND_LINE: &'static [&'static str] =
        &["name", "comment", "group", "groups", "home", "shell"];
    const RESULT: &'static [&'static str] = &["name"];
    const EXAMPLE: &'static str = r#"- name: account under which a host relays its mail
  user:
    name: relay-web01
    comment: SMTP relay account for web01
    system: true
    shell: /usr/sbin/nologin
    create_home: false
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        account_name("name", &self.name)?;
        for group in self.groups.iter().flat_map(|groups| &groups.0) {
            account_name("groups", group)?;
        }
        if let Some(group) = &self.group {
            account_name("group", group)?;
        }
        if let Some(home) = &self.home {
            absolute("home", Path::new(home))?;
        }
        for (parameter, text) in [("comment", &self.comment), ("shell", &self.shell)] {
            if text.as_ref().is_some_and(|text| text.contains([':', '\n'])) {
                return Err(Diagnostic::new(format!(
                    "`{parameter}` has a colon or a line break, which /etc/passwd cannot hold"
                )));
            }
        }
        if self.append && self.groups.is_none() {
            return Err(Diagnostic::new("`append` goes with `groups`"));
        }
        if self.remove && self.state == State::Present {
            return Err(Diagnostic::new("`remove` goes with `state: absent`"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let user = view.user(&self.name)?;
        let mut goes = Vec::new();
        if let Known::Is(Some(user)) = &user
            && self.remove
        {
            for path in [Path::new(&user.home), &Path::new(MAIL).join(&self.name)] {
                let found = OnDisk::look(view, path, &host::Attributes::default())?;
                if found.stat != Known::Is(Stat::Absent) {
                    goes.push(found);
                }
            }
        }
        let process = match &user {
            Known::Is(Some(_)) => view.process_of(&self.name)?,
            _ => None,
        };
        Ok(Found { user, goes, process })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared().with("name", self.name.as_str());
        let entry = match (self.state, &found.user) {
            (State::Absent, Known::Is(None)) => return Ok(planned),
            (State::Absent, _) => None,
            (State::Present, Known::Is(Some(user))) => match self.differing(user) {
                None => return Ok(planned),
                differing => differing,
            },
            (State::Present, _) => Some(self.entry()),
        };
        self.is_idle(found, entry.as_ref())?;
        // While there still is a user whose they are: afterwards they are a number's.
        let mut planned = planned;
        for gone in &found.goes {
            self.is_own(gone)?;
            let action = Action::Remove { path: gone.path.clone(), before: gone.before() };
            planned = planned.step(action, gone.doubt());
        }
        if let (true, Known::Unknown(origin)) = (self.remove, &found.user) {
            planned = planned.open("remove", format!("/home/{}", self.name), origin.clone());
        }
        let action = Action::User { name: self.name.clone(), entry, before: found.user.clone() };
        Ok(planned.step(action, doubt(&found.user)))
    }
}

/// Where a user's mail lies.
const MAIL: &str = "/var/mail";

impl User {
    /// Neither a user nor its number or home can change while it is at work (usermod(8)).
    fn is_idle(&self, found: &Found, entry: Option<&UserEntry>) -> Result<(), Diagnostic> {
        let minds = entry.is_none_or(|entry| entry.uid.is_some() || entry.home.is_some());
        match found.process.filter(|_| minds) {
            None => Ok(()),
            Some(process) => Err(Diagnostic::new(format!(
                "user `{}` is at work: process {process} is his",
                self.name
            ))
            .help("stop what runs as this user before this task")),
        }
    }

    /// A folder that is not the user's own stays (userdel(8)): it may be a system's.
    fn is_own(&self, gone: &OnDisk) -> Result<(), Diagnostic> {
        let owner = match &gone.stat {
            Known::Is(Stat::Directory(all) | Stat::File(all)) => &all.owner,
            _ => return Ok(()),
        };
        if *owner == self.name {
            return Ok(());
        }
        let path = gone.path.display();
        Err(Diagnostic::new(format!(
            "{path} is not removed with `{}`: it belongs to {owner}",
            self.name
        ))
        .help("leave `remove` out, and remove it by itself if it is not needed"))
    }

    /// The entry of a user that is not there.
    fn entry(&self) -> UserEntry {
        UserEntry {
            uid: self.uid,
            group: self.group.clone(),
            groups: self.groups.clone().map(|groups| sorted(groups.0)),
            comment: self.comment.clone(),
            home: self.home.clone(),
            shell: self.shell.clone(),
            password: self.password.clone(),
            create_home: self.create_home,
            system: self.system,
        }
    }

    /// What differs from an entry that is there.
    fn differing(&self, user: &host::User) -> Option<UserEntry> {
        let other = |wanted: &Option<String>, found: &String| {
            wanted.clone().filter(|wanted| wanted != found)
        };
        let groups = self.groups.as_ref().map(|groups| {
            let mut wanted = groups.0.clone();
            if self.append {
                wanted.extend(user.groups.iter().cloned());
            }
            sorted(wanted)
        });
        let differing = UserEntry {
            uid: self.uid.filter(|uid| *uid != user.uid),
            group: other(&self.group, &user.group),
            groups: groups.filter(|groups| *groups != sorted(user.groups.clone())),
            comment: other(&self.comment, &user.comment),
            home: other(&self.home, &user.home),
            shell: other(&self.shell, &user.shell),
            password: self.password.clone().filter(|password| {
                self.update_password == UpdatePassword::Always
                    && !is_stored(password.expose(), user.password_hash.as_ref())
            }),
            create_home: false,
            system: false,
        };
        (differing != UserEntry::default()).then_some(differing)
    }
}

fn is_stored(password: &str, stored: Option<&Secret<String>>) -> bool {
    let stored = stored.map(|stored| stored.expose().as_str());
    if crypt::is_bare_lock(password) {
        return stored.is_none_or(crypt::is_lock);
    }
    stored.is_some_and(|stored| match crypt::is_verbatim(password) {
        true => stored == password,
        false => crypt::verify(password, stored),
    })
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

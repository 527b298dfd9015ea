//! `authorized_key`: who may log in as a user over ssh.

use super::group::{State, account_name};
use crate::host::{self, Action, Attributes, HostError, Stat, View};
use crate::resource::key_line::{blob, kind, split};
use crate::resource::on_disk::{OnDisk, absolute};
use crate::resource::parameter::yes;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Mode};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Keys with which one may log in as a user over ssh (sshd(8), AUTHORIZED_KEYS).
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorizedKey {
    /// The user.
    user: String,
    /// The keys as they stand in a `.pub` file, one on each line.
    key: String,
    /// Whether they may.
    #[serde(default)]
    state: State,
    /// No other keys may: what is not named here goes.
    #[serde(default)]
    exclusive: bool,
    /// Options before each key: `no-pty,from="192.0.2.0/24"`.
    key_options: Option<String>,
    /// A comment instead of each key's own.
    comment: Option<String>,
    /// The file; without it `.ssh/authorized_keys` in the user's home.
    path: Option<PathBuf>,
    /// Make the folder, and give it to the user.
    #[serde(default = "yes")]
    manage_dir: bool,
}

/// The user, the folder and the file; without the user nothing else can be looked at.
#[derive(Debug)]
pub(super) struct Found {
    user: Known<Option<host::User>>,
    places: Option<(OnDisk, FileState)>,
}

impl Resource for AuthorizedKey {
    const NAME: &'static str = "authorized_key";
    const ALIASES: &'static [&'static str] = &["ansible.posix.authorized_key"];
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("key");
    const WRITES_TO: &'static [&'static str] = &["/home", "/root"];
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: ann logs in with her key
  authorized_key:
    user: ann
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3KqTLLzU1s3d1dEYFUcN2E2ZmVzdGtleWFuZG5vdGhp ann@home
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        account_name("user", &self.user)?;
        let keys = self.keys();
        if keys.is_empty() {
            return Err(Diagnostic::new("`key` holds no key"));
        }
        if let Some(bad) = keys.iter().find(|line| blob(line).is_none()) {
            // Whole: what is cut out of a secret is found by nobody.
            return Err(Diagnostic::new(format!("`{bad}` is no ssh key"))
                .help("as in a `.pub` file: kind, key, comment; keys from URLs are not fetched"));
        }
        for (parameter, text) in [("key_options", &self.key_options), ("comment", &self.comment)] {
            if text.as_ref().is_some_and(|text| text.contains('\n')) {
                return Err(Diagnostic::new(format!("`{parameter}` is not one line")));
            }
        }
        if keys.iter().any(|key| blob(self.line(key).trim_end()) != blob(key)) {
            return Err(Diagnostic::new("with these `key_options` sshd finds no key in the line")
                .help("they end at the first blank outside quotes; a quote in quotes is `\\\"`"));
        }
        self.path.as_ref().map_or(Ok(()), |path| absolute("path", path))
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let user = view.user(&self.user)?;
        let Known::Is(Some(entry)) = &user else { return Ok(Found { user, places: None }) };
        let path = match &self.path {
            Some(path) => path.clone(),
            None => Path::new(&entry.home).join(".ssh/authorized_keys"),
        };
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let folder = OnDisk::look(view, &folder, &owned(entry, 0o700))?;
        let wanted = self.attributes(entry);
        let file = FileState::look(view, &path, &wanted, None)?;
        Ok(Found { user, places: Some((folder, file)) })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared();
        let present = self.state == State::Present;
        let (user, folder, file) = match (&found.user, &found.places) {
            (Known::Is(Some(user)), Some((folder, file))) => (user, folder, file),
            (Known::Unknown(origin), _) => {
                let target = format!("the authorized keys of {}", self.user);
                return Ok(planned.open("write_file", target, origin.clone()));
            }
            _ if !present => return Ok(planned),
            _ => {
                return Err(Diagnostic::new(format!("there is no user `{}`", self.user))
                    .help("declare it before this task: `user: {name: …}`"));
            }
        };
        let is_there = !matches!(file.on_disk.stat, Known::Is(Stat::Absent));
        if !present && !is_there {
            return Ok(planned);
        }
        let mut steps = planned;
        if self.manage_dir && present {
            let make = Action::MakeDirectory {
                path: folder.path.clone(),
                attributes: owned(user, 0o700),
                before: folder.before(),
            };
            match &folder.stat {
                Known::Is(Stat::Directory(_)) => {}
                Known::Is(Stat::Absent) => steps = steps.exact(make),
                Known::Unknown(origin) => steps = steps.unless(make, origin.clone()),
                Known::Is(_) => return Err(folder.in_the_way("a directory")),
            }
        }
        let attributes = self.attributes(user);
        let written = file.plan_edit(WholeFile { attributes, ..WholeFile::default() }, |old| {
            Ok(Some(self.edited(old.unwrap_or_default())))
        })?;
        steps.steps.extend(written.steps);
        steps.open.extend(written.open);
        // Public keys are no secret, though others may not read the file.
        for step in &mut steps.steps {
            if let Action::WriteFile { content, .. } = &mut step.action {
                content.secret = false;
            }
        }
        Ok(steps)
    }
}

fn owned(user: &host::User, mode: u32) -> Attributes {
    Attributes {
        mode: Some(Mode::from_bits(mode)),
        owner: Some(user.name.clone()),
        group: Some(user.group.clone()),
    }
}

impl AuthorizedKey {
    /// Of the file: where keys go, it stays as it is.
    fn attributes(&self, user: &host::User) -> Attributes {
        match self.state {
            State::Present => owned(user, 0o600),
            State::Absent => Attributes::default(),
        }
    }

    fn keys(&self) -> Vec<&str> {
        let lines = self.key.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    }

    /// A key's line as declared.
    fn line(&self, key: &str) -> String {
        let mut line = String::new();
        let (options, rest) = split(key);
        if let Some(options) = self.key_options.as_deref().or(options) {
            line.push_str(options);
            line.push(' ');
        }
        let mut words = rest.splitn(3, char::is_whitespace);
        let kind = words.next().unwrap_or_default();
        let body = words.next().unwrap_or_default();
        line.push_str(&format!("{kind} {body}"));
        let own = words.next().map(str::trim).filter(|comment| !comment.is_empty());
        if let Some(comment) = self.comment.as_deref().or(own) {
            line.push_str(&format!(" {comment}"));
        }
        line.push('\n');
        line
    }

    fn edited(&self, text: &str) -> String {
        let keys = self.keys();
        let declared = |line: &str| {
            let found = blob(line.trim())?;
            keys.iter().position(|key| blob(key) == Some(found))
        };
        let mut done = vec![false; keys.len()];
        let mut edited = String::new();
        for line in text.split_inclusive('\n') {
            let bare = line.trim();
            // Whatever sshd makes of it: what is no comment may let somebody in.
            let is_key = !bare.is_empty() && !bare.starts_with('#');
            match declared(line) {
                Some(_) if self.state == State::Absent => {}
                Some(at) if !done[at] => {
                    done[at] = true;
                    let wanted = self.line(keys[at]);
                    // A comment that the declaration does not give is left as it is.
                    let plain = self.key_options.is_none() && self.comment.is_none();
                    let as_it_is = plain && split(keys[at]).1.split_whitespace().count() < 3;
                    // One under a kind's short name lets nobody in: OpenSSH 9 takes it for no key.
                    let same = |part: fn(&str) -> Option<&str>| part(bare) == part(keys[at]);
                    let keeps = as_it_is && same(|line| split(line).0) && same(kind);
                    edited.push_str(if keeps { line } else { &wanted });
                }
                Some(_) => {}
                None if self.exclusive && is_key && self.state == State::Present => {}
                None => edited.push_str(line),
            }
        }
        if self.state == State::Present {
            for (at, key) in keys.iter().enumerate() {
                if !done[at] {
                    if !edited.is_empty() && !edited.ends_with('\n') {
                        edited.push('\n');
                    }
                    edited.push_str(&self.line(key));
                }
            }
        }
        edited
    }
}

//! As whom a command runs, and what its words mean by that: `~`, `$HOME`.

use crate::host::{HostError, User, View};
use crate::value::Known;

/// The user that a command runs as, where the host has such a user for sure.
#[derive(Debug, Default)]
pub(super) struct Login(Option<User>);

impl Login {
    /// Looks for the user; without a name root, as whom everything runs.
    pub(super) fn look(view: &dyn View, name: Option<&String>) -> Result<Self, HostError> {
        Ok(Self(match view.user(name.map_or("root", String::as_str))? {
            Known::Is(user) => user,
            Known::Unknown(_) => None,
        }))
    }

    /// What a login sets (login(1)).
    fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().flat_map(|user| {
            [
                ("HOME", user.home.as_str()),
                ("LOGNAME", &user.name),
                ("SHELL", &user.shell),
                ("USER", &user.name),
            ]
        })
    }

    /// A word with `~` and the variables of a login filled in, as Ansible fills them in without a
    /// shell; what is none of these stays as it is.
    pub(super) fn expanded(&self, view: &dyn View, word: &str) -> Result<String, HostError> {
        let mut text = String::with_capacity(word.len());
        let mut rest = word;
        if let Some(after) = word.strip_prefix('~') {
            let name = after.split('/').next().unwrap_or_default();
            let home = if name.is_empty() {
                self.0.as_ref().map(|user| user.home.clone())
            } else {
                match view.user(name)? {
                    Known::Is(Some(user)) => Some(user.home),
                    _ => None,
                }
            };
            if let Some(home) = home {
                text.push_str(home.trim_end_matches('/'));
                rest = &after[name.len()..];
            }
        }
        while let Some(at) = rest.find('$') {
            text.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, len) = match after.strip_prefix('{').and_then(|name| name.split_once('}')) {
                Some((name, _)) => (name, name.len() + 2),
                None => {
                    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
                    let len = after.find(|char| !is_name(char)).unwrap_or(after.len());
                    (&after[..len], len)
                }
            };
            match self.variables().find(|(known, _)| *known == name) {
                Some((_, value)) => text.push_str(value),
                None => text.push_str(&rest[at..=at + len]),
            }
            rest = &after[len..];
        }
        Ok(text + rest)
    }
}

//! What a change of a unit or an account makes of it: asked by the resource that plans it and by a
//! dry run's host.

use super::{ServiceChange, Unit, User, UserEntry};
use crate::value::{Known, Origin, Secret, crypt};

impl Unit {
    /// The unit after a change. A mask hides what is below it, and whether anything is.
    #[must_use]
    pub fn after(mut self, change: ServiceChange) -> Known<Self> {
        match change {
            ServiceChange::Enable => self.enabled = "enabled".to_owned(),
            ServiceChange::Disable => {
                self.enabled = "disabled".to_owned();
                self.hidden = None;
            }
            ServiceChange::Start => self.active = true,
            ServiceChange::Stop => self.active = false,
            ServiceChange::Mask => {
                if self.exists && !self.masked {
                    let plain = ["enabled", "disabled", "static"].contains(&self.enabled.as_str());
                    self.hidden = plain.then_some(self.enabled);
                }
                self.exists = true;
                self.masked = true;
                self.enabled = "masked".to_owned();
            }
            ServiceChange::Unmask => {
                let Some(enabled) = self.hidden.take() else {
                    return Known::Unknown(Origin::new("what the mask hides"));
                };
                self.enabled = enabled;
                self.masked = false;
            }
        }
        Known::Is(self)
    }
}

impl User {
    /// The user after its entry was changed. A password is salted when it is set.
    #[must_use]
    pub fn after(self, entry: &UserEntry) -> Known<Self> {
        let password_hash = match entry.password.as_ref().map(Secret::expose) {
            None => self.password_hash,
            Some(lock) if crypt::is_bare_lock(lock) => None,
            Some(stored) if crypt::is_verbatim(stored) => entry.password.clone(),
            Some(_) => return Known::Unknown(Origin::new(format!("user {}", self.name))),
        };
        Known::Is(Self {
            name: self.name,
            uid: entry.uid.unwrap_or(self.uid),
            group: entry.group.clone().unwrap_or(self.group),
            groups: entry.groups.clone().map_or(self.groups, |mut groups| {
                groups.sort();
                groups
            }),
            comment: entry.comment.clone().unwrap_or(self.comment),
            home: entry.home.clone().unwrap_or(self.home),
            shell: entry.shell.clone().unwrap_or(self.shell),
            password_hash,
        })
    }
}

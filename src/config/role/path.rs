//! Where roles are looked for.

use super::Role;
use crate::config::{Files, Reader, Vault};
use crate::text::{Diagnostic, Lack, Sources, Span, nearest};
use std::path::{Path, PathBuf};

/// One place that holds roles: a folder on the disk, or those built into the binary.
#[derive(Clone)]
pub struct RolePlace<'a> {
    /// What messages call it: `inventory/roles`, `the built-in roles`.
    pub label: String,
    /// The folder whose members are roles.
    pub folder: PathBuf,
    /// Where its files come from.
    pub files: &'a dyn Files,
}

impl RolePlace<'_> {
    /// Whether a folder here is laid out as a role's: `tasks/`, `defaults/`, … in it.
    #[must_use]
    pub fn is_role(&self, folder: &Path) -> bool {
        let found = self.files.list(folder).ok().flatten().unwrap_or_default();
        found.iter().any(|name| {
            matches!(name.as_str(), "tasks/" | "handlers/" | "defaults/" | "vars/" | "meta/")
        })
    }
}

/// Where roles are looked for, in order; the first place that has one wins.
#[derive(Clone, Default)]
pub struct RolePath<'a> {
    /// The places.
    pub places: Vec<RolePlace<'a>>,
}

impl RolePath<'_> {
    /// Reads a role; `span` is where it is asked for.
    ///
    /// # Errors
    /// There is none of that name, or everything that is wrong with it.
    pub fn load(
        &self,
        name: &str,
        span: Option<Span>,
        sources: &mut Sources,
        vault: &Vault,
    ) -> Result<Role, Vec<Diagnostic>> {
        match self.read(name, span, sources, vault) {
            (Some(role), errors) if errors.is_empty() => Ok(role),
            (_, errors) => Err(errors),
        }
    }

    /// As [`RolePath::load`], but what could be read of the role is given even where something is
    /// wrong with it: for finding more mistakes, not for use.
    pub fn read(
        &self,
        name: &str,
        span: Option<Span>,
        sources: &mut Sources,
        vault: &Vault,
    ) -> (Option<Role>, Vec<Diagnostic>) {
        let at = |mut error: Diagnostic| {
            error.span = error.span.or(span);
            error
        };
        if !is_role_name(name) {
            let name = name.escape_debug();
            let error = Diagnostic::new(format!("`{name}` is not a role name"))
                .label("letters, digits, `.`, `-` and `_`, starting with a letter or digit");
            return (None, vec![at(error)]);
        }
        for place in &self.places {
            let folder = place.folder.join(name);
            match place.files.list(&folder) {
                Ok(Some(_)) => {
                    let mut reader = Reader { files: place.files, sources, vault };
                    let (role, errors) = Role::read(name, &folder, &mut reader);
                    return (Some(role), errors);
                }
                Ok(None) => {}
                Err(error) => {
                    let folder = folder.display();
                    let error = Diagnostic::new(format!("cannot read {folder}: {error}"));
                    return (None, vec![at(error)]);
                }
            }
        }
        (None, vec![at(self.missing(name))])
    }

    /// Every role's name, each once, in the order of the places.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: indexmap::IndexSet<String> = indexmap::IndexSet::new();
        for place in &self.places {
            let mut found = place.files.list(&place.folder).ok().flatten().unwrap_or_default();
            found.sort();
            names.extend(found.iter().filter_map(|name| name.strip_suffix('/')).map(str::to_owned));
        }
        names.into_iter().collect()
    }

    fn missing(&self, name: &str) -> Diagnostic {
        let labels: Vec<&str> = self.places.iter().map(|place| place.label.as_str()).collect();
        let mut error = Diagnostic::new(format!("there is no role `{name}`"))
            .lacks(Lack::Role(name.to_owned()));
        if !labels.is_empty() {
            error = error.note(format!("looked in {}", labels.join(", ")));
        }
        let known = self.names();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error.help("name the folder that holds it with --roles-path"),
        }
    }
}

/// Names that cannot lead out of the folder of roles.
fn is_role_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

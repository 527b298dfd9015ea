//! `file`: a directory, a link, nothing, or the attributes of what is there.

use crate::host::{Action, Attributes, HostError, Stat, View};
use crate::resource::on_disk::{OnDisk, absolute, is_empty};
use crate::resource::{FILES, Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::Known;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A directory, a symbolic link, or nothing at a path; or the attributes of what is there.
///
/// A file's content is declared with `copy` or `template`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct File {
    /// Where.
    #[serde(alias = "dest", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "name"]))]
    path: PathBuf,
    /// What shall be there. Without it: whatever is there, with these attributes.
    state: Option<State>,
    /// What a link says.
    src: Option<PathBuf>,
    #[serde(flatten)]
    attributes: Attributes,
    /// Let a link replace a file.
    #[serde(default)]
    force: bool,
    #[schemars(extend("hidden" = true))]
    recurse: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// A regular file that is there already: only its attributes are set.
    File,
    /// A directory; missing parents are made with the same attributes.
    Directory,
    /// Nothing; a directory goes with everything in it.
    Absent,
    /// A symbolic link that says `src`.
    Link,
    /// Refused.
    #[schemars(extend("hidden" = true))]
    Hard,
    /// Refused.
    #[schemars(extend("hidden" = true))]
    Touch,
}

/// The path, and for a directory its parents that are not there, outermost first.
#[derive(Debug)]
pub(super) struct Found {
    parents: Vec<OnDisk>,
    there: OnDisk,
    /// A directory for certain, though its mode and owners are not known.
    is_directory: bool,
}

impl Resource for File {
    const NAME: &'static str = "file";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &["path", "dest"];
    const FAMILY: &'static str = FILES;
    const EXAMPLE: &'static str = r#"- name: folder for Postfix's configuration, before its package
  file:
    path: /etc/postfix
    state: directory
    mode: "0755"
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        if self.recurse == Some(true) {
            return Err(Diagnostic::new("`recurse` is not supported")
                .help("declare each path that matters; what a package owns is the package's"));
        }
        match self.state {
            Some(State::Touch) => Err(Diagnostic::new("`state: touch` has no end state")
                .help("a file that must exist: `copy: {dest: …, content: \"\", force: false}`")),
            Some(State::Hard) => Err(Diagnostic::new("`state: hard` is not supported")
                .help("use a symbolic link: `state: link`")),
            Some(State::Link) if self.src.is_none() => {
                Err(Diagnostic::new("`state: link` needs `src`, what the link says"))
            }
            Some(State::Link) if !is_empty(&self.attributes) => {
                Err(Diagnostic::new("a symbolic link has no `mode`, `owner` or `group` of its own")
                    .help("set them on what it leads to"))
            }
            state if self.src.is_some() && state != Some(State::Link) => {
                Err(Diagnostic::new("`src` goes with `state: link` only")
                    .help("a file's content is declared with `copy` or `template`"))
            }
            _ => Ok(()),
        }
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let there = OnDisk::look(view, &self.path, &self.attributes)?;
        let mut parents = Vec::new();
        if self.state == Some(State::Directory) {
            for parent in self.path.ancestors().skip(1) {
                let found = OnDisk::look(view, parent, &Attributes::default())?;
                if matches!(found.stat, Known::Is(Stat::Directory(_) | Stat::Symlink(_)))
                    || view.is_surely_directory(parent)?
                {
                    break;
                }
                parents.insert(0, found);
            }
        }
        let is_directory = self.state == Some(State::Directory)
            && matches!(there.stat, Known::Unknown(_))
            && view.is_surely_directory(&self.path)?;
        Ok(Found { parents, there, is_directory })
    }

    fn plan(&self, Found { parents, there, is_directory }: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared()
            .with("path", self.path.display().to_string())
            .with("dest", self.path.display().to_string());
        match self.state {
            None | Some(State::File) => self.keep(planned, there),
            Some(State::Directory) if *is_directory => Ok(set(planned, there)),
            Some(State::Directory) => self.directory(planned, parents, there),
            Some(State::Absent) => Ok(remove(planned, there)),
            Some(State::Link) => self.link(planned, there),
            Some(State::Hard | State::Touch) => Ok(planned),
        }
    }
}

impl File {
    fn keep(&self, planned: Planned, there: &OnDisk) -> Result<Planned, Diagnostic> {
        match &there.stat {
            Known::Is(Stat::Absent) => {
                let path = there.path.display();
                Err(Diagnostic::new(format!("there is nothing at {path}"))
                    .help("`copy` writes a file, `state: directory` makes a directory"))
            }
            Known::Is(Stat::Directory(_)) if self.state == Some(State::File) => {
                Err(there.in_the_way("a file"))
            }
            Known::Is(Stat::Symlink(target)) => Err(there.is_a_link(target)),
            Known::Is(Stat::Other(_)) => Err(there.in_the_way("a file or directory")),
            _ => Ok(set(planned, there)),
        }
    }

    fn directory(
        &self,
        mut planned: Planned,
        parents: &[OnDisk],
        there: &OnDisk,
    ) -> Result<Planned, Diagnostic> {
        let make = |path: &Path, found: &OnDisk| Action::MakeDirectory {
            path: path.to_path_buf(),
            attributes: self.attributes.clone(),
            before: found.before(),
        };
        for parent in parents {
            match &parent.stat {
                Known::Is(Stat::Absent) => planned = planned.exact(make(&parent.path, parent)),
                Known::Unknown(origin) => {
                    planned = planned.unless(make(&parent.path, parent), origin.clone());
                }
                _ => return Err(parent.in_the_way("a directory")),
            }
        }
        match &there.stat {
            Known::Is(Stat::Absent) => Ok(planned.exact(make(&there.path, there))),
            Known::Is(Stat::Directory(_)) => Ok(set(planned, there)),
            Known::Is(Stat::Symlink(target)) => Err(there.is_a_link(target)),
            Known::Is(_) => Err(there.in_the_way("a directory")),
            Known::Unknown(origin) => Ok(planned.unless(make(&there.path, there), origin.clone())),
        }
    }

    fn link(&self, planned: Planned, there: &OnDisk) -> Result<Planned, Diagnostic> {
        let target = self.src.clone().unwrap_or_default();
        let before = there.before();
        let write = Action::Symlink { path: there.path.clone(), target: target.clone(), before };
        match &there.stat {
            Known::Is(Stat::Symlink(said)) if *said == target => Ok(planned),
            Known::Is(Stat::Absent | Stat::Symlink(_)) => Ok(planned.exact(write)),
            Known::Is(Stat::File(_)) if self.force => Ok(planned.exact(write)),
            Known::Is(Stat::File(_)) => Err(there
                .in_the_way("a symbolic link")
                .help("`force: true` lets the link replace the file")),
            Known::Is(_) => Err(there.in_the_way("a symbolic link")),
            Known::Unknown(origin) => Ok(planned.unless(write, origin.clone())),
        }
    }
}

fn set(planned: Planned, there: &OnDisk) -> Planned {
    if is_empty(&there.differing) {
        return planned;
    }
    let action = Action::SetAttributes {
        path: there.path.clone(),
        attributes: there.differing.clone(),
        before: there.before(),
    };
    let unless = match &there.stat {
        Known::Unknown(origin) => Some(origin.clone()),
        Known::Is(_) => None,
    };
    planned.step(action, unless)
}

fn remove(planned: Planned, there: &OnDisk) -> Planned {
    let action = Action::Remove { path: there.path.clone(), before: there.before() };
    match &there.stat {
        Known::Is(Stat::Absent) => planned,
        Known::Is(_) => planned.exact(action),
        Known::Unknown(origin) => planned.unless(action, origin.clone()),
    }
}

//! A file whose whole content is declared: what `copy`, `template` and every kind that edits a
//! file come down to.

use super::later::Later;
use super::on_disk::{self, OnDisk};
use super::planned::Planned;
use crate::host::{Action, Attributes, Content, HostError, Stat, Validate, View};
use crate::text::Diagnostic;
use crate::value::{Known, Origin};
use std::path::Path;

/// A file as declared.
#[derive(Debug, Clone, Default)]
pub(super) struct WholeFile {
    pub(super) content: Vec<u8>,
    pub(super) attributes: Attributes,
    pub(super) backup: bool,
    pub(super) validate: Option<Validate>,
    /// An existing file's content is replaced.
    pub(super) force: bool,
}

/// What is there instead.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) on_disk: OnDisk,
    /// The program of `validate` is there.
    pub(super) can_validate: Known<bool>,
}

impl FileState {
    pub(super) fn look(
        view: &dyn View,
        path: &Path,
        attributes: &Attributes,
        validate: Option<&String>,
    ) -> Result<Self, HostError> {
        let on_disk = OnDisk::look(view, path, attributes)?;
        let can_validate = match on_disk::validation(validate) {
            Ok(Some(validate)) => on_disk::has_program(view, &validate.argv[0])?,
            _ => Known::Is(true),
        };
        Ok(Self { on_disk, can_validate })
    }

    /// The actions that bring a file to its declared content and attributes.
    pub(super) fn plan(&self, file: &WholeFile) -> Result<Planned, Diagnostic> {
        let there = &self.on_disk;
        let planned = Planned::as_declared();
        match (&there.stat, &there.content) {
            (Known::Unknown(origin), _) => Ok(self.write(planned, file, Some(origin.clone()))),
            (Known::Is(Stat::Symlink(_)), _) if !file.force => Ok(planned),
            (Known::Is(Stat::Absent | Stat::Symlink(_)), _) => Ok(self.write(planned, file, None)),
            (Known::Is(Stat::Directory(_) | Stat::Other(_)), _) => Err(there.in_the_way("a file")),
            (Known::Is(Stat::File(_)), Known::Is(content))
                if *content == file.content || !file.force =>
            {
                let planned = Planned { later: self.later(file, false), ..planned };
                Ok(self.set_attributes(planned, None))
            }
            (Known::Is(Stat::File(_)), Known::Unknown(_)) if !file.force => {
                Ok(self.set_attributes(planned, None))
            }
            (Known::Is(Stat::File(_)), Known::Is(_)) => Ok(self.write(planned, file, None)),
            (Known::Is(Stat::File(_)), Known::Unknown(origin)) => {
                Ok(self.write(planned, file, Some(origin.clone())))
            }
        }
    }

    fn later(&self, file: &WholeFile, unasked: bool) -> Option<Later> {
        file.validate.as_ref().map(|validate| Later::new(&self.on_disk.path, validate, unasked))
    }

    fn write(&self, mut planned: Planned, file: &WholeFile, unless: Option<Origin>) -> Planned {
        let runs_now = self.can_validate != Known::Is(false);
        if !runs_now {
            planned.later = self.later(file, true);
        }
        let action = Action::WriteFile {
            path: self.on_disk.path.clone(),
            content: Content { bytes: file.content.clone(), secret: false },
            attributes: file.attributes.clone(),
            backup: file.backup,
            validate: file.validate.clone().filter(|_| runs_now),
            before: self.on_disk.before(),
        };
        planned.step(action, unless)
    }

    /// Sets the attributes that differ.
    pub(super) fn set_attributes(&self, planned: Planned, unless: Option<Origin>) -> Planned {
        let there = &self.on_disk;
        if on_disk::is_empty(&there.differing) {
            return planned;
        }
        let action = Action::SetAttributes {
            path: there.path.clone(),
            attributes: there.differing.clone(),
            before: there.before(),
        };
        planned.step(action, unless)
    }

    /// The actions that bring a file from its text to an edited one. `edit` is given the text,
    /// or `None` where there is no file, and answers `None` where no file is wanted.
    ///
    /// # Errors
    /// What `edit` says; and an edit that would change its own result again: it would do so in
    /// every run.
    pub(super) fn plan_edit(
        &self,
        file: WholeFile,
        edit: impl Fn(Option<&str>) -> Result<Option<String>, Diagnostic>,
    ) -> Result<Planned, Diagnostic> {
        let there = &self.on_disk;
        let old = match there.text()? {
            Known::Is(old) => old,
            Known::Unknown(origin) => {
                let path = there.path.display().to_string();
                return Ok(Planned::as_declared().open("write_file", path, origin));
            }
        };
        let Some(new) = edit(old)? else { return Ok(Planned::as_declared()) };
        if edit(Some(&new))?.is_some_and(|again| again != new) {
            let path = there.path.display();
            return Err(Diagnostic::new(format!(
                "this edit of {path} would change its own result: every run would change it again"
            ))
            .help("what is written must be found again: compare what is looked for with it"));
        }
        let file = WholeFile { content: new.into_bytes(), force: true, ..file };
        let mut planned = self.plan(&file)?;
        // What an edit leaves as it was may be a secret of others.
        for step in &mut planned.steps {
            if let Action::WriteFile { content, .. } = &mut step.action {
                content.secret |= there.is_private();
            }
        }
        Ok(planned)
    }
}

//! A `validate` that could not be asked before its file took its place: its program comes later.

use super::on_disk::has_program;
use super::postfix::ask;
use crate::host::{HostError, Validate, View};
use crate::text::Diagnostic;
use crate::value::Known;
use std::path::{Path, PathBuf};

/// What is to be asked of a file in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The file.
    pub path: PathBuf,
    validate: Validate,
    /// The file is about to take its place unasked, for lack of the program.
    pub unasked: bool,
}

/// What the program says of the file.
#[derive(Debug)]
pub enum Verdict {
    /// There is no such program yet.
    NotYet,
    /// It cannot be asked in a dry run.
    Unknown,
    /// The file is good.
    Good,
    /// It is not.
    Bad(Diagnostic),
}

impl Later {
    pub(super) fn new(path: &Path, validate: &Validate, unasked: bool) -> Self {
        Self { path: path.to_path_buf(), validate: validate.clone(), unasked }
    }

    /// The program, as it is written.
    #[must_use]
    pub fn program(&self) -> &str {
        self.validate.argv.first().map_or("", String::as_str)
    }

    /// Asks the program about the file.
    ///
    /// # Errors
    /// If the host cannot be read.
    pub fn verdict(&self, view: &dyn View) -> Result<Verdict, HostError> {
        match has_program(view, self.program())? {
            Known::Is(false) => return Ok(Verdict::NotYet),
            Known::Unknown(_) => return Ok(Verdict::Unknown),
            Known::Is(true) => {}
        }
        let words = self.words();
        Ok(match ask(view, &words.iter().map(String::as_str).collect::<Vec<_>>())? {
            Known::Unknown(_) => Verdict::Unknown,
            Known::Is(output) if output.rc == 0 => Verdict::Good,
            Known::Is(output) => Verdict::Bad(
                Diagnostic::new(format!(
                    "`{}` does not accept {}",
                    words.join(" "),
                    self.path.display()
                ))
                .note(format!("it ended with {}", output.rc))
                .help("the file was written before its program was there to be asked"),
            ),
        })
    }

    /// The command line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let path = self.path.display().to_string();
        self.validate.argv.iter().map(|word| word.replace("%s", &path)).collect()
    }
}

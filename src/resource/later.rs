//! A `validate` that could not be asked before its file took its place: its program comes later.

use super::on_disk::has_program;
use super::postfix::ask;
use super::{Kind, Nature};
use crate::host::{HostError, Package, Validate, View};
use crate::text::Diagnostic;
use crate::value::{Kind as NodeKind, Known, Node};
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

/// Whether a task with these parameters may bring a program, as far as they are written out: a
/// package that is not installed yet, or a file of that name.
///
/// # Errors
/// If the host cannot be read.
pub fn may_bring(
    kind: &Kind,
    params: &Node,
    program: &str,
    view: &dyn View,
) -> Result<bool, HostError> {
    if kind.brings_anything {
        let target = kind.target.and_then(|name| {
            let parameter = kind.parameters().get(name)?;
            let names = std::iter::once(&parameter.name).chain(&parameter.aliases);
            names.filter_map(|name| params.get(name)).next()
        });
        let Some(target) = target.filter(|target| !target.has_template()) else { return Ok(true) };
        let listed = target.items().iter().filter_map(Node::as_str);
        for name in target.as_str().into_iter().flat_map(|text| text.split(',')).chain(listed) {
            let name = name.split('=').next().unwrap_or(name).trim();
            if !matches!(view.package(name)?, Known::Is(Package { installed: Some(_) })) {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let name = program.rsplit('/').next().unwrap_or(program);
    let is_it = |text: &str| {
        text == program
            || (!program.starts_with('/') && text.rsplit('/').next() == Some(name))
            || (text.ends_with('/') && program.strip_prefix(text) == Some(name))
    };
    // What it makes; an act says so in `creates` and `changes`.
    let makes = |key: &str| {
        kind.guards.contains(&key)
            || key == "changes"
            || (kind.nature == Nature::Change
                && kind
                    .parameters()
                    .get(key)
                    .is_some_and(|one| Some(one.name.as_str()) == kind.target))
    };
    let texts = params.entries().iter().filter(|(key, _)| makes(&key.name));
    Ok(texts.flat_map(|(_, node)| strings(node)).any(|text| is_it(text)))
}

fn strings(node: &Node) -> Vec<&str> {
    match &node.kind {
        NodeKind::Str(text) => vec![text],
        _ => node.items().iter().flat_map(strings).collect(),
    }
}

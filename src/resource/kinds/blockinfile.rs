//! `blockinfile`: a marked block of lines in a file that others own.

use super::group::State;
use crate::host::{Attributes, HostError, View};
use crate::resource::file_parameters::Replacing;
use crate::resource::line_break::{self, bare};
use crate::resource::on_disk::absolute;
use crate::resource::pattern::Reading;
use crate::resource::whole_file::FileState;
use crate::resource::{FILES, Nature, Planned, Resource, pattern};
use crate::text::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;

/// A block of lines between two marker lines, in a file that others own.
///
/// The markers are Ansible's own by default, so that blocks of an earlier role are found.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct BlockInFile {
    /// The file.
    #[serde(alias = "dest", alias = "destfile", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "destfile", "name"]))]
    path: PathBuf,
    /// The lines. Without any, the block goes.
    #[serde(default, alias = "content")]
    #[schemars(extend("aliases" = ["content"]))]
    block: String,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    /// The marker lines; `{mark}` stands for `marker_begin` and `marker_end`.
    #[serde(default = "ansible")]
    marker: String,
    /// What `{mark}` is in the line before the block.
    #[serde(default = "begin")]
    marker_begin: String,
    /// What `{mark}` is in the line after the block.
    #[serde(default = "end")]
    marker_end: String,
    /// After which line a new block goes: `EOF`, or the last that this expression matches.
    insertafter: Option<String>,
    /// Before which line a new block goes: `BOF`, or the last that this expression matches.
    insertbefore: Option<String>,
    /// Make a missing file.
    #[serde(default)]
    create: bool,
    #[serde(flatten)]
    replacing: Replacing,
    #[serde(flatten)]
    attributes: Attributes,
}

fn ansible() -> String {
    "# {mark} ANSIBLE MANAGED BLOCK".to_owned()
}

fn begin() -> String {
    "BEGIN".to_owned()
}

fn end() -> String {
    "END".to_owned()
}

impl Resource for BlockInFile {
    const NAME: &'static str = "blockinfile";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const FAMILY: &'static str = FILES;
    const EXAMPLE: &'static str = r#"- name: names of the mail hosts
  blockinfile:
    path: /etc/hosts
    block: |
      192.0.2.10 mx1
      192.0.2.11 mx2
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        self.replacing.validation()?;
        if self.insertafter.is_some() && self.insertbefore.is_some() {
            return Err(Diagnostic::new("give `insertafter` or `insertbefore`, not both"));
        }
        self.new_place(&[])?;
        let (before, after) = self.markers();
        if before == after {
            return Err(Diagnostic::new("the two marker lines are the same")
                .help("put `{mark}` into `marker`"));
        }
        if self.block.lines().any(|line| line == before || line == after) {
            return Err(Diagnostic::new("`block` has a marker line in it"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.replacing.look(view, &self.path, &self.attributes)
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let file = self.replacing.file(&self.attributes)?;
        let wanted = self.state == State::Present && !self.block.is_empty();
        state.plan_edit(file, |old| match old {
            None if !wanted => Ok(None),
            None if !self.create => {
                Err(Diagnostic::new(format!("there is no file {}", self.path.display()))
                    .help("`create: true` makes it"))
            }
            old => self.edited(old.unwrap_or_default(), wanted).map(Some),
        })
    }
}

impl BlockInFile {
    fn markers(&self) -> (String, String) {
        let with = |mark: &str| self.marker.replace("{mark}", mark);
        (with(&self.marker_begin), with(&self.marker_end))
    }

    fn edited(&self, text: &str, wanted: bool) -> Result<String, Diagnostic> {
        let (before, after) = self.markers();
        let line_break = line_break::of(text);
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let find = |marker: &str| lines.iter().rposition(|line| bare(line) == marker);
        let at = match (find(&before), find(&after)) {
            (Some(first), Some(last)) => {
                let (first, last) = (first.min(last), first.max(last));
                lines.drain(first..=last);
                first
            }
            _ => self.new_place(&lines)?,
        };
        if wanted {
            if let Some(line) = at.checked_sub(1).and_then(|above| lines.get_mut(above))
                && !line.ends_with('\n')
            {
                line.push_str(line_break);
            }
            let block = self.block.strip_suffix('\n').unwrap_or(&self.block);
            let block = block.split('\n').map(bare);
            let whole = [before.as_str()].into_iter().chain(block).chain([after.as_str()]);
            let whole: String = whole.flat_map(|line| [line, line_break]).collect();
            lines.insert(at, whole);
        }
        Ok(lines.concat())
    }

    fn new_place(&self, lines: &[String]) -> Result<usize, Diagnostic> {
        let longest = lines.iter().map(String::len).max().unwrap_or(0);
        let last = |parameter: &str, text: &str| {
            pattern::compile(parameter, text, Reading { longest, ..Reading::default() })
                .map(|pattern| lines.iter().rposition(|line| pattern.is_match(bare(line))))
        };
        Ok(match (self.insertafter.as_deref(), self.insertbefore.as_deref()) {
            (_, Some("BOF")) => 0,
            (None | Some("EOF"), None) => lines.len(),
            (_, Some(text)) => last("insertbefore", text)?.unwrap_or(lines.len()),
            (Some(text), None) => last("insertafter", text)?.map_or(lines.len(), |at| at + 1),
        })
    }
}

//! `lineinfile`: one line of a file that others own.

use crate::host::{Attributes, HostError, View};
use crate::resource::file_parameters::Replacing;
use crate::resource::line_break::{self, bare};
use crate::resource::on_disk::absolute;
use crate::resource::pattern::Reading;
use crate::resource::whole_file::FileState;
use crate::resource::{FILES, Nature, Planned, Resource, pattern};
use crate::text::Diagnostic;
use regex::Regex;
use serde::Deserialize;
use std::path::PathBuf;

/// One line in a file that others own. A file that a role owns is written whole: `template`.
///
/// With `regexp`, the last line that it matches becomes `line`; where none does, and the line is
/// not there, it is inserted.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct LineInFile {
    /// The file.
    #[serde(alias = "dest", alias = "destfile", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "destfile", "name"]))]
    path: PathBuf,
    /// The line, without its line break.
    #[serde(alias = "value")]
    #[schemars(extend("aliases" = ["value"]))]
    line: Option<String>,
    /// Which line it replaces; with `state: absent`, which lines go.
    #[serde(alias = "regex")]
    #[schemars(extend("aliases" = ["regex"]))]
    regexp: Option<String>,
    /// As `regexp`, but text that the line contains.
    search_string: Option<String>,
    /// Whether it shall be there.
    #[serde(default)]
    state: super::group::State,
    /// `line` refers to groups of `regexp` (`\1`); where that matches nothing, nothing changes.
    #[serde(default)]
    backrefs: bool,
    /// After which line a new one goes: `EOF`, or the last that this expression matches.
    insertafter: Option<String>,
    /// Before which line a new one goes: `BOF`, or the last that this expression matches.
    insertbefore: Option<String>,
    /// Take the first match of an expression instead of the last.
    #[serde(default)]
    firstmatch: bool,
    /// Make a missing file.
    #[serde(default)]
    create: bool,
    #[serde(flatten)]
    replacing: Replacing,
    #[serde(flatten)]
    attributes: Attributes,
}

impl Resource for LineInFile {
    const NAME: &'static str = "lineinfile";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const FAMILY: &'static str = FILES;
    const EXAMPLE: &'static str = r#"- name: no root over ssh
  lineinfile:
    path: /etc/ssh/sshd_config
    regexp: ^#?PermitRootLogin\b
    line: PermitRootLogin no
  notify: reload ssh
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        self.replacing.validation()?;
        self.pattern(Reading::default())?;
        self.place(Reading::default())?;
        let says_which =
            self.line.is_some() || self.regexp.is_some() || self.search_string.is_some();
        if self.is_present() && self.line.is_none() {
            return Err(Diagnostic::new("`lineinfile` needs `line`"));
        }
        if !says_which {
            return Err(Diagnostic::new("`lineinfile` needs `line` or `regexp`"));
        }
        if self.line.as_ref().is_some_and(|line| line.contains('\n')) {
            return Err(Diagnostic::new("`line` has a line break in it")
                .help("`blockinfile` looks after several lines"));
        }
        if self.backrefs && self.regexp.is_none() {
            return Err(Diagnostic::new("`backrefs` goes with `regexp`"));
        }
        for (one, other, names) in [
            (&self.regexp, &self.search_string, "`regexp` or `search_string`"),
            (&self.insertafter, &self.insertbefore, "`insertafter` or `insertbefore`"),
        ] {
            if one.is_some() && other.is_some() {
                return Err(Diagnostic::new(format!("give {names}, not both")));
            }
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.replacing.look(view, &self.path, &self.attributes)
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let file = self.replacing.file(&self.attributes)?;
        state.plan_edit(file, |old| match (self.is_present(), old) {
            (false, None) => Ok(None),
            (false, Some(text)) => self.without_line(text).map(Some),
            (true, None) if !self.create => {
                Err(Diagnostic::new(format!("there is no file {}", self.path.display()))
                    .help("`create: true` makes it"))
            }
            (true, text) => self.with_line(text.unwrap_or_default()).map(Some),
        })
    }
}

/// As an expression is tried on the lines of a text.
fn of_lines(text: &str) -> Reading {
    let longest = text.split('\n').map(str::len).max().unwrap_or(0);
    Reading { longest, ..Reading::default() }
}

/// Where a new line goes.
enum Place {
    Start,
    End,
    After(Regex),
    Before(Regex),
}

impl LineInFile {
    fn is_present(&self) -> bool {
        self.state == super::group::State::Present
    }

    fn pattern(&self, reading: Reading) -> Result<Option<Regex>, Diagnostic> {
        self.regexp.as_ref().map(|text| pattern::compile("regexp", text, reading)).transpose()
    }

    fn place(&self, reading: Reading) -> Result<Place, Diagnostic> {
        match (self.insertafter.as_deref(), self.insertbefore.as_deref()) {
            (Some("BOF"), _) | (None, Some("BOF")) => Ok(Place::Start),
            (Some("EOF") | None, None) | (Some("EOF"), _) => Ok(Place::End),
            (Some(text), _) => pattern::compile("insertafter", text, reading).map(Place::After),
            (None, Some(text)) => {
                pattern::compile("insertbefore", text, reading).map(Place::Before)
            }
        }
    }

    fn without_line(&self, text: &str) -> Result<String, Diagnostic> {
        let pattern = self.pattern(of_lines(text))?;
        let goes = |line: &str| match (&pattern, &self.search_string) {
            (Some(pattern), _) => pattern.is_match(bare(line)),
            (None, Some(part)) => line.contains(part.as_str()),
            (None, None) => self.line.as_deref() == Some(bare(line)),
        };
        Ok(text.split_inclusive('\n').filter(|line| !goes(line)).collect())
    }

    /// The text with the line in it, step by step as Ansible's module does it.
    fn with_line(&self, text: &str) -> Result<String, Diagnostic> {
        let wanted = self.line.as_deref().unwrap_or_default();
        let line_break = line_break::of(text);
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let reading = of_lines(text);
        let pattern = self.pattern(reading)?;
        let matches = |line: &String| match (&pattern, &self.search_string) {
            (Some(pattern), _) => pattern.is_match(bare(line)),
            (None, Some(part)) => line.contains(part.as_str()),
            (None, None) => false,
        };
        if let Some(at) = self.choose(&lines, matches) {
            let new = match (&pattern, self.backrefs) {
                (Some(pattern), true) => match pattern.captures(bare(&lines[at])) {
                    Some(found) => pattern::expand(wanted, &found)?,
                    None => wanted.to_owned(),
                },
                _ => wanted.to_owned(),
            };
            if bare(&lines[at]) != new {
                lines[at] = format!("{new}{line_break}");
            }
            return Ok(lines.concat());
        }
        if lines.iter().any(|line| bare(line) == wanted) {
            return Ok(text.to_owned());
        }
        if self.backrefs {
            return Ok(text.to_owned());
        }
        let at = match self.place(reading)? {
            Place::Start => 0,
            Place::End => lines.len(),
            Place::After(pattern) => self
                .choose(&lines, |line| pattern.is_match(bare(line)))
                .map_or(lines.len(), |at| at + 1),
            Place::Before(pattern) => {
                self.choose(&lines, |line| pattern.is_match(bare(line))).unwrap_or(lines.len())
            }
        };
        if at == lines.len()
            && let Some(last) = lines.last_mut()
            && !last.ends_with('\n')
        {
            last.push_str(line_break);
        }
        lines.insert(at, format!("{wanted}{line_break}"));
        Ok(lines.concat())
    }

    fn choose(&self, lines: &[String], fits: impl FnMut(&String) -> bool) -> Option<usize> {
        if self.firstmatch { lines.iter().position(fits) } else { lines.iter().rposition(fits) }
    }
}

//! `replace`: every match of an expression in a file that others own.

use crate::host::{Attributes, HostError, View};
use crate::resource::file_parameters::Replacing;
use crate::resource::on_disk::absolute;
use crate::resource::pattern::Reading;
use crate::resource::whole_file::FileState;
use crate::resource::{FILES, Nature, Planned, Resource, pattern};
use crate::text::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;

/// Every match of an expression in a file, replaced. What is written must no longer match, or
/// match as it is: else the edit is refused.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Replace {
    /// The file.
    #[serde(alias = "dest", alias = "destfile", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "destfile", "name"]))]
    path: PathBuf,
    /// What is replaced; `^` and `$` match at every line.
    regexp: String,
    /// What stands there instead; `\1` and `\g<name>` refer to groups.
    #[serde(default)]
    replace: String,
    /// Only after the first match of this expression.
    after: Option<String>,
    /// Only before the first match of this expression.
    before: Option<String>,
    #[serde(flatten)]
    replacing: Replacing,
    #[serde(flatten)]
    attributes: Attributes,
}

impl Resource for Replace {
    const NAME: &'static str = "replace";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &[];
    const FAMILY: &'static str = FILES;
    const EXAMPLE: &'static str = r#"- name: the new name of the mail host
  replace:
    path: /etc/hosts
    regexp: \bmail-old\b
    replace: mail
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)?;
        self.replacing.validation()?;
        self.edited("").map(|_| ())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        self.replacing.look(view, &self.path, &self.attributes)
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let file = self.replacing.file(&self.attributes)?;
        state.plan_edit(file, |old| match old {
            None => Err(Diagnostic::new(format!("there is no file {}", self.path.display()))),
            Some(text) => self.edited(text).map(Some),
        })
    }
}

impl Replace {
    fn edited(&self, text: &str) -> Result<String, Diagnostic> {
        let reading = Reading { lines: true, longest: text.len(), ..Reading::default() };
        let regexp = pattern::compile("regexp", &self.regexp, reading)?;
        let Some((start, end)) = self.section(text)? else { return Ok(text.to_owned()) };
        let mut edited = text[..start].to_owned();
        let mut at = start;
        for found in regexp.captures_iter(&text[start..end]) {
            let Some(whole) = found.get(0) else { continue };
            edited.push_str(&text[at..start + whole.start()]);
            edited.push_str(&pattern::expand(&self.replace, &found)?);
            at = start + whole.end();
        }
        edited.push_str(&text[at..]);
        Ok(edited)
    }

    /// The part of the text in which matches are replaced; none where a boundary is not found.
    fn section(&self, text: &str) -> Result<Option<(usize, usize)>, Diagnostic> {
        let find = |parameter: &str, expression: &str, from: usize| {
            // As Ansible's module has it, the dot matches line breaks in the boundaries.
            let reading = Reading { lines: true, dot_all: true, longest: text.len() };
            let expression = pattern::compile(parameter, expression, reading)?;
            let found = expression.find_at(text, from);
            Ok::<_, Diagnostic>(found.map(|found| (found.start(), found.end())))
        };
        let start = match &self.after {
            None => 0,
            Some(expression) => match find("after", expression, 0)? {
                Some((_, end)) => end,
                None => return Ok(None),
            },
        };
        let end = match &self.before {
            None => text.len(),
            Some(expression) => match find("before", expression, start)? {
                Some((start, _)) => start,
                None => return Ok(None),
            },
        };
        Ok(Some((start, end)))
    }
}

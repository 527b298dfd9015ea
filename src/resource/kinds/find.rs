//! `find`: the files below a folder.

use crate::host::{HostError, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::List;
use crate::resource::pattern::Reading;
use crate::resource::{Nature, Planned, Resource, pattern};
use crate::text::Diagnostic;
use crate::value::{Known, Map, Origin, Value};
use regex::Regex;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Looks for files below folders, and changes nothing. Registered: `files`, each with `path`,
/// `isdir`, `isreg`, `islnk`, `mode`, `pw_name`, `gr_name`; `matched`; `examined`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Find {
    /// The folders. One that is not there holds nothing.
    #[serde(alias = "path", alias = "name")]
    #[schemars(extend("aliases" = ["path", "name"]))]
    paths: List,
    /// Names: `*`, `?` and `[…]` as in a shell, or with `use_regex` regular expressions.
    #[serde(default, alias = "pattern")]
    #[schemars(extend("aliases" = ["pattern"]))]
    patterns: List,
    /// Names that are left out.
    #[serde(default, alias = "exclude")]
    #[schemars(extend("aliases" = ["exclude"]))]
    excludes: List,
    /// What kind.
    #[serde(default)]
    file_type: FileType,
    /// Folders within folders too.
    #[serde(default)]
    recurse: bool,
    /// How deep, with `recurse`; 1 is the folder itself.
    depth: Option<u32>,
    /// Names that begin with a dot too.
    #[serde(default)]
    hidden: bool,
    /// The names are regular expressions, matched as a whole.
    #[serde(default)]
    use_regex: bool,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum FileType {
    /// Regular files.
    #[default]
    File,
    /// Folders.
    Directory,
    /// Symbolic links.
    Link,
    /// Anything.
    Any,
}

/// What was found, and how much was looked at.
#[derive(Debug, Default)]
pub(super) struct Found {
    files: Vec<(PathBuf, Stat)>,
    examined: i64,
    unknown: Option<Origin>,
}

impl Resource for Find {
    const NAME: &'static str = "find";
    const NATURE: Nature = Nature::Look;
    const TARGET: Option<&'static str> = Some("paths");
    const RESULT: &'static [&'static str] = &["files", "matched", "examined"];
    const EXAMPLE: &'static str = r#"- name: which drop-ins there are
  find:
    paths: /etc/systemd/system
    patterns: "*.conf"
    recurse: true
  register: drop_ins
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.paths.0.is_empty() {
            return Err(Diagnostic::new("`paths` names no folder"));
        }
        for path in &self.paths.0 {
            absolute("paths", Path::new(path))?;
        }
        self.expressions(&self.patterns)?;
        self.expressions(&self.excludes).map(|_| ())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let mut found = Found::default();
        for path in &self.paths.0 {
            self.walk(view, Path::new(path), 1, &mut found)?;
        }
        Ok(found)
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared();
        if let Some(origin) = &found.unknown {
            return Ok(Self::RESULT
                .iter()
                .fold(planned, |planned, key| planned.with(key, Value::Unknown(origin.clone()))));
        }
        let (wanted, unwanted) =
            (self.expressions(&self.patterns)?, self.expressions(&self.excludes)?);
        let any = |expressions: &[Regex], name: &str| {
            expressions.iter().any(|expression| expression.is_match(name))
        };
        let files: Vec<Value> = found
            .files
            .iter()
            .filter(|(path, stat)| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                (wanted.is_empty() || any(&wanted, &name))
                    && !any(&unwanted, &name)
                    && self.is_wanted(stat)
            })
            .map(|(path, stat)| described(path, stat))
            .collect();
        let matched = i64::try_from(files.len()).unwrap_or(i64::MAX);
        Ok(planned
            .with("files", Value::List(files))
            .with("matched", matched)
            .with("examined", found.examined))
    }
}

impl Find {
    fn walk(
        &self,
        view: &dyn View,
        folder: &Path,
        depth: u32,
        found: &mut Found,
    ) -> Result<(), HostError> {
        match view.stat(folder)? {
            Known::Is(Stat::Directory(_)) => {}
            Known::Is(_) => return Ok(()),
            Known::Unknown(origin) => {
                found.unknown.get_or_insert(origin);
                return Ok(());
            }
        }
        let names = match view.list(folder)? {
            Known::Is(names) => names,
            Known::Unknown(origin) => {
                found.unknown.get_or_insert(origin);
                return Ok(());
            }
        };
        for name in names {
            found.examined += 1;
            if name.starts_with('.') && !self.hidden {
                continue;
            }
            let path = folder.join(&name);
            let stat = match view.stat(&path)? {
                Known::Is(Stat::Absent) => continue,
                Known::Is(stat) => stat,
                Known::Unknown(origin) => {
                    found.unknown.get_or_insert(origin);
                    continue;
                }
            };
            let deeper = self.recurse && self.depth.is_none_or(|most| depth < most);
            let is_folder = matches!(stat, Stat::Directory(_));
            found.files.push((path.clone(), stat));
            if is_folder && deeper {
                self.walk(view, &path, depth + 1, found)?;
            }
        }
        Ok(())
    }

    fn is_wanted(&self, stat: &Stat) -> bool {
        match self.file_type {
            FileType::Any => true,
            FileType::File => matches!(stat, Stat::File(_)),
            FileType::Directory => matches!(stat, Stat::Directory(_)),
            FileType::Link => matches!(stat, Stat::Symlink(_)),
        }
    }

    fn expressions(&self, patterns: &List) -> Result<Vec<Regex>, Diagnostic> {
        patterns
            .0
            .iter()
            .map(|text| {
                let text = if self.use_regex { text.clone() } else { translated(text) };
                pattern::compile("patterns", &format!("^(?:{text})$"), Reading::default())
            })
            .collect()
    }
}

fn described(path: &Path, stat: &Stat) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("path", path.display().to_string().into());
    put("isdir", matches!(stat, Stat::Directory(_)).into());
    put("isreg", matches!(stat, Stat::File(_)).into());
    put("islnk", matches!(stat, Stat::Symlink(_)).into());
    if let Stat::File(all) | Stat::Directory(all) = stat {
        put("mode", all.mode.to_string().into());
        put("pw_name", all.owner.as_str().into());
        put("gr_name", all.group.as_str().into());
    }
    Value::Map(map)
}

/// A shell's pattern (fnmatch(3)) as a regular expression.
fn translated(glob: &str) -> String {
    let mut text = String::new();
    let mut chars = glob.chars();
    while let Some(char) = chars.next() {
        match char {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '[' if chars.as_str().contains(']') => {
                let class: String = chars.by_ref().take_while(|&next| next != ']').collect();
                text.push('[');
                text.push_str(&class.replacen('!', "^", usize::from(class.starts_with('!'))));
                text.push(']');
            }
            other => text.push_str(&regex::escape(&other.to_string())),
        }
    }
    text
}

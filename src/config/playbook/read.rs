//! The files of a playbook, one importing another.

use super::play::{self, Kept};
use super::{Play, Surroundings};
use crate::config::Reader;
use crate::text::{Diagnostic, Span, with_article};
use crate::value::{Key, Node, NodeKind};
use std::path::{Path, PathBuf};

/// How deep playbooks may import each other.
const MAX_DEPTH: usize = 32;

/// Reads playbooks, each with those that it imports, in order.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(
    paths: &[PathBuf],
    around: &Surroundings<'_>,
    reader: &mut Reader<'_>,
) -> Result<Vec<Play>, Vec<Diagnostic>> {
    let mut reading = Reading { around, plays: Vec::new(), errors: Vec::new(), open: Vec::new() };
    for path in paths {
        reading.file(path, None, &Kept::default(), reader);
    }
    if reading.errors.is_empty() { Ok(reading.plays) } else { Err(reading.errors) }
}

struct Reading<'a> {
    around: &'a Surroundings<'a>,
    plays: Vec<Play>,
    errors: Vec<Diagnostic>,
    /// The files that import the one that is being read.
    open: Vec<PathBuf>,
}

impl Reading<'_> {
    fn file(&mut self, path: &Path, from: Option<Span>, outer: &Kept, reader: &mut Reader<'_>) {
        let at = |error: Diagnostic| match from {
            Some(span) => error.at(span),
            None => error,
        };
        if self.open.iter().any(|open| open == path) || self.open.len() > MAX_DEPTH {
            let error = Diagnostic::new("these playbooks import each other without end");
            self.errors.push(at(error).help("take one of the imports out"));
            return;
        }
        let before = self.errors.len();
        let Some(node) = reader.yaml_all(path, &mut self.errors) else {
            if self.errors.len() == before {
                let error = Diagnostic::new(format!("there is no playbook at {}", path.display()));
                self.errors.push(at(error));
            }
            return;
        };
        self.open.push(path.to_owned());
        self.entries(node, path, outer, reader);
        self.open.pop();
    }

    fn entries(&mut self, node: Node, path: &Path, outer: &Kept, reader: &mut Reader<'_>) {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let NodeKind::List(items) = node.kind else {
            let what = with_article(node.kind_name());
            let error = Diagnostic::new(format!("a playbook is a list of plays, not {what}"));
            self.errors.push(error.at(node.span).help("write each play as `- hosts: PATTERN`"));
            return;
        };
        for item in items {
            let span = item.span;
            let NodeKind::Map(entries) = item.kind else {
                let what = with_article(item.kind_name());
                let error = Diagnostic::new(format!("a play is a mapping, not {what}"));
                self.errors.push(error.at(span).help("write `- hosts: PATTERN`"));
                continue;
            };
            let imported = entries.iter().position(|(key, _)| is_import(key));
            if let Some(place) = imported {
                self.import(entries, place, &folder, outer, reader);
                continue;
            }
            let read =
                play::read(entries, span, &folder, outer, self.around, reader, &mut self.errors);
            if let Some(mut play) = read {
                self.name(&mut play, path);
                self.plays.push(play);
            }
        }
    }

    /// Another playbook's plays in this one's place: `tags`, `vars` and `when` here are theirs too.
    fn import(
        &mut self,
        mut entries: Vec<(Key, Node)>,
        place: usize,
        folder: &Path,
        outer: &Kept,
        reader: &mut Reader<'_>,
    ) {
        let (key, node) = entries.remove(place);
        let node = match (self.around.render)(&node) {
            Ok(node) => node,
            Err(error) => return self.errors.push(error),
        };
        let Some(name) = node.as_str() else {
            let error = Diagnostic::new(format!("`{}` takes a playbook's file", key.name));
            self.errors.push(error.at(node.span).help("as in `import_playbook: web.yml`"));
            return;
        };
        let mut kept = outer.clone();
        for (key, node) in entries {
            if let Err(error) = kept.add(&key, node) {
                self.errors.push(error);
            }
        }
        self.file(&folder.join(name), Some(node.span), &kept, reader);
    }

    /// Plays of one name are told apart, and those of other playbooks: what hosts remember is told by
    /// it, the handlers that wait among it.
    fn name(&self, play: &mut Play, path: &Path) {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{} of {file}", play.own.name);
        let numbered = |number: usize| match number {
            1 => name.clone(),
            _ => format!("{name} #{number}"),
        };
        let taken = |name: &String| self.plays.iter().any(|other| other.own.name == *name);
        play.own.name = (1..).map(numbered).find(|name| !taken(name)).unwrap_or_default();
    }
}

fn is_import(key: &Key) -> bool {
    let name = key.name.strip_prefix("ansible.builtin.").unwrap_or(&key.name);
    name == "import_playbook"
}

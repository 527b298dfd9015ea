//! The files of tasks that a play includes, found beside the playbook as Ansible finds them: first
//! beside the file that includes them.

use crate::config::Reader;
use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};
use indexmap::IndexMap;
use std::path::{Component, Path};

const INCLUDES: [&str; 4] = [
    "include_tasks",
    "import_tasks",
    "ansible.builtin.include_tasks",
    "ansible.builtin.import_tasks",
];

/// Lists of tasks in a task.
const LISTS: [&str; 3] = ["block", "rescue", "always"];

/// What was found so far.
pub(super) struct TaskFiles<'a> {
    folder: &'a Path,
    /// By their paths below the playbook's folder.
    pub(super) found: IndexMap<String, Node>,
}

impl<'a> TaskFiles<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder, found: IndexMap::new() }
    }

    /// Reads what a list of tasks includes, and what that includes. Names become paths below the
    /// playbook's folder; `beside` is the folder of the file in which the list stands.
    pub(super) fn resolve(
        &mut self,
        node: &mut Node,
        beside: &str,
        reader: &mut Reader<'_>,
        errors: &mut Vec<Diagnostic>,
    ) {
        let NodeKind::List(items) = &mut node.kind else { return };
        for item in items {
            let NodeKind::Map(entries) = &mut item.kind else { continue };
            for (key, node) in entries {
                if LISTS.contains(&key.name.as_str()) {
                    self.resolve(node, beside, reader, errors);
                } else if INCLUDES.contains(&key.name.as_str()) {
                    let file = match &mut node.kind {
                        NodeKind::Map(entries) => entries
                            .iter_mut()
                            .find(|(key, _)| key.name == "file")
                            .map(|(_, node)| node),
                        _ => Some(node),
                    };
                    if let Some(file) = file {
                        self.include(file, beside, reader, errors);
                    }
                }
            }
        }
    }

    fn include(
        &mut self,
        file: &mut Node,
        beside: &str,
        reader: &mut Reader<'_>,
        errors: &mut Vec<Diagnostic>,
    ) {
        let Some(written) = file.as_str().map(str::to_owned) else { return };
        let span = file.span;
        let at_all = |name: &str| below(&format!("{beside}{name}")).or_else(|| below(name));
        if file.has_template() {
            // Whatever it may come to: what is called so but for the template's part.
            let (before, after) = around_template(&written);
            let prefixes = [format!("{beside}{before}"), before.to_owned()];
            for prefix in prefixes {
                let names = self.matching(&prefix, after, reader);
                if names.is_empty() {
                    continue;
                }
                file.kind = NodeKind::Str(format!("{prefix}{}", &written[before.len()..]));
                for name in names {
                    self.read(&name, reader, errors);
                }
                return;
            }
            return;
        }
        let Some(mut name) = at_all(&written) else {
            let error = Diagnostic::new(format!("`{written}` leads out of the playbook's folder"));
            errors.push(error.at(span).help("put the file beside the playbook"));
            return;
        };
        if !self.read(&name, reader, errors)
            && let Some(plain) = below(&written)
            && plain != name
            && self.read(&plain, reader, errors)
        {
            name = plain;
        }
        file.kind = NodeKind::Str(name);
    }

    /// Whether there is such a file, which is read then.
    fn read(&mut self, name: &str, reader: &mut Reader<'_>, errors: &mut Vec<Diagnostic>) -> bool {
        if self.found.contains_key(name) {
            return true;
        }
        let path = self.folder.join(name);
        if !reader.files.is_inside(self.folder, &path).unwrap_or(true) {
            let error = Diagnostic::new(format!(
                "{} is a link that leads out of the playbook's folder",
                path.display()
            ));
            errors.push(error.help("put the file itself there"));
            return true;
        }
        let before = errors.len();
        let Some(mut node) = reader.yaml_all(&path, errors) else { return errors.len() > before };
        // Before its own includes: it may include itself under a condition.
        self.found.insert(name.to_owned(), node.clone());
        let beside = name.rfind('/').map_or("", |slash| &name[..=slash]);
        self.resolve(&mut node, beside, reader, errors);
        self.found.insert(name.to_owned(), node);
        true
    }

    fn matching(&self, prefix: &str, ending: &str, reader: &Reader<'_>) -> Vec<String> {
        let folder = prefix.rfind('/').map_or("", |slash| &prefix[..=slash]);
        let Some(folder) = (if folder.is_empty() { Some(String::new()) } else { below(folder) })
        else {
            return Vec::new();
        };
        let begins = &prefix[prefix.rfind('/').map_or(0, |slash| slash + 1)..];
        let names = reader.list(&self.folder.join(&folder)).unwrap_or_default();
        let is_yaml = |name: &&String| name.ends_with(".yml") || name.ends_with(".yaml");
        let fits = |name: &&String| name.starts_with(begins) && name.ends_with(ending);
        let path = |name: &String| match folder.as_str() {
            "" => name.clone(),
            folder => format!("{folder}/{name}"),
        };
        // Without anything that is written out, every playbook would be one.
        if begins.is_empty() && folder.is_empty() && ending.len() <= ".yaml".len() {
            return Vec::new();
        }
        names.iter().filter(is_yaml).filter(fits).map(path).collect()
    }
}

/// A path below a folder, in its shortest form.
fn below(name: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// What stands before the first template in a text, and what after the last.
fn around_template(text: &str) -> (&str, &str) {
    let before = text.find("{{").or_else(|| text.find("{%")).unwrap_or(text.len());
    let after = ["}}", "%}"].iter().filter_map(|end| text.rfind(end)).max();
    (&text[..before], &text[after.map_or(text.len(), |at| at + 2)..])
}

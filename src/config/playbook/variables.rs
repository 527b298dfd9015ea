//! The variables that a play sets: `vars`, `vars_prompt`, `vars_files`, the later the stronger.

use super::Surroundings;
use crate::config::Reader;
use crate::config::fields::{Fields, mapping};
use crate::config::variables::{LayerKind, check_name, refuse_boolean_words};
use crate::text::{Diagnostic, Lack, Span};
use crate::value::{Key, Node, NodeKind};
use std::path::Path;

/// A variable that a person is asked for.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The variable.
    pub name: Key,
    /// What the person is asked.
    pub text: String,
    /// What is typed is not shown, and is a secret.
    pub private: bool,
    /// Taken where nothing is typed.
    pub default: Option<Node>,
    /// It is asked for twice, and must be the same.
    pub confirm: bool,
}

type Settings = Vec<(LayerKind, Key, Node)>;

const PROMPT_KEYS: [&str; 9] =
    ["name", "prompt", "private", "default", "confirm", "unsafe", "encrypt", "salt", "salt_size"];

/// `vars`: a mapping.
pub(super) fn vars(node: Node, found: &mut Settings, errors: &mut Vec<Diagnostic>) {
    match mapping(node, "`vars`") {
        Ok(entries) => add(entries, &LayerKind::PlayVar, found, errors),
        Err(error) => errors.push(error.help("as in `vars: {port: 25}`")),
    }
}

fn add(
    entries: Vec<(Key, Node)>,
    kind: &LayerKind,
    found: &mut Settings,
    errors: &mut Vec<Diagnostic>,
) {
    for (key, node) in entries {
        errors.extend(check_name(&key).err());
        refuse_boolean_words(&node, errors);
        found.push((kind.clone(), key, node));
    }
}

/// `vars_prompt`: a list of what is asked for.
pub(super) fn prompts(
    node: Node,
    around: &Surroundings<'_>,
    found: &mut Settings,
    errors: &mut Vec<Diagnostic>,
) {
    let NodeKind::List(items) = node.kind else {
        let error = Diagnostic::new("`vars_prompt` is a list").at(node.span);
        errors.push(error.help("as in `vars_prompt: [{name: release, prompt: Which release}]`"));
        return;
    };
    for item in items {
        let asked = prompt(item).and_then(|prompt| {
            let answer = (around.answer)(&prompt)?;
            Ok((prompt, answer))
        });
        match asked {
            Ok((prompt, Some(mut node))) => {
                node.secret |= prompt.private;
                found.push((LayerKind::PlayPrompt, prompt.name, node));
            }
            // `-e` sets it, and is stronger.
            Ok((_, None)) => {}
            Err(error) => errors.push(error),
        }
    }
}

fn prompt(node: Node) -> Result<Prompt, Diagnostic> {
    let span = node.span;
    if let Some((key, _)) = node
        .entries()
        .iter()
        .find(|(key, _)| matches!(key.name.as_str(), "encrypt" | "salt" | "salt_size"))
    {
        return Err(Diagnostic::new(format!("`{}` of `vars_prompt` is not supported", key.name))
            .lacks(Lack::Keyword("vars_prompt".to_owned()))
            .at(key.span)
            .help("`user` takes the password itself and hashes it on the host"));
    }
    let mut fields = Fields::of(node, "an entry of `vars_prompt`", &PROMPT_KEYS)?;
    let private = match fields.take("private") {
        None => true,
        Some(Node { kind: NodeKind::Bool(private), .. }) => private,
        Some(node) => match node.as_str().and_then(crate::config::fields::boolean_meant) {
            Some(private) => private,
            None => return Err(crate::config::fields::not_boolean(&node, "private")),
        },
    };
    let confirm = fields.flag("confirm")?;
    let text = fields.text("prompt")?.map(|(text, _)| text);
    let default = fields.take("default").filter(|node| node.kind != NodeKind::Null);
    let Some((name, at)) = fields.text("name")? else {
        return Err(Diagnostic::new("an entry of `vars_prompt` needs `name`")
            .at(span)
            .help("as in `{name: release, prompt: Which release}`"));
    };
    let name = Key { name, span: at };
    check_name(&name)?;
    let text = text.unwrap_or_else(|| name.name.clone());
    Ok(Prompt { name, text, private, default, confirm })
}

/// `vars_files`: files beside the playbook, or in `vars/` there; of a list in the list the first that
/// there is.
pub(super) fn files(
    node: &Node,
    folder: &Path,
    around: &Surroundings<'_>,
    reader: &mut Reader<'_>,
    found: &mut Settings,
    errors: &mut Vec<Diagnostic>,
) {
    let one = std::slice::from_ref(node);
    let items = if matches!(node.kind, NodeKind::List(_)) { node.items() } else { one };
    for item in items {
        let several = if matches!(item.kind, NodeKind::List(_)) {
            item.items()
        } else {
            std::slice::from_ref(item)
        };
        match first_of(several, item.span, folder, around, reader) {
            Ok(node) => match mapping(node, "a file of variables") {
                Ok(entries) => add(entries, &LayerKind::PlayVarsFile, found, errors),
                Err(error) => errors.push(error.help("write `NAME: VALUE`")),
            },
            Err(error) => errors.push(error),
        }
    }
}

fn first_of(
    names: &[Node],
    span: Span,
    folder: &Path,
    around: &Surroundings<'_>,
    reader: &mut Reader<'_>,
) -> Result<Node, Diagnostic> {
    let mut looked = Vec::new();
    for name in names {
        let rendered = (around.render)(name).map_err(|error| {
            error.help("which file it is must be known before any host is: name it, or use `-e`")
        })?;
        let Some(text) = rendered.as_str() else {
            return Err(Diagnostic::new("`vars_files` takes names of files").at(name.span));
        };
        for path in [folder.join("vars").join(text), folder.join(text)] {
            if let Some(node) = reader.yaml(&path)? {
                return Ok(node);
            }
        }
        looked.push(folder.join(text).display().to_string());
    }
    Err(Diagnostic::new(format!("there is no file of variables {}", looked.join(", or ")))
        .at(span)
        .help("it is looked for beside the playbook, and in `vars/` there"))
}

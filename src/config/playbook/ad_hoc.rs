//! A play that is no file: hosts and a task, or a command, as they stand on a command line.

use super::{Play, Surroundings, play};
use crate::config::Reader;
use crate::config::yaml::{self, literal};
use crate::text::{Diagnostic, Span, command_line};
use crate::value::{Key, Node, NodeKind};
use std::path::Path;

/// What is run without a playbook or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdHoc {
    /// Which hosts.
    pub hosts: String,
    /// What on them.
    pub what: AdHocTask,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdHocTask {
    /// A task, or a list of tasks, as YAML.
    Tasks(String),
    /// A program and its arguments, of which no template is made; a single word is a line for a
    /// shell.
    Command(Vec<String>),
}

/// What the play is called.
const NAME: &str = "ad hoc";

/// The play. Its texts become sources, so that what is wrong with them has a place; files are looked
/// for in the working folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn ad_hoc(
    written: &AdHoc,
    around: &Surroundings<'_>,
    reader: &mut Reader<'_>,
) -> Result<Play, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let hosts = text(&written.hosts, "<hosts>", reader);
    let span = hosts.span;
    let tasks = match &written.what {
        AdHocTask::Tasks(text) => tasks(text, reader, &mut errors),
        AdHocTask::Command(words) => Some(command(words, reader)),
    };
    let Some(tasks) = tasks.filter(|_| errors.is_empty()) else { return Err(errors) };
    let entry = |name: &str, node: Node| (Key { name: name.to_owned(), span: node.span }, node);
    let name = Node { kind: NodeKind::Str(NAME.to_owned()), ..hosts.clone() };
    let entries = vec![entry("name", name), entry("hosts", hosts), entry("tasks", tasks)];
    let outer = play::Kept::default();
    let read = play::read(entries, span, Path::new("."), &outer, around, reader, &mut errors);
    match read {
        Some(play) if errors.is_empty() => Ok(play),
        _ => Err(errors),
    }
}

/// A text, kept as a source of its own.
fn text(text: &str, called: &str, reader: &mut Reader<'_>) -> Node {
    let source = reader.sources.add(called, text);
    let len = u32::try_from(text.lines().next().unwrap_or_default().chars().count());
    let span = Span { len: len.unwrap_or(u32::MAX), ..yaml::first_place(source) };
    Node { kind: NodeKind::Str(text.to_owned()), span, secret: false }
}

fn tasks(written: &str, reader: &mut Reader<'_>, errors: &mut Vec<Diagnostic>) -> Option<Node> {
    let whole = text(written, "<task>", reader);
    let (node, found) = yaml::parse_all(whole.span.source, written, reader.vault);
    errors.extend(found);
    let node = node?;
    match node.kind {
        NodeKind::List(_) => Some(node),
        NodeKind::Map(_) => {
            let span = node.span;
            Some(Node { kind: NodeKind::List(vec![node]), span, secret: false })
        }
        // What was meant for `--`, most likely.
        _ => {
            let error = Diagnostic::new("this is no task").at(whole.span);
            errors.push(error.help(format!(
                "a task names a resource, as in 'package: {{name: curl}}'; a command stands behind \
                 `--`, as in `-- {written}`"
            )));
            None
        }
    }
}

fn command(words: &[String], reader: &mut Reader<'_>) -> Node {
    let line = match words {
        [line] => line.clone(),
        words => command_line(words),
    };
    let span = text(&line, "<command>", reader).span;
    let node = |kind| Node { kind, span, secret: false };
    let string = |text: &str| node(NodeKind::Str(literal(text)));
    let key = |name: &str| Key { name: name.to_owned(), span };
    let (resource, params) = match words {
        [line] => ("shell", vec![(key("cmd"), string(line))]),
        words => {
            let argv = NodeKind::List(words.iter().map(|word| string(word)).collect());
            let as_given = node(NodeKind::Bool(false));
            let argv = (key("argv"), node(argv));
            ("command", vec![argv, (key("expand_argument_vars"), as_given)])
        }
    };
    let task = vec![(key("name"), string(&line)), (key(resource), node(NodeKind::Map(params)))];
    node(NodeKind::List(vec![node(NodeKind::Map(task))]))
}

//! From `meta/argument_specs.yml` to specifications.

use super::{Argument, ArgumentSpec, ArgumentSpecs, ArgumentType};
use crate::config::fields::{Fields, mapping};
use crate::config::refuse_boolean_words;
use crate::text::{Diagnostic, Span, nearest};
use crate::value::{Node, NodeKind};
use indexmap::IndexMap;

const ENTRY_KEYS: [&str; 6] =
    ["short_description", "description", "author", "version_added", "seealso", "options"];

const OPTION_KEYS: [&str; 10] = [
    "description",
    "type",
    "elements",
    "required",
    "default",
    "choices",
    "no_log",
    "options",
    "version_added",
    "apply_defaults",
];

impl ArgumentSpecs {
    /// Reads the value of `argument_specs:`.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn read(node: Node) -> Result<Self, Diagnostic> {
        let entries = mapping(node, "`argument_specs`")?;
        let read = entries.into_iter().map(|(key, node)| Ok((key.name, ArgumentSpec::read(node)?)));
        Ok(Self(read.collect::<Result<_, _>>()?))
    }
}

impl ArgumentSpec {
    fn read(node: Node) -> Result<Self, Diagnostic> {
        let mut fields = Fields::of(node, "an entry point", &ENTRY_KEYS)?;
        let short_description = fields.text("short_description")?.map(|(text, _)| text);
        Ok(Self { short_description, options: options(fields.take("options"))? })
    }
}

fn options(node: Option<Node>) -> Result<IndexMap<String, Argument>, Diagnostic> {
    let Some(node) = node else { return Ok(IndexMap::new()) };
    mapping(node, "`options`")?
        .into_iter()
        .map(|(key, node)| Ok((key.name, Argument::read(key.span, node)?)))
        .collect()
}

impl Argument {
    fn read(span: Span, node: Node) -> Result<Self, Diagnostic> {
        let mut fields = Fields::of(node, "an option", &OPTION_KEYS)?;
        let argument = Self {
            span,
            description: texts(fields.take("description")),
            kind: kind(fields.text("type")?)?.unwrap_or(ArgumentType::Str),
            elements: kind(fields.text("elements")?)?,
            required: fields.flag("required")?,
            default: fields.take("default"),
            choices: match fields.take("choices") {
                None => Vec::new(),
                Some(Node { kind: NodeKind::List(choices), .. }) => choices,
                Some(other) => {
                    return Err(Diagnostic::new("`choices` is a list").at(other.span));
                }
            },
            no_log: fields.flag("no_log")?,
            options: options(fields.take("options"))?,
        };
        argument.reject_contradictions()?;
        let mut words = Vec::new();
        argument.default.iter().for_each(|node| refuse_boolean_words(node, &mut words));
        if let Some(error) = words.into_iter().next() {
            return Err(error);
        }
        Ok(argument)
    }

    fn reject_contradictions(&self) -> Result<(), Diagnostic> {
        let wrong = |message: &str| Err(Diagnostic::new(message).at(self.span));
        if self.required && self.default.is_some() {
            return wrong("required, and yet it has a default");
        }
        if self.elements.is_some() && self.kind != ArgumentType::List {
            return wrong("`elements` is for type `list`");
        }
        let members = self.elements.unwrap_or(self.kind);
        if !self.options.is_empty() && !matches!(members, ArgumentType::Dict) {
            return wrong("`options` is for type `dict`, or for a list with `elements: dict`");
        }
        for value in self.default.iter().chain(&self.choices) {
            let kind = match (&value.kind, self.kind, self.elements) {
                (NodeKind::List(_), _, _) => self.kind,
                // Choices of a list are those of its items.
                (_, ArgumentType::List, Some(elements)) => elements,
                _ => self.kind,
            };
            if !matches!(value.kind, NodeKind::Null)
                && !value.has_template()
                && !kind.fits(&value.kind)
            {
                let message = format!("not {}, which its type says", kind.words());
                return Err(Diagnostic::new(message).at(value.span));
            }
        }
        Ok(())
    }
}

fn kind(name: Option<(String, Span)>) -> Result<Option<ArgumentType>, Diagnostic> {
    let Some((name, span)) = name else { return Ok(None) };
    let names = ArgumentType::NAMES;
    if let Some((_, kind)) = names.iter().find(|(known, _)| *known == name) {
        return Ok(Some(*kind));
    }
    let error = Diagnostic::new(format!("there is no type `{name}`")).at(span);
    Err(match nearest(&name, names.map(|(known, _)| known)) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(format!("types are {}", names.map(|(known, _)| known).join(", "))),
    })
}

fn texts(node: Option<Node>) -> Vec<String> {
    let text = |node: &Node| node.as_str().map(str::to_owned);
    match &node {
        None => Vec::new(),
        Some(node) => text(node).into_iter().chain(node.items().iter().filter_map(text)).collect(),
    }
}

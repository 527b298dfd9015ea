//! From the parser's events to a tree.

use super::anchors::Anchors;
use super::limits::MAX_DEPTH;
use super::{extent, mapping, scalar, syntax};
use crate::config::Vault;
use crate::text::{Diagnostic, SourceId, Span};
use crate::value::{Key, Node, NodeKind};
use granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

/// Builds the tree of a text's only document, and tells everything wrong with it. There is no
/// tree where its form is broken.
pub(super) fn document(
    source: SourceId,
    text: &str,
    vault: &Vault,
) -> (Option<Node>, Vec<Diagnostic>) {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    let anchors = Anchors::default();
    let mut builder =
        Builder { parser, source, text, vault, anchors, depth: 0, errors: Vec::new() };
    let document = builder.document();
    let mut errors = builder.errors;
    (document.map_err(|error| errors.push(error)).ok(), errors)
}

struct Builder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    source: SourceId,
    text: &'a str,
    vault: &'a Vault,
    anchors: Anchors,
    depth: usize,
    /// What is wrong with values, keys and tags; the tree goes on without them.
    errors: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Node, Diagnostic> {
        let mut root: Option<Node> = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => {
                    let empty = || Node {
                        kind: NodeKind::Null,
                        span: extent::start(self.source),
                        secret: false,
                    };
                    return Ok(root.unwrap_or_else(empty));
                }
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Diagnostic::new("second document in one file")
                        .at(self.span(&span))
                        .help("keep one document; `---` may stand only at the top"));
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node(event, &span)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, granit_parser::Span), Diagnostic> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(syntax::diagnostic(self.source, self.text, &error)),
            None => Err(Diagnostic::new("unexpected end of the document")
                .at(extent::after(self.source, self.text))),
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        extent::first_line(self.source, self.text, span)
    }

    fn node(&mut self, event: Event<'a>, at: &granit_parser::Span) -> Result<Node, Diagnostic> {
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = self.scalar(&text, style, tag.as_deref(), at);
                (anchor, scalar.unwrap_or_else(|error| self.kept(error, &text, at)))
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.collection_tag("seq", tag.as_deref(), at)?;
                (anchor, self.nested(at, |builder| builder.sequence(style, at))?)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection_tag("map", tag.as_deref(), at)?;
                (anchor, self.nested(at, |builder| builder.mapping(style, at))?)
            }
            Event::Alias(anchor) => {
                return self.anchors.repeat(anchor, self.depth, self.span(at));
            }
            _ => return Err(Diagnostic::new("a value was expected here").at(self.span(at))),
        };
        self.anchors.define(anchor, &node)?;
        Ok(node)
    }

    /// A value that is wrong, as text, so that more can be found behind it.
    fn kept(&mut self, error: Diagnostic, text: &str, at: &granit_parser::Span) -> Node {
        self.errors.push(error);
        Node { kind: NodeKind::Str(text.to_owned()), span: self.span(at), secret: true }
    }

    fn nested(
        &mut self,
        at: &granit_parser::Span,
        build: impl FnOnce(&mut Self) -> Result<Node, Diagnostic>,
    ) -> Result<Node, Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Diagnostic::new(format!("nested deeper than {MAX_DEPTH} levels"))
                .at(extent::point(self.source, &at.start)));
        }
        let node = build(self);
        self.depth -= 1;
        node
    }

    fn sequence(
        &mut self,
        style: StructureStyle,
        at: &granit_parser::Span,
    ) -> Result<Node, Diagnostic> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let span = self.collection_span(style, at, &span);
                return Ok(Node { kind: NodeKind::List(items), span, secret: false });
            }
            items.push(self.node(event, &span)?);
        }
    }

    fn mapping(
        &mut self,
        style: StructureStyle,
        at: &granit_parser::Span,
    ) -> Result<Node, Diagnostic> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut merge: Option<(Span, Node)> = None;
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break span;
            }
            let is_merge =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.key(event, &span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, &span)?;
            if !is_merge {
                entries.push((key, node));
            } else if let Some((first, _)) = merge.replace((key.span, node)) {
                return Err(mapping::duplicate("<<", first, key.span));
            }
        };
        self.errors.extend(mapping::duplicates(&entries));
        let span = match (style, entries.first()) {
            (StructureStyle::Block, Some((key, _))) => key.span,
            _ => self.collection_span(style, at, &end),
        };
        if let Some((merge_span, node)) = merge {
            entries = mapping::merged(merge_span, node, entries)?;
        }
        Ok(Node { kind: NodeKind::Map(entries), span, secret: false })
    }

    fn key(&mut self, event: Event<'a>, at: &granit_parser::Span) -> Result<Key, Diagnostic> {
        let span = self.span(at);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag("str")) {
                    return Err(unknown_tag(&tag, self.tag_span(at)));
                }
                if style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~") {
                    return Err(Diagnostic::new("key without a name").at(span));
                }
                let name = text.into_owned();
                if anchor != 0 {
                    let node = Node { kind: NodeKind::Str(name.clone()), span, secret: false };
                    self.anchors.define(anchor, &node)?;
                }
                Ok(Key { name, span })
            }
            Event::Alias(anchor) => match self.anchors.repeat(anchor, self.depth, span)?.kind {
                NodeKind::Str(name) => Ok(Key { name, span }),
                _ => Err(not_text_key(span)),
            },
            _ => {
                let offset = at.start.byte_offset().unwrap_or_default();
                // `{{ name }}` is a mapping whose key is a mapping.
                let template = offset > 0
                    && self.text[..offset].ends_with('{')
                    && self.text[offset..].starts_with('{');
                Err(if template {
                    Diagnostic::new("template without quotes")
                        .at(Span { column: span.column - 1, len: 2, ..span })
                        .help(syntax::UNQUOTED_TEMPLATE)
                } else {
                    not_text_key(span)
                })
            }
        }
    }

    fn collection_span(
        &self,
        style: StructureStyle,
        start: &granit_parser::Span,
        end: &granit_parser::Span,
    ) -> Span {
        match style {
            StructureStyle::Block => extent::point(self.source, &start.start),
            StructureStyle::Flow => self.span(&granit_parser::Span::new(start.start, end.end)),
        }
    }

    fn tag_span(&self, at: &granit_parser::Span) -> Span {
        self.span(&at.tag_span().unwrap_or(*at))
    }

    fn collection_tag(
        &self,
        expected: &str,
        tag: Option<&Tag>,
        at: &granit_parser::Span,
    ) -> Result<(), Diagnostic> {
        match tag {
            None => Ok(()),
            Some(tag) if tag.is_yaml_core_schema_tag(expected) => Ok(()),
            Some(tag) if matches!(tag.original().as_str(), "!vault" | "!unsafe") => {
                Err(Diagnostic::new(format!("`{}` marks text only", tag.original()))
                    .at(self.tag_span(at)))
            }
            Some(tag) => Err(unknown_tag(tag, self.tag_span(at))),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: &granit_parser::Span,
    ) -> Result<Node, Diagnostic> {
        let mut span = self.span(at);
        let is_plain = style == ScalarStyle::Plain && tag.is_none();
        if !is_plain && span.len == extent::length(text) {
            // Only what stands there plainly covers no more than itself.
            span.len += 1;
        }
        // The parser writes `~` where nothing stands.
        let text = if style == ScalarStyle::Plain && at.is_empty() { "" } else { text };
        let mut secret = false;
        let kind = match tag {
            None if style == ScalarStyle::Plain => {
                scalar::resolve(text).map_err(|error| error.or_at(span))?
            }
            None => NodeKind::Str(text.to_owned()),
            Some(tag) => match tag.original().as_str() {
                "!vault" | "!vault-encrypted" => {
                    secret = true;
                    NodeKind::Str(
                        self.decrypted(text).map_err(|error| error.or_at(self.tag_span(at)))?,
                    )
                }
                "!unsafe" => NodeKind::Str(literal(text)),
                "!" => NodeKind::Str(text.to_owned()),
                _ => self.core(text, tag, at)?,
            },
        };
        Ok(Node { kind, span, secret })
    }

    fn core(
        &self,
        text: &str,
        tag: &Tag,
        at: &granit_parser::Span,
    ) -> Result<NodeKind, Diagnostic> {
        let wanted = tag.core_suffix().ok_or_else(|| unknown_tag(tag, self.tag_span(at)))?;
        let kind = match wanted {
            "str" => NodeKind::Str(text.to_owned()),
            _ => scalar::resolve(text).map_err(|error| error.or_at(self.span(at)))?,
        };
        match (wanted, kind) {
            ("float", NodeKind::Int(number)) => {
                #[expect(clippy::cast_precision_loss, reason = "asked for by the tag")]
                let number = number as f64;
                Ok(NodeKind::Float(number))
            }
            ("str", kind @ NodeKind::Str(_))
            | ("int", kind @ NodeKind::Int(_))
            | ("float", kind @ NodeKind::Float(_))
            | ("bool", kind @ NodeKind::Bool(_))
            | ("null", kind @ NodeKind::Null) => Ok(kind),
            _ => Err(Diagnostic::new(format!("not what its tag `{}` says", tag.original()))
                .at(self.span(at))),
        }
    }

    fn decrypted(&self, envelope: &str) -> Result<String, Diagnostic> {
        let bytes = self.vault.decrypt(envelope.as_bytes())?;
        match std::str::from_utf8(bytes.expose()) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Diagnostic::new("vaulted value is not UTF-8")),
        }
    }
}

/// `!unsafe` text as a template that renders to it. In `{% … %}` the backslashes of JSON are what
/// Jinja takes for escapes; in `{{ … }}` each would stand for itself.
pub(in crate::config) fn literal(text: &str) -> String {
    if !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
        return text.to_owned();
    }
    format!("{{% set text = {} %}}{{{{ text }}}}", serde_json::Value::from(text))
}

fn not_text_key(span: Span) -> Diagnostic {
    Diagnostic::new("a key must be text").at(span)
}

fn unknown_tag(tag: &Tag, span: Span) -> Diagnostic {
    Diagnostic::new(format!("unknown tag `{}`", tag.original()))
        .at(span)
        .help("`!vault` and `!unsafe` are known; a text that starts with `!` goes in quotes")
}

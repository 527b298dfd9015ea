//! `-e`: variables from the command line.

use super::{Layer, LayerKind, Layers, check_name, refuse_boolean_words};
use crate::config::Reader;
use crate::config::fields::found;
use crate::text::{Diagnostic, SourceId, Span};
use crate::value::{Key, Node, NodeKind};
use std::path::Path;
use std::sync::Arc;

/// What every `-e` set, in their order: a later one wins.
#[derive(Debug, Clone, Default)]
pub struct ExtraVars {
    settings: Vec<(Arc<str>, Layer)>,
}

impl ExtraVars {
    /// Reads the values of `-e`, each of which is `NAME=VALUE …` (text, quoted as in a shell),
    /// `{…}` (JSON, or YAML's flow form), or `@FILE` (YAML).
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn read<T: AsRef<str>>(
        values: &[T],
        reader: &mut Reader<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut extra, mut errors) = (Self::default(), Vec::new());
        for value in values {
            match read_one(value.as_ref(), reader) {
                Ok((kind, entries)) => extra.add(&kind, entries, &mut errors),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(extra) } else { Err(errors) }
    }

    /// Adds them to a host's variables.
    pub fn add_to(&self, layers: &mut Layers) {
        for (name, layer) in &self.settings {
            layers.add(name.clone(), layer.clone());
        }
    }

    fn add(&mut self, kind: &LayerKind, entries: Vec<(Key, Node)>, errors: &mut Vec<Diagnostic>) {
        for (key, node) in entries {
            errors.extend(check_name(&key).err());
            refuse_boolean_words(&node, errors);
            let layer = Layer { kind: kind.clone(), span: key.span, node: Arc::new(node) };
            self.settings.push((key.name.into(), layer));
        }
    }
}

fn read_one(
    value: &str,
    reader: &mut Reader<'_>,
) -> Result<(LayerKind, Vec<(Key, Node)>), Diagnostic> {
    if let Some(path) = value.strip_prefix('@') {
        let Some(node) = reader.yaml(Path::new(path))? else {
            return Err(Diagnostic::new(format!("there is no file {path}"))
                .help("`-e @FILE` names a file of variables in YAML"));
        };
        return Ok((LayerKind::ExtraFile, entries(node)?));
    }
    let source = reader.sources.add("-e", value);
    let is_yaml = value.trim_start().starts_with(['{', '[']);
    let set = if is_yaml { entries(reader.parsed(source)?)? } else { pairs(value, source)? };
    Ok((LayerKind::Extra, set))
}

fn entries(node: Node) -> Result<Vec<(Key, Node)>, Diagnostic> {
    match node.kind {
        NodeKind::Null => Ok(Vec::new()),
        NodeKind::Map(entries) => Ok(entries),
        _ => Err(Diagnostic::new(format!("-e takes a mapping of variables, not {}", found(&node)))
            .at(node.span)),
    }
}

/// Reads `NAME=VALUE` pairs; every value is text.
fn pairs(text: &str, source: SourceId) -> Result<Vec<(Key, Node)>, Diagnostic> {
    let mut pairs = Vec::new();
    for word in words(text, source)? {
        let Some((name, value)) = word.text.split_once('=') else {
            return Err(Diagnostic::new(format!("`{}` is no variable", word.text))
                .at(word.span)
                .help("write -e NAME=VALUE, -e '{\"NAME\": VALUE}' or -e @FILE"));
        };
        let key = Key { name: name.to_owned(), span: word.span };
        let kind = NodeKind::Str(value.to_owned());
        pairs.push((key, Node { kind, span: word.span, secret: false }));
    }
    Ok(pairs)
}

struct Word {
    text: String,
    span: Span,
}

/// Splits at blanks outside quotes and templates. Quotes are taken away; a backslash inside double
/// quotes stands before `"` or itself.
fn words(text: &str, source: SourceId) -> Result<Vec<Word>, Diagnostic> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote: Option<(char, Span)> = None;
    let mut braces = 0_u32;
    let (mut line, mut column) = (1, 0);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        column += 1;
        let here = Span { source, line, column, len: 1 };
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
        if c.is_whitespace() && quote.is_none() && braces == 0 {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert_with(|| Word { text: String::new(), span: here });
        if word.span.line == here.line {
            word.span.len = here.column + 1 - word.span.column;
        }
        match (c, quote) {
            ('"' | '\'', None) if braces == 0 => quote = Some((c, here)),
            (c, Some((open, _))) if c == open => quote = None,
            ('\\', Some(('"', _))) if matches!(chars.peek(), Some('"' | '\\')) => {
                column += 1;
                word.text.extend(chars.next());
            }
            _ => {
                match c {
                    '{' if quote.is_none() => braces += 1,
                    '}' if quote.is_none() => braces = braces.saturating_sub(1),
                    _ => {}
                }
                word.text.push(c);
            }
        }
    }
    if let Some((c, span)) = quote {
        return Err(Diagnostic::new("quote without an end")
            .at(span)
            .help(format!("close it: {c}")));
    }
    words.extend(open);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MemoryFiles, Vault};
    use crate::text::Sources;

    fn read(values: &[&str]) -> Result<String, String> {
        let files = MemoryFiles::default()
            .with("vars.yml", "a: 1\nb: [x]")
            .with("list.yml", "[1]")
            .with("words.yml", "a: \"no\"\nb: False")
            .with("empty.yml", "# nothing");
        let (mut sources, vault) = (Sources::default(), Vault::default());
        let mut reader = Reader { files: &files, sources: &mut sources, vault: &vault };
        match ExtraVars::read(values, &mut reader) {
            Ok(extra) => {
                let mut layers = Layers::default();
                extra.add_to(&mut layers);
                let show = |(name, layer): (&str, &Layer)| format!("{name}={:?}", layer.node);
                Ok(layers.winners().map(show).collect::<Vec<_>>().join(" "))
            }
            Err(errors) => {
                let show = |error: &Diagnostic| {
                    let place = error.span.map_or_else(|| "-".into(), |s| sources.locate(s));
                    let len = error.span.map_or(0, |span| span.len);
                    format!("{place}+{len} {}", error.message)
                };
                Err(errors.iter().map(show).collect::<Vec<_>>().join("; "))
            }
        }
    }

    #[test]
    fn the_three_forms() {
        for (values, result) in [
            (&["a=1 b=two"][..], r#"a="1" b="two""#),
            (&["a='x y' b=\"p \\\"q\\\" \\\\ \\n\""], r#"a="x y" b="p \"q\" \\ \\n""#),
            (&["a={{ x | default('y z') }} b="], r#"a="{{ x | default('y z') }}" b="""#),
            (&["a=b=c"], r#"a="b=c""#),
            (&["{\"a\": 1, \"b\": {\"c\": null}}"], r#"a=1 b={"c":null}"#),
            (&["{a: true, b: x}"], r#"a=true b="x""#),
            (&["@vars.yml", "a=2"], r#"a="2" b=["x"]"#),
            (&["a=2", "@vars.yml"], r#"a=1 b=["x"]"#),
            (&["", "@empty.yml"], ""),
            // As in Ansible, a pair's value is text.
            (&["a=no b='on'"], r#"a="no" b="on""#),
        ] {
            assert_eq!(read(values).as_deref(), Ok(result), "{values:?}");
        }
    }

    #[test]
    fn mistakes() {
        for (values, result) in [
            (&["a"][..], "-e:1:1+1 `a` is no variable"),
            (&["a=1 bcd"], "-e:1:5+3 `bcd` is no variable"),
            (&["a='x"], "-e:1:3+1 quote without an end"),
            (&["my-var=1"], "-e:1:1+8 `my-var` is not a variable name"),
            (&["[1]"], "-e:1:1+3 -e takes a mapping of variables, not a list"),
            (&["{a: 1"], "-e:1:1+1 unclosed bracket '{'"),
            (&["{a: 1, a: 2}"], "-e:1:8+1 key `a` stands twice in one mapping"),
            (
                &["@none.yml", "groups=x"],
                "-+0 there is no file none.yml; -e:1:1+8 `groups` is set by converge itself",
            ),
            (
                &["{a: no, b: [{c: On}], d: 'no'}", "@words.yml"],
                "-e:1:5+2 `no` is text here, and `false` to Ansible; \
                 -e:1:17+2 `On` is text here, and `true` to Ansible; \
                 words.yml:2:4+5 `False` is text here, and `false` to Ansible",
            ),
            (&["@list.yml"], "list.yml:1:1+3 -e takes a mapping of variables, not a list"),
        ] {
            assert_eq!(read(values), Err(result.to_owned()), "{values:?}");
        }
    }
}

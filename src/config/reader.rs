//! Reading a file and keeping what errors will want to show of it.

use super::secret::mark_secret;
use super::{Files, Vault, yaml};
use crate::text::{Diagnostic, SourceId, Sources, Span};
use crate::value::{Node, NodeKind};
use std::path::Path;

/// The mark that a wholly vaulted file starts with.
pub const VAULT_MARK: &[u8] = b"$ANSIBLE_VAULT;";

/// What every loader reads through: the files, the texts that spans point into, the passwords.
pub struct Reader<'a> {
    /// Where files come from.
    pub files: &'a dyn Files,
    /// Where their texts are kept.
    pub sources: &'a mut Sources,
    /// What decrypts vaulted ones.
    pub vault: &'a Vault,
}

impl Reader<'_> {
    /// A YAML file's tree, wholly secret where the file is vaulted; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read, decrypted, or is no YAML.
    pub fn yaml(&mut self, path: &Path) -> Result<Option<Node>, Diagnostic> {
        let Some(bytes) = self.bytes(path)? else { return Ok(None) };
        if bytes.starts_with(VAULT_MARK) {
            return self.vaulted(path, &bytes).map(Some);
        }
        let source = yaml::decode(self.sources, path, bytes)?;
        self.parsed(source).map(Some)
    }

    /// As [`Reader::yaml`], with everything wrong added to `errors`: see [`yaml::parse_all`].
    pub fn yaml_all(&mut self, path: &Path, errors: &mut Vec<Diagnostic>) -> Option<Node> {
        let read = |reader: &mut Self| match reader.bytes(path)? {
            Some(bytes) if bytes.starts_with(VAULT_MARK) => {
                reader.vaulted(path, &bytes).map(|node| (Some(node), Vec::new()))
            }
            Some(bytes) => {
                let source = yaml::decode(reader.sources, path, bytes)?;
                let text = reader.sources.text(source).unwrap_or_default();
                Ok(yaml::parse_all(source, text, reader.vault))
            }
            None => Ok((None, Vec::new())),
        };
        let (node, found) = read(self).unwrap_or_else(|error| (None, vec![error]));
        errors.extend(found);
        node
    }

    /// A file's bytes; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.files.read(path).map_err(|error| unreadable(path, &error))
    }

    /// A text file kept as a source; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is not UTF-8.
    pub fn text(&mut self, path: &Path) -> Result<Option<SourceId>, Diagnostic> {
        match self.bytes(path)? {
            Some(bytes) => yaml::decode(self.sources, path, bytes).map(Some),
            None => Ok(None),
        }
    }

    /// The names in a folder in lexical order, folders ending in `/`; none where there is no
    /// folder.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn list(&self, path: &Path) -> Result<Vec<String>, Diagnostic> {
        let mut names =
            self.files.list(path).map_err(|error| unreadable(path, &error))?.unwrap_or_default();
        names.sort_by(|a, b| a.trim_end_matches('/').cmp(b.trim_end_matches('/')));
        Ok(names)
    }

    /// The tree of a source that is kept already.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn parsed(&self, source: SourceId) -> Result<Node, Diagnostic> {
        yaml::parse_with(source, self.sources.text(source).unwrap_or_default(), self.vault)
    }

    fn vaulted(&mut self, path: &Path, envelope: &[u8]) -> Result<Node, Diagnostic> {
        // Of its text only the header is kept, so that no error can quote the rest.
        let header = envelope.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let source = self.sources.add(path, String::from_utf8_lossy(header));
        let at = Span { len: narrow(header.len()), ..yaml::first_place(source) };
        let bytes = self.vault.decrypt(envelope).map_err(|error| error.or_at(at))?;
        let wrong = |note: String| {
            Diagnostic::new("what this vaulted file holds is not valid YAML")
                .at(at)
                .note(note)
                .help("look at it with `ansible-vault view`")
        };
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| wrong("not UTF-8".into()))?;
        let mut node = yaml::parse_with(source, text, self.vault).map_err(|error| {
            let line = error.span.map_or(1, |span| span.line);
            wrong(format!("the mistake is in its line {line}"))
        })?;
        if !matches!(node.kind, NodeKind::Null) {
            mark_secret(&mut node);
        }
        Ok(node)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot read {}: {error}", path.display()))
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

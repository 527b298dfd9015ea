//! YAML, strictly: text in, a tree of [`Node`]s with exact places out. The only user of the YAML
//! crate.
//!
//! YAML 1.2's core schema with what bites people taken out: only `true` and `false` are booleans,
//! an unquoted number with a leading zero is refused, and so is a key that stands twice; an exponent
//! without a sign makes no number. Merge
//! keys (`<<`) are read although 1.2 dropped them, because roles use them.

mod anchors;
mod build;
mod extent;
mod limits;
mod mapping;
mod scalar;
mod syntax;

pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_REPEATED_BYTES};

pub(super) use build::literal;

use super::Vault;
use crate::text::{Diagnostic, SourceId, Sources};
use crate::value::{Node, Value};
use std::path::Path;

/// Reads one document; an empty one is null. `!vault` values are errors, for lack of a password.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn parse(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    parse_with(source, text, &Vault::default())
}

/// Reads one document, its `!vault` values decrypted and marked secret.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn parse_with(source: SourceId, text: &str, vault: &Vault) -> Result<Node, Diagnostic> {
    let (node, errors) = parse_all(source, text, vault);
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => node.ok_or_else(|| Diagnostic::new("no document").at(extent::start(source))),
    }
}

/// As [`parse_with`], with everything wrong. Where there is a tree all the same, values that are
/// wrong stand in it as text: it is for finding more mistakes, not for use.
pub fn parse_all(source: SourceId, text: &str, vault: &Vault) -> (Option<Node>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let mib = text.len().div_ceil(1 << 20);
        let error = Diagnostic::new(format!(
            "document of {mib} MiB is larger than {} MiB",
            MAX_BYTES >> 20
        ))
        .at(extent::start(source))
        .help("split it: variables can stand in several files of a folder `group_vars/NAME/`");
        return (None, vec![error]);
    }
    build::document(source, text, vault)
}

/// Reads one document as data, for templates' `from_yaml`: nothing in it is a template.
///
/// # Errors
/// What is wrong, as a fragment that says where.
pub fn data(text: &str) -> Result<Value, String> {
    match parse(SourceId(u32::MAX), text) {
        Ok(node) => Ok(node.to_value()),
        Err(error) => Err(match error.span {
            Some(span) => format!("{}, in line {}", error.message, span.line),
            None => error.message,
        }),
    }
}

/// A document's first character.
pub(super) const fn first_place(source: SourceId) -> crate::text::Span {
    extent::start(source)
}

/// Keeps a file's bytes as a source.
///
/// # Errors
/// The first byte that is not UTF-8. The file is kept all the same, so that its line can be shown.
pub fn decode(
    sources: &mut Sources,
    path: impl AsRef<Path>,
    bytes: Vec<u8>,
) -> Result<SourceId, Diagnostic> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(path.as_ref(), text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let source = sources.add(path.as_ref(), String::from_utf8_lossy(&bytes));
            let before = String::from_utf8_lossy(&bytes[..at]);
            let byte = bytes.get(at).copied().unwrap_or_default();
            Err(Diagnostic::new(format!("not UTF-8: byte 0x{byte:02x} at offset {at}"))
                .at(extent::after(source, &before))
                .help("save the file as UTF-8"))
        }
    }
}

#[cfg(test)]
mod tests;

//! `converge doc`: what a resource takes, from the code that reads it.

use super::args::DocArgs;
use crate::resource::{find, kinds, reference};
use crate::text::{Diagnostic, nearest};
use std::fmt::Write;

/// Columns of a resource's name in the list.
const NAME: usize = 16;

/// One resource's reference, or the list of all.
///
/// # Errors
/// There is no such resource.
pub(super) fn text(args: &DocArgs) -> Result<String, Diagnostic> {
    let Some(name) = &args.resource else { return Ok(list()) };
    find(name).map(reference).ok_or_else(|| {
        let error = Diagnostic::new(format!("there is no resource `{name}`"));
        let known = kinds().iter();
        let known = known.flat_map(|kind| [kind.name].into_iter().chain(kind.aliases.to_vec()));
        match nearest(name, known) {
            Some(known) => error.help(format!("did you mean `{known}`?")),
            None => error.help("`converge doc` lists them all"),
        }
    })
}

/// A line each, with the first sentence of what it is.
fn list() -> String {
    let mut out = String::new();
    for kind in kinds() {
        let about = kind.parameters().about.replace('\n', " ");
        let sentence = about.find(". ").map_or(about.as_str(), |end| &about[..end]);
        let _ = writeln!(out, "{:<NAME$} {}", kind.name, sentence.trim_end_matches('.'));
    }
    out + "\n`converge doc NAME` shows what one takes.\n"
}

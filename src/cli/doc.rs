//! `converge doc`: what a resource takes, from the code that reads it.

use super::args::DocArgs;
use crate::resource::{Kind, Parameter, find, kinds};
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
        let known = kinds()
            .iter()
            .flat_map(|kind| [kind.name].into_iter().chain(kind.aliases.iter().copied()));
        match nearest(name, known) {
            Some(known) => error.help(format!("did you mean `{known}`?")),
            None => error.help("`converge doc` lists them all"),
        }
    })
}

fn list() -> String {
    let mut out = String::new();
    for kind in kinds() {
        let about = paragraph(&kind.parameters().about);
        let about = about.lines().next().unwrap_or_default();
        let _ = writeln!(out, "{:<NAME$} {about}", kind.name);
    }
    out + "\n`converge doc NAME` shows what one takes.\n"
}

fn reference(kind: &Kind) -> String {
    let mut out = kind.name.to_owned();
    if !kind.aliases.is_empty() {
        let _ = write!(out, "   (also {})", kind.aliases.join(", "));
    }
    let parameters = kind.parameters();
    let about = paragraph(&parameters.about).replace('\n', "\n  ");
    let _ = writeln!(out, "\n  {about}\n\nParameters:");
    for parameter in &parameters.all {
        describe(&mut out, parameter, kind.free_form == Some(&parameter.name));
    }
    if parameters.any {
        out.push_str("  Any other name is a parameter too.\n");
    }
    let _ = writeln!(out, "\nExample:\n{}", kind.example.trim_end());
    out
}

fn describe(out: &mut String, parameter: &Parameter, free_form: bool) {
    let mut facts = vec![parameter.type_in_words()];
    if parameter.required {
        facts.push("required".to_owned());
    }
    if let Some(default) = &parameter.default {
        facts.push(format!("default {default}"));
    }
    if !parameter.aliases.is_empty() {
        facts.push(format!("also {}", parameter.aliases.join(", ")));
    }
    if free_form {
        facts.push("may stand alone as the task's text".to_owned());
    }
    let _ = writeln!(out, "  {}: {}", parameter.name, facts.join("; "));
    for line in paragraph(&parameter.about).lines() {
        let _ = writeln!(out, "      {line}");
    }
}

/// Doc comments break their lines where the source does; a paragraph is one line here, and
/// links are words.
fn paragraph(about: &str) -> String {
    let paragraphs = about.split("\n\n").map(|lines| lines.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n").replace("[`", "`").replace("`]", "`")
}

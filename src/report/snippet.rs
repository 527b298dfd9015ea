//! Diagnostics in the form that compilers use: message, place, the marked line, notes, help.

use super::style::{Paint, Style};
use super::{escape, mask::mask};
use crate::text::{Diagnostic, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing goes on here.
    Error,
    /// Something to know.
    Warning,
}

impl Severity {
    /// The word that a diagnostic begins with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Lines of a task above the marked one that are still shown.
const CONTEXT: usize = 4;

/// Several lines, without a line end after the last. Where the source is not at hand, the place
/// is left out rather than wrong.
#[must_use]
pub fn render(
    diagnostic: &Diagnostic,
    sources: &Sources,
    severity: Severity,
    colour: bool,
) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let excerpt = diagnostic.span.and_then(|span| Excerpt::of(span, sources));
    let message = escape::line(&diagnostic.message);
    if excerpt.is_none() {
        let place = place(diagnostic, sources).filter(|_| is_vaulted(diagnostic, sources));
        return without_source(diagnostic, &message, place, severity, colour);
    }
    let label = diagnostic.label.as_deref().map(escape::line);
    let mut group = Group::with_title(level.primary_title(message));
    if let Some(excerpt) = &excerpt {
        let shown = AnnotationKind::Visible.span(0..excerpt.text.len());
        let mut mark = AnnotationKind::Primary.span(excerpt.mark.clone());
        if let Some(label) = label {
            mark = mark.label(label);
        }
        let snippet = Snippet::source(&excerpt.text)
            .line_start(excerpt.first_line)
            .path(&excerpt.path)
            .annotation(mark)
            .annotation(shown);
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.no_name().message(escape::lines(note)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(escape::lines(help)));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The same without a quoted line.
fn without_source(
    diagnostic: &Diagnostic,
    message: &str,
    place: Option<String>,
    severity: Severity,
    colour: bool,
) -> String {
    let style = Style { colour, ..Style::default() };
    let paint = match severity {
        Severity::Error => Paint::Bad,
        Severity::Warning => Paint::Change,
    };
    let word = style.paint(paint, severity.word());
    let mut out = format!("{word}: {}", style.paint(Paint::Strong, message));
    if let Some(place) = place {
        out.push_str(&format!("\n --> {place}"));
    }
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    for note in diagnostic.notes.iter().cloned().chain(help) {
        let note = escape::lines(&note).replace('\n', "\n    ");
        out.push_str(&format!("\n  = {note}"));
    }
    out
}

/// Whether it points into what a vaulted file holds, of which no line is ever shown.
fn is_vaulted(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let text = diagnostic.span.and_then(|span| sources.text(span.source));
    text.is_some_and(|text| text.starts_with("$ANSIBLE_VAULT;"))
}

/// `path:line:column: message`, for one line of a list.
#[must_use]
pub fn one_line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let message = escape::line(&diagnostic.message);
    match place(diagnostic, sources) {
        Some(place) => format!("{place}: {message}"),
        None => message.into_owned(),
    }
}

/// `path:line:column`, where the source is known.
#[must_use]
pub fn place(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
    let span = diagnostic.span.filter(|span| sources.path(span.source).is_some())?;
    Some(escape::line(&sources.locate(span)).into_owned())
}

/// The lines that are quoted.
struct Excerpt {
    path: String,
    text: String,
    first_line: usize,
    /// Byte offsets into `text`.
    mark: Range<usize>,
}

impl Excerpt {
    /// `None` if the span lies outside its source (it may come from a host).
    fn of(span: Span, sources: &Sources) -> Option<Self> {
        let path = sources.path(span.source)?.display().to_string();
        let lines: Vec<&str> = sources.text(span.source)?.lines().collect();
        let last = (span.line as usize).checked_sub(1)?;
        let line = *lines.get(last)?;
        let mut mark = bytes(line, span.column, span.len)?;
        let first = head(&lines, last);
        let mut text = String::new();
        for above in &lines[first..last] {
            text.push_str(&mask(above, &mut (0..0)));
            text.push('\n');
        }
        let line = mask(line, &mut mark);
        let mark = text.len() + mark.start..text.len() + mark.end;
        text.push_str(&line);
        Some(Self { path: escape::line(&path).into_owned(), text, first_line: first + 1, mark })
    }
}

/// The stretch of a line in bytes; a point at the line's end is marked too.
fn bytes(line: &str, column: u32, len: u32) -> Option<Range<usize>> {
    let skip = (column as usize).checked_sub(1)?;
    let mut starts = line.char_indices().map(|(at, _)| at).chain([line.len()]).skip(skip);
    let start = starts.next()?;
    let end = (len as usize).checked_sub(1).and_then(|rest| starts.nth(rest));
    Some(start..end.unwrap_or(if len == 0 { start } else { line.len() }))
}

/// The line where the marked line's list entry begins (`- name: …`), if it is near: an error
/// deep in a task is easier to place with its name above.
fn head(lines: &[&str], last: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[last]);
    if lines[last].trim_start().starts_with("- ") {
        return last;
    }
    for at in (last.saturating_sub(CONTEXT)..last).rev() {
        let line = lines[at];
        if line.trim().is_empty() {
            return last;
        }
        if line.trim_start().starts_with("- ") && indent(line) < own {
            return at;
        }
    }
    last
}

#[cfg(test)]
mod tests;

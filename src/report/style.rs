//! How a report looks: decided once by the command line, never looked up here.

use std::fmt;

/// How much of a diff is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiffShow {
    /// None: the plan's lines only.
    #[default]
    None,
    /// The first ten lines of each.
    Short,
    /// Everything.
    Full,
}

/// What the reader's terminal can, and how much he wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Colours; the meaning never hangs on them.
    pub colour: bool,
    /// Columns of a terminal that can rewrite a line; `None`: a file, a pipe, a job's log.
    pub terminal: Option<usize>,
    /// How much of each diff.
    pub diff: DiffShow,
    /// 0: what changes; 1: also tasks that are as declared or skipped.
    pub verbosity: u8,
}

/// What a stretch of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Add,
    Change,
    Remove,
    Unknown,
    Good,
    Bad,
    Dim,
    Strong,
}

impl Style {
    /// The text in its colour, if there are colours.
    pub(super) fn paint<T: fmt::Display>(&self, paint: Paint, text: T) -> Painted<T> {
        Painted { paint: self.colour.then_some(paint), text }
    }
}

/// See [`Style::paint`].
pub(super) struct Painted<T> {
    paint: Option<Paint>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use anstyle::AnsiColor::{BrightBlack, Green, Red, Yellow};
        use anstyle::{AnsiColor::Cyan, Style as Ansi};
        let Some(paint) = self.paint else { return self.text.fmt(f) };
        let ansi = match paint {
            Paint::Add | Paint::Good => Green.on_default(),
            Paint::Change => Yellow.on_default(),
            Paint::Remove => Red.on_default(),
            Paint::Bad => Red.on_default().bold(),
            Paint::Unknown => Cyan.on_default(),
            Paint::Dim => BrightBlack.on_default(),
            Paint::Strong => Ansi::new().bold(),
        };
        write!(f, "{ansi}{}{ansi:#}", self.text)
    }
}

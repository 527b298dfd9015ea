//! Who reads what is printed: looked at once, here and nowhere else.

use crate::report::{DiffShow, Style};
use std::io::IsTerminal;

/// What stands at the ends of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terminal {
    /// Somebody can answer a question.
    pub(super) can_ask: bool,
    /// Columns of the terminal on standard output.
    pub(super) columns: Option<usize>,
    /// Standard output takes colours.
    pub(super) colour: bool,
    /// Standard error takes colours.
    pub(super) error_colour: bool,
}

impl Terminal {
    /// Looks at the process and its environment. `NO_COLOR` (no-color.org) and `TERM=dumb` are
    /// heeded.
    pub(super) fn of_process() -> Self {
        let (out, error) = (std::io::stdout(), std::io::stderr());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let plain = dumb || variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = || match rustix::termios::tcgetwinsize(&out) {
            Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
            _ => 80,
        };
        Self {
            can_ask: std::io::stdin().is_terminal() && out.is_terminal(),
            columns: (out.is_terminal() && !dumb).then(columns),
            colour: out.is_terminal() && !plain,
            error_colour: error.is_terminal() && !plain,
        }
    }

    /// How reports look there.
    pub(super) const fn style(&self, diff: DiffShow, verbosity: u8) -> Style {
        Style { colour: self.colour, terminal: self.columns, diff, verbosity }
    }
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "only cli/ reads the environment")]
    std::env::var_os(name)
}

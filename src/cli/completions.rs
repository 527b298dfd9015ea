//! `converge completions SHELL`.

use super::args::{Cli, CompletionsArgs};
use clap::CommandFactory;

/// The script that the shell reads.
pub(super) fn text(args: &CompletionsArgs) -> String {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "converge", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

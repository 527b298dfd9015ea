//! How what was run ended.

use crate::event::TaskRef;
use crate::text::Diagnostic;
use crate::value::{Origin, Value};

/// How a task list ended.
#[derive(Debug)]
pub(super) enum Flow {
    /// Go on with what follows.
    Go,
    /// A task failed: what follows is not run.
    Stop { task: Box<TaskRef>, error: Diagnostic, result: Value },
    /// The host's run ends here, successfully.
    End,
    /// It may end here: what follows is a way that it may not go.
    MayEnd(Origin),
}

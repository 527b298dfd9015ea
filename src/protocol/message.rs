//! The messages of a session, in both directions.

use crate::engine::bundle::Bundle;
use crate::engine::{Attempt, Delegated, Delegation, Order};
use crate::event::Event;
use crate::log::Record;
use crate::text::Diagnostic;
use crate::value::{Map, Value};
use serde::{Deserialize, Serialize};

/// The protocol's version: both sides must speak the same.
pub const VERSION: u32 = 3;

/// From the controller.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToAgent {
    /// The first message: everything the host needs.
    Bundle {
        /// [`VERSION`] of the controller.
        version: u32,
        /// The run.
        bundle: Box<Bundle>,
        /// What the agent is to log ([`crate::log::Filter`]); nothing costs it nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<String>,
    },
    /// The answer to [`FromAgent::NextPlay`]: begin it.
    Go {
        /// What depends on how the other hosts fared: `ansible_play_hosts`.
        variables: Map,
    },
    /// The answer to [`FromAgent::NextPlay`]: this host takes no further part.
    End,
    /// The answer to [`FromAgent::RunOnce`]: this host runs the task.
    Yours,
    /// The answer to [`FromAgent::Delegate`].
    Delegated(Box<Result<Delegated, Diagnostic>>),
    /// An answer to [`FromAgent::NextPlay`]: do this for another host, tell of it, and wait again.
    Work(Box<Order>),
    /// The answer to [`FromAgent::HostVariable`]; `None` where that host has none of that name.
    HostVariable(Box<Result<Option<Value>, Diagnostic>>),
    /// The answer to [`FromAgent::RunOnce`]: another host ran it.
    Done {
        /// Its registered result.
        result: Value,
    },
}

/// From the agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromAgent {
    /// The first message.
    Hello {
        /// [`VERSION`] of the agent.
        version: u32,
    },
    /// In the place of an agent, which the host has not got yet: it is to be sent, and then the
    /// first message again.
    NeedsAgent {
        /// What uname(1) calls the machine; blanks may follow.
        machine: String,
    },
    /// Says every 2 seconds that it lives.
    Beat,
    /// Something happened.
    Event(Event),
    /// Something took its time, where the controller asked for that.
    Log(Box<Record>),
    /// Asks whose turn a `run_once: true` task is, and waits.
    RunOnce {
        /// The task's id.
        task: String,
    },
    /// Waits until it is said how it goes on: for its next play, or for what others ask of it.
    NextPlay {
        /// It has ended a play since it last waited.
        ended: bool,
    },
    /// Has another do a delegated task, and waits.
    Delegate(Delegation),
    /// What came of [`ToAgent::Work`]; its events came before.
    Worked(Box<Result<Attempt, Diagnostic>>),
    /// Asks for a variable of another host's, and waits.
    HostVariable {
        /// The other host.
        host: String,
        /// The variable.
        name: String,
    },
    /// What others ask for of this host: its facts when it begins, and what it has at the end of
    /// each play.
    Shares {
        /// By name.
        values: Map,
        /// Names of what it has and tells nobody.
        secret: Vec<String>,
    },
    /// The result of a `run_once: true` task that this host ran.
    RunOnceResult {
        /// The task's id.
        task: String,
        /// Its registered result.
        result: Value,
    },
    /// The last message where no run was possible.
    Refused {
        /// Another run holds the host's lock.
        locked: bool,
        /// Why, and what to do.
        error: Diagnostic,
    },
}

#[cfg(test)]
mod tests {
    use super::{FromAgent, VERSION};

    /// Whether the agent waits for an answer to it: a round trip. A new message must decide here.
    fn is_question(message: &FromAgent) -> bool {
        match message {
            FromAgent::NeedsAgent { .. }
            | FromAgent::RunOnce { .. }
            | FromAgent::NextPlay { .. }
            | FromAgent::HostVariable { .. }
            | FromAgent::Delegate(_) => true,
            FromAgent::Hello { .. }
            | FromAgent::Beat
            | FromAgent::Event(_)
            | FromAgent::Log(_)
            | FromAgent::RunOnceResult { .. }
            | FromAgent::Shares { .. }
            | FromAgent::Worked(_)
            | FromAgent::Refused { .. } => false,
        }
    }

    #[test]
    fn the_protocol_asks_only_for_what_another_must_do() {
        assert!(is_question(&FromAgent::RunOnce { task: String::new() }));
        assert!(!is_question(&FromAgent::Hello { version: VERSION }));
    }
}

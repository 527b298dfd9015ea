//! Tasks that the controller does for its hosts, one at a time: an API key is tried once, and
//! never leaves this machine.

use super::outcome::RunOptions;
use super::project::Project;
use crate::engine::bundle::Purpose;
use crate::engine::memory::Forgetful;
use crate::engine::state::State;
use crate::engine::{Attempt, Delegation, Outlet, Runner};
use crate::event::Event;
use crate::host::local::Local;
use crate::host::overlay::Overlay;
use crate::text::Diagnostic;
use crate::value::{Origin, Value};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Shared by all sessions of a run.
pub(super) struct DelegateDesk<'p> {
    project: &'p Project,
    options: &'p RunOptions,
    /// Why the other side refused the controller's credentials: they are not tried again, because
    /// servers lock out those who guess.
    refused: Mutex<Option<Diagnostic>>,
    /// In a dry run: the act that was announced first, after which no answer can be foretold.
    announced: Mutex<Option<Origin>>,
}

impl<'p> DelegateDesk<'p> {
    pub(super) fn new(project: &'p Project, options: &'p RunOptions) -> Self {
        Self { project, options, refused: Mutex::new(None), announced: Mutex::new(None) }
    }

    /// Does a task for a host. Its events go where the host's own go.
    pub(super) fn answer(
        &self,
        host: &str,
        request: &Delegation,
        events: &mut dyn FnMut(Event),
    ) -> Result<Attempt, Diagnostic> {
        // The lock is what makes them one after another.
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*refused {
            return Err(error.clone());
        }
        let bundle = self.project.whole_bundle(host, self.options);
        let mut memory = Forgetful::new(State::default(), Vec::new());
        let mut outlet = Passing { events };
        let runner = Runner::new(&bundle, &mut memory, &mut outlet);
        let mut local = Local::new();
        if self.options.purpose == Purpose::Apply {
            let attempt = runner.answer(&mut local, request)?;
            *refused = refusal(&attempt, host);
            return Ok(attempt);
        }
        // The host itself is among those whose answers hinge on what is pending.
        let run_hosts: HashSet<String> =
            self.project.addresses().map(|(_, address)| address).collect();
        let mut overlay = Overlay::new(&local, run_hosts).after(request.pending.clone());
        if let Some(origin) = &*announced {
            crate::host::Host::unsettle(&mut overlay, &[], origin);
        }
        let attempt = runner.answer(&mut overlay, request)?;
        *refused = refusal(&attempt, host);
        if let Some(action) = attempt.actions().first() {
            announced
                .get_or_insert_with(|| Origin::new(format!("{} {}", action.kind, action.target)));
        }
        Ok(attempt)
    }
}

/// Whether the reply refuses the credentials (RFC 9110, 15.5.2 and 15.5.4).
fn refusal(attempt: &Attempt, host: &str) -> Option<Diagnostic> {
    let status = attempt.member("status")?;
    matches!(status.exposed(), Value::Int(401 | 403)).then(|| {
        Diagnostic::new("the controller's credentials were refused before in this run")
            .note(format!("on behalf of host `{host}`; they are not tried again"))
            .help("give the controller a valid key, then run again")
    })
}

struct Passing<'e> {
    events: &'e mut dyn FnMut(Event),
}

impl Outlet for Passing<'_> {
    fn event(&mut self, event: Event) {
        (self.events)(event);
    }
}

//! Tasks that others do for a host: the controller's own process, one at a time, so that an API key is
//! tried once and never leaves this machine; or another host, once it has done its own.

use super::outcome::RunOptions;
use super::project::Project;
use super::steps::{Steps, Work};
use super::turns::Turns;
use crate::engine::bundle::{Bundle, Purpose};
use crate::engine::memory::Forgetful;
use crate::engine::state::State;
use crate::engine::{Attempt, Delegated, Delegation, Outlet, Prepared, Runner};
use crate::event::{Event, HostStatus};
use crate::host::local::Local;
use crate::host::overlay::Overlay;
use crate::text::Diagnostic;
use crate::value::{Map, Origin, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Shared by all sessions of a run.
pub(super) struct DelegateDesk<'p> {
    project: &'p Project,
    options: &'p RunOptions,
    /// Why the other side refused the controller's credentials: they are not tried again, because
    /// servers lock out those who guess.
    refused: Mutex<Option<Diagnostic>>,
    /// In a dry run: the act that was announced first, after which no answer can be foretold.
    announced: Mutex<Option<Origin>>,
    bundles: Mutex<HashMap<String, Arc<Bundle>>>,
    /// Variables of the play that is run.
    around: Mutex<Map>,
}

impl<'p> DelegateDesk<'p> {
    pub(super) fn new(project: &'p Project, options: &'p RunOptions) -> Self {
        let (refused, announced) = (Mutex::new(None), Mutex::new(None));
        Self {
            project,
            options,
            refused,
            announced,
            bundles: Mutex::default(),
            around: Mutex::default(),
        }
    }

    /// Has a task done for a host.
    pub(super) fn answer(
        &self,
        host: &str,
        request: &Delegation,
        steps: &Steps,
        turns: &Turns,
        events: &mut dyn FnMut(Event),
    ) -> Result<Delegated, Diagnostic> {
        let bundle = self.bundle_of(host);
        if bundle.is_done_by_controller(&request.task) {
            return self.done_here(host, &bundle, request, events).map(Delegated::Done);
        }
        let mut memory = Forgetful::new(State::default(), Vec::new());
        let mut outlet = Passing { events };
        let around = self.around.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let runner = Runner::new(&bundle, &mut memory, &mut outlet);
        let Prepared { delegate, order } = runner.prepare(request, around)?;
        if delegate == host {
            return Ok(Delegated::Yours(order));
        }
        if !self.project.serving.contains(&delegate) {
            let error = Diagnostic::new(format!("`{delegate}` is no delegate of this run"));
            return Err(error.help("who does a task must be known before the run begins"));
        }
        let (answer, answered) = mpsc::channel();
        let work = Work { asker: host.to_owned(), order, answer };
        let post = |is_behind: bool| {
            if is_behind && steps.is_ahead(&delegate) {
                return Err(circle(host, &delegate));
            }
            steps.post(&delegate, work).map_err(|status| gone(&delegate, Some(status)))
        };
        let attempt = steps.aside(host, || {
            turns.take(host, &request.id, &delegate, post)?;
            let attempt = answered.recv();
            let attempt =
                attempt.unwrap_or_else(|_| Err(gone(&delegate, steps.how_ended(&delegate))));
            turns.waits_for(host, None);
            attempt
        });
        attempt.map(Delegated::Done)
    }

    /// A host is not to do what a host that it waits for asked of it: neither would go on.
    pub(super) fn refuse_circles(host: &str, steps: &Steps, turns: &Turns) {
        for asker in steps.askers(host) {
            if turns.is_behind(host, &asker) {
                steps.refuse(host, &asker, &circle(&asker, host));
            }
        }
    }

    /// What the controller knows of a host, for all that it asks for.
    fn bundle_of(&self, host: &str) -> Arc<Bundle> {
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(self.project.whole_bundle(host, self.options));
        Arc::clone(bundles.entry(host.to_owned()).or_insert_with(new))
    }

    /// A batch is begun: what its tasks find of the play.
    pub(super) fn begin(&self, variables: Map) {
        *self.around.lock().unwrap_or_else(PoisonError::into_inner) = variables;
    }

    /// Does a task in this process. Its events go where the host's own go.
    fn done_here(
        &self,
        host: &str,
        bundle: &Bundle,
        request: &Delegation,
        events: &mut dyn FnMut(Event),
    ) -> Result<Attempt, Diagnostic> {
        // The lock is what makes them one after another.
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*refused {
            return Err(error.clone());
        }
        let mut memory = Forgetful::new(State::default(), Vec::new());
        let mut outlet = Passing { events };
        let runner = Runner::new(bundle, &mut memory, &mut outlet);
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

fn circle(host: &str, delegate: &str) -> Diagnostic {
    Diagnostic::new(format!("`{host}` and `{delegate}` wait for each other"))
        .note("a host does something for another once it has done its own part of the play")
        .help("put the one or the other task into a play of its own")
}

fn gone(delegate: &str, status: Option<HostStatus>) -> Diagnostic {
    let why = match status {
        Some(HostStatus::Unreachable) => "cannot be reached",
        Some(HostStatus::Failed) => "has failed",
        Some(HostStatus::Locked) => "is held by another run",
        _ => "ended before it could do this",
    };
    Diagnostic::new(format!("the delegate `{delegate}` {why}"))
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

#[cfg(test)]
mod tests {
    use crate::controller::{Project, RunOptions};
    use crate::engine::bundle::Purpose;
    use crate::engine::memory::Forgetful;
    use crate::engine::state::State;
    use crate::engine::{Delegation, Order, Outlet, Prepared, Runner, What};
    use crate::event::Event;
    use crate::text::Diagnostic;
    use crate::value::{Map, Value};

    const HOSTS: &str = "
all:
  vars: {path: /etc/right, who: db1, names: [one, two]}
  hosts: {w1: , db1: {secret: of-db1}, db2: }
";

    const SITE: &str = "
- hosts: w1
  tasks:
    - command: {cmd: date}
      changed_when: false
      register: when_it_was
    - name: \"{{ item }} of {{ secret | default('nobody') }}\"
      copy: {dest: \"{{ path }}/{{ item }}\", content: \"{{ when_it_was.stdout }}\"}
      loop: \"{{ names }}\"
      delegate_to: \"{{ who }}\"
";

    struct Nobody;

    impl Outlet for Nobody {
        fn event(&mut self, _: Event) {}
    }

    fn prepared(request: &Delegation) -> Result<Prepared, Diagnostic> {
        let project = Project::of_texts(HOSTS, SITE);
        assert_eq!(project.serving().collect::<Vec<_>>(), ["db1"]);
        let options =
            RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
        let bundle = project.whole_bundle("w1", &options);
        let mut memory = Forgetful::new(State::default(), Vec::new());
        Runner::new(&bundle, &mut memory, &mut Nobody).prepare(request, Map::new())
    }

    fn request(task: &str, index: usize, given: &[(&str, Value)]) -> Delegation {
        let task = format!("play w1 of site.yml/tasks:{task}");
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Delegation {
            id: task.clone(),
            task,
            play: 0,
            label: None,
            index: Some(index),
            only_if: None,
            given: given.collect(),
            pending: Default::default(),
        }
    }

    const TASK: &str = "{{ item }} of {{ secret | default('nobody') }}";

    /// Whatever a host says, it gives data alone.
    #[test]
    fn a_host_chooses_neither_who_does_it_nor_what_nor_for_which_item() {
        let said = Value::Map([("stdout".to_owned(), "{{ secret }}".into())].into_iter().collect());
        let given = [
            ("when_it_was", said),
            ("path", "/etc/wrong".into()),
            ("who", "db2".into()),
            ("item", "three".into()),
            ("names", Value::List(vec!["three".into()])),
            ("inventory_hostname", "db2".into()),
        ];
        let Prepared { delegate, order } = prepared(&request(TASK, 1, &given)).unwrap();
        assert_eq!(delegate, "db1");
        let Order { host, what: What::Resource(value), task, .. } = *order else { panic!() };
        assert_eq!((host.as_str(), task.name.as_str()), ("w1", Some("two of nobody")));
        let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap().to_owned();
        assert_eq!(member("dest"), "/etc/right/two");
        // A template that comes from a host stays text.
        assert_eq!(member("content"), "{{ secret }}");
        for (task, index, why) in [
            (TASK, 7, "an item that the loop does not have"),
            ("command", 0, "which is not delegated"),
            ("no such task", 0, "which is not delegated"),
        ] {
            let error = prepared(&request(task, index, &given)).err().unwrap();
            assert!(error.message.contains(why), "{error}");
        }
    }
}

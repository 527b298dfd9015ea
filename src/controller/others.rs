//! What hosts may know of each other: what the inventory says of them, the facts that they told when
//! they began, and what tasks have set on them in the batches and plays before.

use super::outcome::RunOptions;
use super::project::Project;
use super::steps::Steps;
use crate::engine::names::OtherValue;
use crate::engine::scope::Scopes;
use crate::host::local::FACT_NAMES;
use crate::template::Templates;
use crate::text::{Diagnostic, Redactor, Sources};
use crate::value::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by all sessions of a run.
pub(super) struct OthersDesk<'p> {
    project: &'p Project,
    options: &'p RunOptions,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// What hosts have told, as the others see it.
    told: HashMap<String, Told>,
    /// What they have told since: the others see it once all have ended what they are at.
    later: HashMap<String, Told>,
    /// Hosts of the batch that is run.
    present: HashSet<String>,
    /// Hosts whose sessions have ended.
    ended: HashSet<String>,
    /// What the tasks of each host that asked anything ask for.
    asked: HashMap<String, Arc<BTreeSet<OtherValue>>>,
}

/// What a host has told of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) values: Map,
    /// What it has and keeps to itself.
    pub(super) secret: Vec<String>,
}

impl<'p> OthersDesk<'p> {
    pub(super) fn new(project: &'p Project, options: &'p RunOptions) -> Self {
        Self { project, options, inner: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch is begun with these hosts. What was told before is seen by all of them.
    pub(super) fn begin(&self, hosts: &[&str]) {
        let mut inner = self.lock();
        let later = std::mem::take(&mut inner.later);
        inner.told.extend(later);
        inner.present = hosts.iter().map(|host| (*host).to_owned()).collect();
    }

    /// A host tells of itself: its facts first of all.
    pub(super) fn tell(&self, host: &str, told: Told) {
        let mut inner = self.lock();
        if inner.told.contains_key(host) {
            inner.later.insert(host.to_owned(), told);
        } else {
            inner.told.insert(host.to_owned(), told);
        }
        self.changed.notify_all();
    }

    /// A host's session has ended.
    pub(super) fn end(&self, host: &str) {
        self.lock().ended.insert(host.to_owned());
        self.changed.notify_all();
    }

    /// A variable of another host's, for a host whose own tasks ask for it. Waits until the other has
    /// begun, where it is about to.
    pub(super) fn answer(
        &self,
        host: &str,
        other: &str,
        name: &str,
        steps: &Steps,
    ) -> Result<Option<Value>, Diagnostic> {
        if !self.may_ask(host, other, name) {
            let message = format!("no task of this host asks for `{name}` of host `{other}`");
            return Err(Diagnostic::new(message));
        }
        let project = self.project;
        let Some(entry) = project.inventory.host(other) else {
            let error = Diagnostic::new(format!("host `{other}` is not in the inventory"));
            return Err(error.help("`hostvars` takes the names of hosts, as `groups` has them"));
        };
        let variables = project.variables(other);
        let reach = project.reach(&variables, &[], [name.to_owned()]);
        let needs_facts = reach.names.iter().any(|name| FACT_NAMES.contains(&name.as_str()));
        let told = self.told_by(host, other, needs_facts, steps);
        let told = told.map_err(|error| error.note(format!("asked for `{name}`")))?;
        if told.secret.iter().any(|secret| reach.names.contains(secret)) {
            return Err(kept_secret(other, name));
        }
        let extra = project.hosts.get(other).map(|plan| plan.extra.clone());
        let extra = extra.unwrap_or_else(|| {
            project.extra.names().filter_map(|name| project.extra.entry(name)).collect()
        });
        let mut scopes = Scopes::new(Arc::new(Templates::new()), Redactor::default());
        scopes.extra = Arc::new(extra);
        let entries = variables.names().filter(|name| reach.names.contains(*name));
        scopes.inventory = Arc::new(entries.filter_map(|name| variables.entry(name)).collect());
        let mut facts = project.magic(entry.name.as_str(), &reach.names);
        let (of_host, set): (Map, Map) =
            told.values.into_iter().partition(|(name, _)| FACT_NAMES.contains(&name.as_str()));
        facts.extend(of_host);
        scopes.facts = Arc::new(facts);
        scopes.results = Arc::new(set);
        scopes.lookups = Arc::new(project.answers.clone());
        let value = scopes.keeping_scope().lookup(name)?;
        match value {
            Some(value) if value.has_secret() => Err(kept_secret(other, name)),
            None if self.is_at_work(other) && project.sets(other, name) => {
                Err(not_yet(other, name))
            }
            value => Ok(value),
        }
    }

    /// Whether the controller's own copy of the host's tasks asks for it.
    fn may_ask(&self, host: &str, other: &str, name: &str) -> bool {
        let known = self.lock().asked.get(host).cloned();
        let asked = known.unwrap_or_else(|| {
            let asked = Arc::new(self.project.asked_by(host));
            self.lock().asked.insert(host.to_owned(), Arc::clone(&asked));
            asked
        });
        let fits = |one: &OtherValue| {
            one.name == name && one.host.as_deref().is_none_or(|written| written == other)
        };
        asked.iter().any(fits)
    }

    /// Whether a host is in the batch that is run: whether it has ended its part already is a matter of
    /// time.
    fn is_at_work(&self, host: &str) -> bool {
        self.lock().present.contains(host)
    }

    /// What a host has told. Where its facts are needed it must have.
    fn told_by(
        &self,
        host: &str,
        other: &str,
        needs_facts: bool,
        steps: &Steps,
    ) -> Result<Told, Diagnostic> {
        let told = |inner: &Inner| inner.told.get(other).cloned();
        let comes = |inner: &Inner| {
            (inner.present.contains(other) || self.project.serving.contains(other))
                && !inner.ended.contains(other)
                && !inner.told.contains_key(other)
        };
        let inner = self.lock();
        if !needs_facts {
            return Ok(told(&inner).unwrap_or_default());
        }
        let waits = comes(&inner);
        drop(inner);
        if waits {
            // Whoever waits leaves its place to who is waited for.
            steps.aside(host, || {
                let waited = self.changed.wait_while(self.lock(), |inner| comes(inner));
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            });
        }
        let inner = self.lock();
        if let Some(told) = told(&inner) {
            return Ok(told);
        }
        let runs =
            self.options.hosts.as_ref().is_none_or(|only| only.iter().any(|one| one == other));
        let (why, help) = if inner.ended.contains(other) {
            ("ended before it told its facts", "see what failed there, then run again")
        } else if !runs || !self.project.hosts.contains_key(other) {
            (
                "takes no part in this run, and its facts are not known",
                "add a play for it before this one, or leave `--limit` out",
            )
        } else {
            (
                "has not begun yet, and its facts are not known",
                "put it into an earlier batch, or in a play before this one",
            )
        };
        Err(Diagnostic::new(format!("host `{other}` {why}")).help(help))
    }
}

fn kept_secret(host: &str, name: &str) -> Diagnostic {
    Diagnostic::new(format!("`{name}` of host `{host}` is a secret, which no other host is told"))
        .help("put it into the variables of a group that both hosts are in")
}

fn not_yet(host: &str, name: &str) -> Diagnostic {
    Diagnostic::new(format!("what a task sets as `{name}` on host `{host}` is not known yet"))
        .note("hosts go through a play side by side, and wait for each other only at its end")
        .help("put what needs it into a later play")
}

impl Project {
    /// What a host's own tasks, and the variables that they reach, ask of other hosts.
    fn asked_by(&self, host: &str) -> BTreeSet<OtherValue> {
        let Some(plan) = self.hosts.get(host) else { return BTreeSet::new() };
        let roles: Vec<_> = plan.library.iter().filter_map(|name| self.roles.get(name)).collect();
        let named = roles.iter().flat_map(|role| role.names.in_tasks.iter().cloned());
        let reach = self.reach(&self.variables(host), &roles, named);
        let of_tasks = roles.iter().flat_map(|role| role.names.of_others.iter().cloned());
        of_tasks.chain(reach.others).collect()
    }

    /// What any host asks of others; nothing, at no cost, where no text names `hostvars`.
    pub(super) fn asked_by_any(&self, sources: &Sources) -> BTreeSet<OtherValue> {
        if !sources.texts().any(|text| text.contains("hostvars")) {
            return BTreeSet::new();
        }
        self.hosts.keys().flat_map(|host| self.asked_by(host.as_str())).collect()
    }

    /// Whether a task that a host may come to sets this variable.
    fn sets(&self, host: &str, name: &str) -> bool {
        let library = self.hosts.get(host).into_iter().flat_map(|plan| &plan.library);
        let mut roles = library.filter_map(|role| self.roles.get(role));
        roles.any(|role| role.names.set.contains(name))
    }

    /// What a host must tell of itself: facts and what its tasks set, as far as others ask for it.
    pub(super) fn shares(&self, host: &str) -> Vec<String> {
        if self.asked.is_empty() {
            return Vec::new();
        }
        let of_it = |one: &&OtherValue| one.host.as_deref().is_none_or(|named| named == host);
        let asked = self.asked.iter().filter(of_it).map(|one| one.name.clone());
        let reach = self.reach(&self.variables(host), &[], asked);
        let tells = |name: &String| {
            FACT_NAMES.contains(&name.as_str())
                || self.sets(host, name)
                || (self.serving.contains(host) && self.sets_for_others(name))
        };
        let mut names: Vec<String> = reach.names.into_iter().filter(tells).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::{OthersDesk, Told};
    use crate::controller::steps::Steps;
    use crate::controller::{Project, RunOptions};
    use crate::engine::bundle::Purpose;

    const HOSTS: &str = "
all:
  hosts:
    a: {port: 1}
    b: {port: 2, password: canary, way: '{{ ansible_hostname }}'}
";

    const SITE: &str = "
- hosts: all
  tasks:
    - debug: {msg: \"{{ hostvars['b'].port }} {{ hostvars['b'].way }}\"}
      when: inventory_hostname == 'a'
";

    #[test]
    fn a_host_that_asks_for_what_its_tasks_do_not_is_told_nothing() {
        let project = Project::of_texts(HOSTS, SITE);
        let options =
            RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
        let (desk, steps) = (OthersDesk::new(&project, &options), Steps::new(1));
        desk.begin(&["a", "b"]);
        assert_eq!(desk.answer("a", "b", "port", &steps), Ok(Some(2.into())));
        for (other, name) in [("b", "password"), ("a", "port"), ("b", "ansible_kernel")] {
            let told = desk.answer("a", other, name, &steps);
            let error = told.unwrap_err().to_string();
            assert!(error.starts_with("no task of this host asks"), "{error}");
        }
        // What comes from a host is data: a template in it stays text.
        let mut told = Told::default();
        told.values.insert("ansible_hostname".into(), "{{ password }}".into());
        desk.tell("b", told);
        assert_eq!(desk.answer("a", "b", "way", &steps), Ok(Some("{{ password }}".into())));
    }
}

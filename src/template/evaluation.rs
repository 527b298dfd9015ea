//! One evaluation: the one object through which names are reached, and what was met on the way.

use super::guard::{self, Guard, Purpose};
use super::hostvars;
use super::omit::{Omitted, is_omit};
use super::tree::{Tree, Unsettled};
use super::{FromYaml, LookupKey, LookupKind, Scope};
use crate::text::{Diagnostic, SourceId};
use crate::value::{Origin, Value};
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, Value as Jinja};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The name under which filters find the evaluation; no template can write it.
const SELF: &str = "\0evaluation";

/// Text that one evaluation may emit, in bytes.
const EMIT_LIMIT: usize = 64 << 20;

/// What one evaluation shares with every object it handed out.
///
/// Operators of the template language cannot be overloaded, so an unknown or secret value is
/// recorded here as soon as it is reached: a result that may depend on it is marked as a whole.
pub(super) struct Evaluation {
    scope: Arc<dyn Scope>,
    from_yaml: Option<FromYaml>,
    /// The file in which the text stands.
    source: SourceId,
    unknown: OnceLock<Origin>,
    secret: AtomicBool,
    /// The texts of the secrets that were reached.
    reached: Mutex<BTreeSet<String>>,
    failure: OnceLock<Diagnostic>,
    seen: Mutex<Vec<(String, Option<Arc<Value>>)>>,
    emitted: AtomicUsize,
    writes: AtomicBool,
}

impl Evaluation {
    pub(super) fn new(
        scope: Arc<dyn Scope>,
        from_yaml: Option<FromYaml>,
        source: SourceId,
    ) -> Arc<Self> {
        Arc::new(Self {
            scope,
            from_yaml,
            source,
            unknown: OnceLock::new(),
            secret: AtomicBool::new(false),
            reached: Mutex::default(),
            failure: OnceLock::new(),
            seen: Mutex::new(Vec::new()),
            emitted: AtomicUsize::new(0),
            writes: AtomicBool::new(false),
        })
    }

    /// The root object of the evaluation.
    pub(super) fn root(self: &Arc<Self>) -> Jinja {
        Jinja::from_object(Names(self.clone()))
    }

    /// The evaluation that a filter, test or formatter runs in.
    pub(super) fn of(state: &minijinja::State<'_, '_>) -> Option<Arc<Self>> {
        let names = state.lookup(SELF)?.downcast_object::<Names>()?;
        Some(names.0.clone())
    }

    /// The first unknown that was reached.
    pub(super) fn unknown(&self) -> Option<&Origin> {
        self.unknown.get()
    }

    /// Whether a secret was reached.
    pub(super) fn met_secret(&self) -> bool {
        self.secret.load(Ordering::Relaxed)
    }

    fn reach(&self, secret: &Value) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        secret.each_leaf(&mut |text| {
            if !reached.contains(text) {
                reached.insert(text.to_owned());
            }
        });
    }

    /// Tells the scope which secrets are written in a result: what was reached only to be compared
    /// or counted is not in it, such as all that came back with a secret.
    pub(super) fn tell_secrets(&self, result: &Value) {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if !reached.is_empty() {
            result.each_leaf(&mut |text| {
                let written = reached.iter().filter(|secret| text.contains(secret.as_str()));
                written.for_each(|secret| self.scope.wrote(secret));
            });
        }
    }

    /// The reason of an error, where it is known better than the engine can say.
    pub(super) fn failure(&self) -> Option<&Diagnostic> {
        self.failure.get()
    }

    /// What names mean here.
    pub(super) fn scope(&self) -> &Arc<dyn Scope> {
        &self.scope
    }

    /// The reader of the filter `from_yaml`.
    pub(super) fn yaml_reader(&self) -> Option<FromYaml> {
        self.from_yaml
    }

    /// What was read on the controller for a lookup.
    pub(super) fn looked_up(self: &Arc<Self>, kind: LookupKind, term: &str) -> Option<Jinja> {
        let key = LookupKey { source: self.source, kind, term: term.to_owned() };
        let value = self.scope.looked_up(&key)?;
        Some(self.give(&value, || Tree::root(Arc::new(value.clone()), self.clone())))
    }

    /// Whether this name was asked for and no layer had it.
    pub(super) fn missed(&self, name: &str) -> bool {
        self.lock().iter().any(|(seen, value)| seen == name && value.is_none())
    }

    /// Gives the reason for the error that follows; the first counts.
    pub(super) fn fail(&self, reason: Diagnostic) {
        let _ = self.failure.set(reason);
    }

    /// Records that an unknown was reached.
    pub(super) fn meet_unknown(&self, origin: &Origin) {
        let _ = self.unknown.set(origin.clone());
    }

    /// Whether any expression was written, be it as nothing.
    pub(super) fn has_emitted(&self) -> bool {
        self.writes.load(Ordering::Relaxed)
    }

    /// Counts text that is emitted; false once it is more than a template may write.
    pub(super) fn may_emit(&self, bytes: usize) -> bool {
        self.writes.store(true, Ordering::Relaxed);
        self.emitted.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= EMIT_LIMIT
    }

    /// Hands out a value that stands at `path` under `root`, and records what it is.
    pub(super) fn give(self: &Arc<Self>, value: &Value, at: impl FnOnce() -> Tree) -> Jinja {
        match value {
            Value::Null => Jinja::from(()),
            Value::Bool(value) => Jinja::from(*value),
            Value::Int(value) => Jinja::from(*value),
            Value::Float(value) => Jinja::from(*value),
            Value::Str(text) => Jinja::from(text.as_str()),
            Value::List(_) | Value::Map(_) => Jinja::from_object(at()),
            Value::Secret(inner) => {
                self.secret.store(true, Ordering::Relaxed);
                self.reach(inner);
                self.give(inner, at)
            }
            Value::Unknown(_) if is_omit(value) => Jinja::from_object(Omitted),
            Value::Unknown(origin) => {
                self.meet_unknown(origin);
                Jinja::from_object(Unsettled(origin.clone()))
            }
        }
    }

    fn lookup(self: &Arc<Self>, name: &str) -> Option<Jinja> {
        if name == "omit" {
            return Some(Jinja::from_object(Omitted));
        }
        let (guard, name) = match Guard::parse(name) {
            Some((guard, name)) => (Some(guard), name),
            None => (None, name),
        };
        if name == hostvars::NAME {
            let all = HostVars { evaluation: Arc::clone(self), guard };
            return Some(Jinja::from_object(all));
        }
        let value = match self.variable(name) {
            Ok(value) => value,
            Err(diagnostic) => {
                let message = diagnostic.message.clone();
                self.fail(diagnostic);
                return Some(Jinja::from(Error::new(ErrorKind::InvalidOperation, message)));
            }
        };
        let at = || Tree::root(value.clone().unwrap_or_default(), self.clone());
        match guard {
            Some(guard) => guard::answer(guard, value.as_deref(), self, at),
            None => value.as_deref().map(|value| self.give(value, at)),
        }
    }

    /// A variable's value, asked for once an evaluation.
    fn variable(&self, name: &str) -> Result<Option<Arc<Value>>, Diagnostic> {
        if let Some((_, value)) = self.lock().iter().find(|(seen, _)| seen == name) {
            return Ok(value.clone());
        }
        let value = self.scope.shared(name)?;
        self.lock().push((name.to_owned(), value.clone()));
        Ok(value)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Option<Arc<Value>>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The root of every evaluation: each variable is reached through it.
struct Names(Arc<Evaluation>);

/// Never shows a variable.
impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl Object for Names {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        if key == SELF {
            return Some(Jinja::from_dyn_object(self.clone()));
        }
        self.0.lookup(key)
    }
}

/// `hostvars`: all hosts.
struct HostVars {
    evaluation: Arc<Evaluation>,
    guard: Option<Guard>,
}

/// One of them, or its `ansible_facts`.
struct OneHost {
    evaluation: Arc<Evaluation>,
    guard: Option<Guard>,
    host: String,
    facts: bool,
}

/// One member nearer to what is asked.
fn nearer(guard: Option<Guard>) -> Option<Guard> {
    guard.map(|guard| Guard { steps: guard.steps.saturating_sub(1), ..guard })
}

/// Never shows what is in it.
impl std::fmt::Debug for HostVars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostVars")
    }
}

/// Never shows what is in it.
impl std::fmt::Debug for OneHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneHost")
    }
}

impl Object for HostVars {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        if let Some(unsettled) = key.downcast_object_ref::<Unsettled>() {
            return Some(Jinja::from_object(Unsettled(unsettled.0.clone())));
        }
        let host = key.as_str()?.to_owned();
        let (evaluation, guard) = (Arc::clone(&self.evaluation), nearer(self.guard));
        Some(Jinja::from_object(OneHost { evaluation, guard, host, facts: false }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl Object for OneHost {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let name = key.as_str()?;
        let guard = nearer(self.guard);
        let (evaluation, host) = (Arc::clone(&self.evaluation), self.host.clone());
        let name = match (name, self.facts) {
            ("ansible_facts", false) => {
                return Some(Jinja::from_object(Self { evaluation, guard, host, facts: true }));
            }
            (name, true) => format!("ansible_{name}"),
            (name, false) => name.to_owned(),
        };
        let value = match evaluation.scope().of_host(&host, &name) {
            Ok(value) => value,
            Err(error) => return Some(failed(&evaluation, error)),
        };
        // What is asked whether it is there may be missing; nothing else may.
        let may_be_missing = guard.is_some_and(|guard| {
            guard.lenient || (guard.purpose == Purpose::Existence && guard.steps == 0)
        });
        if value.is_none() && !may_be_missing {
            let error = Diagnostic::new(format!("host `{host}` has no variable `{name}`"));
            let help = "set it in the inventory, or ask with `default` or `is defined`";
            return Some(failed(&evaluation, error.help(help)));
        }
        let at = || Tree::root(Arc::new(value.clone().unwrap_or_default()), evaluation.clone());
        match guard {
            Some(guard) => guard::answer(guard, value.as_ref(), &evaluation, at),
            None => value.as_ref().map(|value| evaluation.give(value, at)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

fn failed(evaluation: &Evaluation, error: Diagnostic) -> Jinja {
    let message = error.message.clone();
    evaluation.fail(error);
    Jinja::from(Error::new(ErrorKind::InvalidOperation, message))
}

//! The one template environment: which filters, tests and functions exist, which are refused.

use super::evaluation::Evaluation;
use super::omit::Omitted;
use super::readable::SYNTAX;
use super::{filters, is, lookups};
use minijinja::functions::{self, Function};
use minijinja::value::{FunctionArgs, FunctionResult, Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Steps that one evaluation may take.
const FUEL: u64 = 10_000_000;

/// How deep macros may call one another; each level takes stack.
const RECURSION_LIMIT: usize = 100;

/// The functions that exist.
pub(super) const GLOBALS: [&str; 3] = ["dict", "namespace", "range"];

/// Filters, tests and functions under their names.
pub(super) struct Registry {
    environment: Environment<'static>,
    filters: BTreeSet<&'static str>,
    tests: BTreeSet<&'static str>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_syntax(SYNTAX.clone());
    // Debug information holds the values of variables, and asks for them again to get them.
    environment.set_debug(false);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_LIMIT);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.set_formatter(format);
    environment.add_function("dict", dict);
    environment.add_function("namespace", functions::namespace);
    environment.add_function("range", functions::range);
    let mut registry = Registry { environment, filters: BTreeSet::new(), tests: BTreeSet::new() };
    filters::register(&mut registry);
    lookups::register(&mut registry);
    is::register(&mut registry);
    registry
});

impl Registry {
    /// Adds a filter under its name and Ansible's long one.
    pub(super) fn filter<F, Rv, Args>(&mut self, name: &'static str, filter: F)
    where
        F: Function<Rv, Args> + Clone,
        Rv: FunctionResult,
        Args: for<'a> FunctionArgs<'a>,
    {
        self.filters.insert(name);
        self.environment.add_filter(name, filter.clone());
        self.environment.add_filter(format!("ansible.builtin.{name}"), filter);
    }

    /// Adds a function.
    pub(super) fn function<F, Rv, Args>(&mut self, name: &'static str, function: F)
    where
        F: Function<Rv, Args>,
        Rv: FunctionResult,
        Args: for<'a> FunctionArgs<'a>,
    {
        self.environment.add_function(name, function);
    }

    /// Adds a test under its name and Ansible's long one.
    pub(super) fn test<F, Rv, Args>(&mut self, name: &'static str, test: F)
    where
        F: Function<Rv, Args> + Clone,
        Rv: FunctionResult,
        Args: for<'a> FunctionArgs<'a>,
    {
        self.tests.insert(name);
        self.environment.add_test(name, test.clone());
        self.environment.add_test(format!("ansible.builtin.{name}"), test);
    }
}

/// The environment that every evaluation runs in.
pub(super) fn environment() -> &'static Environment<'static> {
    &REGISTRY.environment
}

/// Whether a filter of that name exists.
pub(super) fn has_filter(name: &str) -> bool {
    REGISTRY.filters.contains(super::names::bare(name))
}

/// Whether a test of that name exists.
pub(super) fn has_test(name: &str) -> bool {
    REGISTRY.tests.contains(super::names::bare(name))
}

/// Every filter's name.
pub(super) fn filter_names() -> impl Iterator<Item = &'static str> {
    REGISTRY.filters.iter().copied()
}

/// Every test's name.
pub(super) fn test_names() -> impl Iterator<Item = &'static str> {
    REGISTRY.tests.iter().copied()
}

/// Whether a name means something without any layer that sets it.
pub(super) fn is_global(name: &str) -> bool {
    name == "omit" || GLOBALS.contains(&name)
}

const RANDOM: &str = "a template has no randomness, else no second run would plan nothing; \
                      make the value on the host with `generate`";
const CLOCK: &str = "a template has no clock, else no second run would plan nothing; \
                     leave the time out, or give it to the run with `-e`";
const CONTROLLER: &str = "a template looks at no files; register a `stat` instead";

/// Why a function of Ansible's or Jinja's does not exist here.
pub(super) fn refused_function(name: &str) -> Option<&'static str> {
    match super::names::bare(name) {
        "now" => Some(CLOCK),
        "lipsum" => Some(RANDOM),
        "cycler" | "joiner" => Some("use `loop.cycle(…)` or `loop.first`"),
        _ => None,
    }
}

/// Why a filter of Ansible's does not exist here.
pub(super) fn refused_filter(name: &str) -> Option<&'static str> {
    match super::names::bare(name) {
        "random" | "shuffle" | "random_mac" => Some(RANDOM),
        "strftime" | "to_datetime" => Some(CLOCK),
        "fileglob" | "realpath" | "expanduser" | "expandvars" => Some(CONTROLLER),
        "vault" | "unvault" => {
            Some("vaulted values are read when the inventory is; leave the filter out")
        }
        _ => refused_collection_filter(name),
    }
}

/// Filters that come with collections, by the last part of their names.
fn refused_collection_filter(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next().unwrap_or(name) {
        "json_query" | "jc" => Some("use `selectattr` and `map`"),
        "dict" | "dict_kv" => Some("write the mapping: `{'key': value}`"),
        "ipaddr" | "ipv4" | "ipv6" | "ipwrap" | "ipsubnet" | "ipmath" | "nthhost"
        | "cidr_merge" | "network_in_usable" | "network_in_network" | "reduce_on_network" => {
            Some("write addresses and networks as variables, or use `split` and `regex_search`")
        }
        "lists_mergeby" => Some("use `combine` over `dict2items`"),
        "random_string" => Some(RANDOM),
        "win_basename" | "win_dirname" | "win_splitdrive" => {
            Some("no host runs Windows; leave it out")
        }
        _ => None,
    }
}

/// Why a test of Ansible's does not exist here.
pub(super) fn refused_test(name: &str) -> Option<&'static str> {
    match super::names::bare(name) {
        "exists" | "file" | "directory" | "link" | "link_exists" | "mount" | "same_file" => {
            Some(CONTROLLER)
        }
        _ => None,
    }
}

/// A mapping from another, from a list of pairs, and from named arguments.
fn dict(from: Option<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let mut pairs = Vec::new();
    match from {
        Some(map) if map.kind() == ValueKind::Map => {
            for key in map.try_iter()?.checked() {
                let key = key?;
                let value = map.get_item(&key)?;
                pairs.push((key, value));
            }
        }
        Some(list) => {
            for pair in filters::items(&list)? {
                let Ok([key, value]) = <[Value; 2]>::try_from(filters::items(&pair)?) else {
                    return Err(filters::invalid("`dict` takes pairs of key and value"));
                };
                pairs.push((key, value));
            }
        }
        None => {}
    }
    for name in kwargs.args() {
        pairs.push((Value::from(name), kwargs.get(name)?));
    }
    Ok(Value::from_pairs(pairs))
}

/// What stands in the text for a value.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = written(value)?;
    if Evaluation::of(state).is_some_and(|evaluation| !evaluation.may_emit(text.len())) {
        let message = "the template writes more than 64 MiB";
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    out.write_str(&text).map_err(Error::from)
}

/// A value as text: nothing for null, as in Ansible.
///
/// # Errors
/// If it is undefined, or `omit`.
pub(super) fn written(value: &Value) -> Result<Cow<'_, str>, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_none() {
        return Ok(Cow::Borrowed(""));
    }
    if Omitted::is(value) {
        let message = "`omit` stands for no value, so it cannot stand inside a text";
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    filters::all_defined(value)?;
    Ok(value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed))
}

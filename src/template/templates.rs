//! Rendering: texts, files, expressions, conditions and whole trees.

use super::evaluation::Evaluation;
use super::names::{Name, Named};
use super::omit::is_omit;
use super::place::Place;
use super::program::{self, Form, Leaves, Program};
use super::readable::Readable;
use super::survey::Use;
use super::{Lookup, LookupKey, Scope, condition, environment, fault, header, tree};
use crate::text::{Diagnostic, SourceId, Span};
use crate::value::{Known, Map, Node, NodeKind, Value};
use minijinja::machinery::{self, make_string_output};
use std::cell::Cell;
use std::sync::Arc;

/// Reads YAML as data, for the filters that do: the text in, or what is wrong with it.
pub type FromYaml = fn(&str) -> Result<Value, String>;

/// How many variables may be rendered inside one another. Longer chains are cycles in all
/// likelihood, and would end the process for want of stack.
const NESTING_LIMIT: u32 = 40;

/// How much stack they may take before another is begun, in bytes: macros that call one another take
/// it too. What is begun last still needs as much as [`super::depth`] lets it, of 2 MiB.
const STACK_LIMIT: usize = 512 << 10;

/// The template engine. Cheap to make: what was compiled is kept for the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Templates {
    from_yaml: Option<FromYaml>,
}

impl Templates {
    /// An engine whose `from_yaml` filter is missing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the filters `from_yaml` and `from_yaml_all` their reader, which this floor lacks.
    #[must_use]
    pub const fn with_yaml(mut self, reader: FromYaml) -> Self {
        self.from_yaml = Some(reader);
        self
    }

    /// A string of a task or variable, which stands at `span`. Exactly one `{{ expression }}`
    /// keeps that expression's type; any other text gives [`Value::Str`]. [`Value::Unknown`] if
    /// it met an unknown, [`Value::Secret`] if it met a secret.
    ///
    /// # Errors
    /// What is wrong in the text or with the values it names, with its place.
    pub fn text(
        &self,
        text: &str,
        span: Span,
        scope: &Arc<dyn Scope>,
    ) -> Result<Value, Diagnostic> {
        if !is_template(text) {
            return Ok(Value::str(text));
        }
        let place = Place::Scalar(span);
        self.run(&*program::compile(Form::Text, text, place)?, place, scope)
    }

    /// A template file; errors point into `source`, which holds `text`. The result is text,
    /// unknown or secret as in [`Templates::text`].
    ///
    /// # Errors
    /// As [`Templates::text`].
    pub fn file(
        &self,
        source: SourceId,
        text: &str,
        scope: &Arc<dyn Scope>,
    ) -> Result<Value, Diagnostic> {
        // What has no mark of a template is passed on as it is, its line breaks too.
        if !is_template(text) && !header::begins(text) {
            return Ok(Value::str(text));
        }
        let place = Place::File(source);
        self.run(&*program::compile(Form::File, text, place)?, place, scope)
    }

    /// A bare expression (`loop: items`, `until: r.rc == 0`) and its value.
    ///
    /// # Errors
    /// As [`Templates::text`].
    pub fn expression(
        &self,
        expression: &str,
        span: Span,
        scope: &Arc<dyn Scope>,
    ) -> Result<Value, Diagnostic> {
        let place = Place::Scalar(span);
        self.run(&*program::compile(Form::Expression, expression, place)?, place, scope)
    }

    /// Whether a condition (`when`, `until`, `failed_when`, `assert`'s `that`) holds: a boolean,
    /// an expression, or a list of which all must hold; one that does not hold decides even if
    /// another is unknown.
    ///
    /// # Errors
    /// As [`Templates::text`], and a result that is neither boolean nor text such as `yes`.
    pub fn truth(&self, node: &Node, scope: &Arc<dyn Scope>) -> Result<Known<bool>, Diagnostic> {
        condition::truth(self, node, scope)
    }

    /// Renders a whole tree. Members that render to `omit` are dropped; unknown and secret
    /// values stay at their leaves. A tree that is itself `omit` is [`super::omit`].
    ///
    /// # Errors
    /// As [`Templates::text`], of the first leaf that has one.
    pub fn node(&self, node: &Node, scope: &Arc<dyn Scope>) -> Result<Value, Diagnostic> {
        let value = match &node.kind {
            NodeKind::Str(text) => self.text(text, node.span, scope)?,
            NodeKind::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let item = self.node(item, scope)?;
                    if !is_omit(&item) {
                        list.push(item);
                    }
                }
                Value::List(list)
            }
            NodeKind::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, member) in entries {
                    let member = self.node(member, scope)?;
                    if !is_omit(&member) {
                        map.insert(key.name.clone(), member);
                    }
                }
                Value::Map(map)
            }
            _ => node.to_value(),
        };
        Ok(if node.secret { value.into_secret() } else { value })
    }

    /// The variables that the texts of a tree name, each use with its place, for finding names
    /// that nothing can set before any host is touched; and every text that cannot be parsed,
    /// every filter, test and function that does not exist.
    pub fn names(&self, node: &Node) -> Named {
        match &node.kind {
            NodeKind::Str(text) if is_template(text) => {
                names_in(Form::Text, text, Place::Scalar(node.span))
            }
            NodeKind::List(items) => gather(items.iter(), |item| self.names(item)),
            NodeKind::Map(entries) => gather(entries.iter(), |(_, member)| self.names(member)),
            _ => Named::default(),
        }
    }

    /// As [`Templates::names`], of a condition. What one part guards with `is defined` is
    /// optional in all.
    pub fn names_in_condition(&self, node: &Node) -> Named {
        let mut named = match &node.kind {
            NodeKind::Str(text) if condition::has_braces(text) => {
                names_in(Form::Text, text, Place::Scalar(node.span))
            }
            NodeKind::Str(text) => names_in(Form::Expression, text, Place::Scalar(node.span)),
            NodeKind::List(items) => gather(items.iter(), |item| self.names_in_condition(item)),
            _ => Named::default(),
        };
        share_guards(&mut named.names);
        named
    }

    /// As [`Templates::names`], of a template file.
    pub fn names_in_file(&self, source: SourceId, text: &str) -> Named {
        names_in(Form::File, text, Place::File(source))
    }

    pub(super) fn run(
        &self,
        program: &Program,
        place: Place,
        scope: &Arc<dyn Scope>,
    ) -> Result<Value, Diagnostic> {
        let place = place.after(program.skipped);
        let _nesting = Nesting::enter()
            .map_err(|too_deep| too_deep.at(place.span(program.source, 0..program.source.len())))?;
        let evaluation = Evaluation::new(scope.clone(), self.from_yaml, place.source());
        let result = evaluate(program, &evaluation);
        if let Some(origin) = evaluation.unknown() {
            if let Some(what) = origin.is_lost() {
                return Err(lost(what).at(place.span(program.source, 0..program.source.len())));
            }
            return Ok(Value::Unknown(origin.clone()));
        }
        let value = result.map_err(|error| fault::running(&error, program, &evaluation, place))?;
        evaluation.tell_secrets(&value);
        Ok(if evaluation.met_secret() && !is_omit(&value) { value.into_secret() } else { value })
    }
}

/// Nothing goes on without what a killed run did not get to write down.
fn lost(what: &str) -> Diagnostic {
    Diagnostic::new(format!("{what} is lost: the run was killed before it could be remembered"))
        .help("undo by hand what tells that it was done (what it `creates`): the next run does it again")
}

fn evaluate(program: &Program, evaluation: &Arc<Evaluation>) -> Result<Value, minijinja::Error> {
    let mut text = String::new();
    let value = {
        let mut output = make_string_output(&mut text);
        let (value, _state) = machinery::eval(
            environment::environment(),
            &program.code,
            evaluation.root(),
            &program.blocks,
            &mut output,
            minijinja::AutoEscape::None,
        )?;
        match value {
            Some(value) if program.leaves == Leaves::Value => Some(tree::result(&value)?),
            // As in Ansible, what is no text gets no line break.
            Some(value) if program.leaves == Leaves::Written && value.as_str().is_none() => {
                return Ok(Value::Str(environment::written(&value)?.into_owned()));
            }
            Some(value) if program.leaves == Leaves::Written => {
                Some(Value::str(value.as_str().unwrap_or_default()))
            }
            _ => None,
        }
    };
    // Where no statement lets anything be written, Ansible writes nothing, not even a line break.
    if value.is_none() && text.is_empty() && !evaluation.has_emitted() {
        return Ok(Value::Str(text));
    }
    Ok(match (value.unwrap_or(Value::Str(text)), program.ending) {
        (Value::Str(text), Some(ending)) => Value::Str(ending.restored(text)),
        (value, _) => value,
    })
}

/// Whether anything in a text is to be rendered.
pub(super) fn is_template(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"{#"))
}

fn names_in(form: Form, text: &str, place: Place) -> Named {
    let readable = match Readable::of(form, text, place) {
        Ok(readable) => readable,
        Err(error) => return Named { errors: vec![error], ..Named::default() },
    };
    let (survey, errors) = program::survey_all(form, &readable, place);
    let (text, place) = (&*readable.text, place.after(readable.skipped));
    let name = |used: Use| Name {
        span: place.span(text, used.range),
        name: used.name,
        members: used.members,
        optional: used.guarded,
    };
    let mut names: Vec<_> = survey.uses.into_iter().map(name).collect();
    names.retain(|name| name.name != "omit");
    share_guards(&mut names);
    let lookups = survey.lookups.into_iter().map(|(kind, term, range)| {
        let span = place.span(text, range);
        Lookup { key: LookupKey { source: span.source, kind, term }, span }
    });
    Named { names, lookups: lookups.collect(), errors }
}

/// A name that is guarded once is guarded wherever the same text uses it.
fn share_guards(names: &mut [Name]) {
    let guarded: Vec<String> =
        names.iter().filter(|name| name.optional).map(|name| name.name.clone()).collect();
    for name in names {
        name.optional |= guarded.contains(&name.name);
    }
}

fn gather<T>(parts: impl Iterator<Item = T>, each: impl Fn(T) -> Named) -> Named {
    parts.map(each).fold(Named::default(), |mut all, mut part| {
        all.names.append(&mut part.names);
        all.lookups.append(&mut part.lookups);
        all.errors.append(&mut part.errors);
        all
    })
}

thread_local! {
    /// How many renderings are inside one another, and where on the stack the first stands.
    static NESTED: Cell<(u32, usize)> = const { Cell::new((0, 0)) };
}

/// One rendering inside another, on this thread.
struct Nesting;

impl Nesting {
    fn enter() -> Result<Self, Diagnostic> {
        let here = 0_u8;
        let here = std::ptr::from_ref(&here).addr();
        NESTED.with(|nested| {
            let (depth, first) = nested.get();
            let first = if depth == 0 { here } else { first };
            if depth >= NESTING_LIMIT {
                return Err(Diagnostic::new(format!(
                    "variables refer to one another more than {NESTING_LIMIT} deep"
                )));
            }
            if first.abs_diff(here) >= STACK_LIMIT {
                return Err(Diagnostic::new("macros and variables refer to one another too deep")
                    .help("let fewer macros call one another before a variable is named"));
            }
            nested.set((depth + 1, first));
            Ok(Self)
        })
    }
}

impl Drop for Nesting {
    fn drop(&mut self) {
        NESTED.with(|nested| {
            let (depth, first) = nested.get();
            nested.set((depth.saturating_sub(1), first));
        });
    }
}

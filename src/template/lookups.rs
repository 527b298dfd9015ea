//! `lookup('env', NAME)` and `lookup('file', PATH)`: what stands on the controller. It is found in
//! the text and read before the run; a template is only given what was read.

use super::environment::Registry;
use super::evaluation::Evaluation;
use super::filters::invalid;
use super::names::bare;
use super::survey::{Survey, range};
use crate::text::{Lack, SourceId, Span};
use minijinja::machinery::ast::{self, CallArg, Expr, Spanned};
use minijinja::value::{Kwargs, Rest, ValueOrKwargs, from_args};
use minijinja::{Error, State, Value};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Where a lookup looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupKind {
    /// A variable of the controller's environment.
    Env,
    /// A file of the role or beside the inventory.
    File,
}

/// What is looked up, and the file in which that is written: a path is meant from there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookupKey {
    /// The file.
    pub source: SourceId,
    /// Where.
    pub kind: LookupKind,
    /// What.
    pub term: String,
}

/// A lookup in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// What is looked up.
    pub key: LookupKey,
    /// Where it is asked for.
    pub span: Span,
}

/// A lookup's kind and term, by byte range.
pub(super) type Found = (LookupKind, String, Range<usize>);

/// Kinds of Ansible's that do not exist here, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("csvfile", "write the values as variables"),
    ("dict", "use `loop: \"{{ NAME | dict2items }}\"`"),
    ("dig", "ask on the host with a `command` and `changed_when: false`"),
    ("fileglob", "list the files in `loop:`"),
    ("first_found", "use `include_tasks` with a variable"),
    ("indexed_items", "use `loop_control: {index_var: NAME}`"),
    ("ini", "write the values as variables"),
    ("items", "use `loop:`"),
    ("lines", "ask on the host with a `command` and `changed_when: false`"),
    ("list", "use `loop:`"),
    ("nested", "use `loop:` over `a | product(b)`"),
    ("password", "keep the password in the inventory, vaulted"),
    ("pipe", "ask on the host with a `command` and `changed_when: false`"),
    ("random_choice", "a role has no randomness: a dry run could not foretell it"),
    ("sequence", "use `range(…)`"),
    ("subelements", "use the filter `subelements`"),
    ("template", "use the resource `template`, or write the text as a variable"),
    ("together", "use the filter `zip`"),
    ("unvault", "use `lookup('file', …)`: vaulted files are read with the vault password"),
    ("url", "use `uri` and `register`"),
    ("varnames", "name the variables"),
    ("vars", "name the variable itself"),
];

const WRITTEN_OUT: &str = "it is read before the run, when no variable has a value yet";

pub(super) const FUNCTIONS: [&str; 3] = ["lookup", "query", "q"];

pub(super) fn register(to: &mut Registry) {
    to.function("lookup", |state: &State<'_, '_>, values: Rest<ValueOrKwargs>| {
        let (answers, as_list) = answers(state, &values.into_values())?;
        match (answers.as_slice(), as_list) {
            (_, true) => Ok(Value::from(answers)),
            ([one], false) => Ok(one.clone()),
            (many, false) => {
                let texts: Vec<String> = many.iter().map(ToString::to_string).collect();
                Ok(Value::from(texts.join(",")))
            }
        }
    });
    for name in ["query", "q"] {
        to.function(name, |state: &State<'_, '_>, values: Rest<ValueOrKwargs>| {
            answers(state, &values.into_values()).map(|(answers, _)| Value::from(answers))
        });
    }
}

/// What was read for each term, and whether `wantlist` asks for a list.
fn answers(state: &State<'_, '_>, values: &[Value]) -> Result<(Vec<Value>, bool), Error> {
    let (terms, kwargs): (&[Value], Kwargs) = from_args(values)?;
    let as_list = kwargs.get::<Option<bool>>("wantlist")?.unwrap_or(false);
    let [kind, terms @ ..] = terms else { return Err(invalid("a lookup has a kind")) };
    let kind = known(kind.as_str().unwrap_or_default())
        .ok_or_else(|| invalid("there is no such lookup"))?;
    let lstrip = kwargs.get::<Option<bool>>("lstrip")?.unwrap_or(false);
    let rstrip = kwargs.get::<Option<bool>>("rstrip")?.unwrap_or(true);
    let default = kwargs.get::<Option<Value>>("default")?;
    kwargs.assert_all_used()?;
    let evaluation = Evaluation::of(state).ok_or_else(|| invalid("there is nothing to look in"))?;
    let answer = |term: &Value| {
        let term = term.as_str().unwrap_or_default();
        let Some(value) = evaluation.looked_up(kind, term) else {
            let word = if kind == LookupKind::Env { "env" } else { "file" };
            return Err(invalid(format!("`lookup('{word}', …)` works in roles and inventories")));
        };
        match (kind, value.as_str()) {
            (LookupKind::Env, Some("")) => Ok(default.clone().unwrap_or(value)),
            (LookupKind::File, Some(text)) => {
                let text = if rstrip { text.trim_end() } else { text };
                Ok(Value::from(if lstrip { text.trim_start() } else { text }))
            }
            _ => Ok(value),
        }
    };
    Ok((terms.iter().map(answer).collect::<Result<_, _>>()?, as_list))
}

fn known(kind: &str) -> Option<LookupKind> {
    match bare(kind) {
        "env" => Some(LookupKind::Env),
        "file" => Some(LookupKind::File),
        _ => None,
    }
}

impl Survey {
    /// A call of `lookup`, `query` or `q`: what it looks up must be written out.
    pub(super) fn lookup(&mut self, call: &Spanned<ast::Call<'_>>, name: &str) {
        let place = range(call.span());
        let mut texts = Vec::new();
        for arg in &call.args {
            let text = match arg {
                CallArg::Pos(Expr::Const(text)) => text.value.as_str(),
                CallArg::Kwarg(..) => continue,
                _ => None,
            };
            let Some(text) = text else {
                // Without a kind that is known, what else is wrong does not matter.
                let kind = texts.first().and_then(|kind: &String| known(kind));
                if texts.is_empty() || kind.is_some() {
                    let message = format!("what `{name}` looks up must be written out");
                    self.mistake(place, message, Some(WRITTEN_OUT.to_owned()));
                } else {
                    self.refuse_lookup(&texts[0], place);
                }
                return;
            };
            texts.push(text.to_owned());
        }
        let Some((kind, terms)) = texts.split_first() else {
            return self.mistake(place, format!("`{name}` has a kind and what to look up"), None);
        };
        let Some(known) = known(kind) else { return self.refuse_lookup(kind, place) };
        for arg in &call.args {
            let CallArg::Kwarg(option, _) = arg else { continue };
            let takes = match known {
                LookupKind::Env => matches!(*option, "default" | "wantlist"),
                LookupKind::File => matches!(*option, "rstrip" | "lstrip" | "wantlist"),
            };
            if !takes {
                let message = format!("`lookup('{kind}', …)` has no option `{option}`");
                return self.mistake(place, message, None);
            }
        }
        let found = terms.iter().map(|term| (known, term.clone(), place.clone()));
        self.lookups.extend(found);
    }

    fn refuse_lookup(&mut self, kind: &str, place: Range<usize>) {
        let why = REFUSED.iter().find(|(refused, _)| *refused == last(kind)).map(|(_, why)| *why);
        let known = ["env", "file"];
        self.lacks(place, Lack::Lookup(kind.to_owned()), why, known);
    }
}

/// A kind's name without its collection.
fn last(kind: &str) -> &str {
    kind.rsplit('.').next().unwrap_or(kind)
}

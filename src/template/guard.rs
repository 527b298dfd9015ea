//! Questions about a variable that need not its value: whether it is defined, whether it holds,
//! whether it is empty. Asked so, a secret's answer is no secret, a value that is known after
//! apply is known to be defined, and a chain of members may end early before a `default`.
//!
//! The compiled lookup of such a variable is given another name, which says what is asked.

use super::evaluation::Evaluation;
use super::omit::is_omit;
use super::tree::{Tree, Unsettled};
use crate::value::Value;
use minijinja::Value as Jinja;
use minijinja::machinery::{Instruction, Instructions};
use minijinja::value::{Enumerator, Object};
use std::sync::Arc;

/// What is asked of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its value.
    Value,
    /// Whether it is defined.
    Existence,
    /// Whether it holds, as in `if`.
    Truth,
    /// Whether it is empty: `… | length > 0`, `… != ''`.
    Emptiness,
}

/// What is asked, of which member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guard {
    pub(super) purpose: Purpose,
    /// Whether a member on the way may be missing.
    pub(super) lenient: bool,
    /// Members between the variable and what is asked for.
    pub(super) steps: usize,
}

impl Guard {
    /// Whether a plain lookup would answer the same.
    pub(super) fn is_plain(self) -> bool {
        self.purpose == Purpose::Value && (!self.lenient || self.steps == 0)
    }

    /// The name under which the variable is looked up; no template can write it.
    fn name(self, variable: &str) -> String {
        let purpose = match self.purpose {
            Purpose::Value => 'v',
            Purpose::Existence => 'e',
            Purpose::Truth => 't',
            Purpose::Emptiness => 'l',
        };
        let lenient = if self.lenient { '?' } else { '.' };
        format!("\0{purpose}{lenient}{}:{variable}", self.steps)
    }

    /// What a name asks for, and of which variable.
    pub(super) fn parse(name: &str) -> Option<(Self, &str)> {
        let mut letters = name.strip_prefix('\0')?.chars();
        let purpose = match letters.next()? {
            'v' => Purpose::Value,
            'e' => Purpose::Existence,
            't' => Purpose::Truth,
            'l' => Purpose::Emptiness,
            _ => return None,
        };
        let lenient = letters.next()? == '?';
        let (steps, variable) = letters.as_str().split_once(':')?;
        Some((Self { purpose, lenient, steps: steps.parse().ok()? }, variable))
    }
}

/// Gives guarded lookups their names. `order` has the variables in the order in which they are
/// compiled; where the code does not agree, nothing is changed, and each is asked for its value.
pub(super) fn apply(code: &mut Instructions<'static>, order: &[(String, Option<Guard>)]) {
    let mut lookups = Vec::new();
    let mut at = 0;
    while let Some(instruction) = code.get(at) {
        if let Instruction::Lookup(name) = instruction {
            lookups.push((at, *name));
        }
        at += 1;
    }
    let agrees = lookups.len() == order.len()
        && lookups.iter().zip(order).all(|((_, looked_up), (name, _))| looked_up == name);
    if !agrees {
        return;
    }
    for ((at, _), (name, guard)) in lookups.into_iter().zip(order) {
        if let (Some(guard), Some(instruction)) = (guard, code.get_mut(at)) {
            *instruction = Instruction::Lookup(Box::leak(guard.name(name).into_boxed_str()));
        }
    }
}

/// The answer for a value, or the rest of the way to it.
pub(super) fn answer(
    guard: Guard,
    value: Option<&Value>,
    evaluation: &Arc<Evaluation>,
    at: impl FnOnce() -> Tree,
) -> Option<Jinja> {
    if guard.steps == 0 {
        return Some(last(guard.purpose, value?, evaluation, at));
    }
    match value.map(Value::exposed) {
        Some(value @ Value::Unknown(origin)) if !is_omit(value) => {
            evaluation.meet_unknown(origin);
            Some(Jinja::from_object(Unsettled(origin.clone())))
        }
        Some(Value::Map(_) | Value::List(_)) => {
            Some(Jinja::from_object(Way { guard, tree: Some(at()) }))
        }
        _ if guard.lenient => Some(Jinja::from_object(Way { guard, tree: None })),
        // Asked plainly, a missing member is the error that it should be.
        value => value.map(|value| evaluation.give(value, at)),
    }
}

fn last(
    purpose: Purpose,
    value: &Value,
    evaluation: &Arc<Evaluation>,
    at: impl FnOnce() -> Tree,
) -> Jinja {
    match (purpose, value) {
        (Purpose::Existence, _) => Jinja::from(true),
        (Purpose::Truth, Value::Secret(inner)) => Jinja::from(holds(inner)),
        (Purpose::Emptiness, Value::Secret(inner)) => match inner.as_ref() {
            Value::Str(text) => Jinja::from(if text.is_empty() { "" } else { "x" }),
            Value::List(_) | Value::Map(_) => {
                holds(inner).then_some(Jinja::from("x")).into_iter().collect()
            }
            _ => evaluation.give(value, at),
        },
        _ => evaluation.give(value, at),
    }
}

/// Truth as Python has it.
pub(super) fn holds(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::Float(value) => *value != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Secret(inner) => holds(inner),
        Value::Unknown(_) => true,
    }
}

/// A variable on the way to the member that is asked about; without a tree, something that is
/// missing there.
struct Way {
    guard: Guard,
    tree: Option<Tree>,
}

/// Never shows what is in it.
impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

impl Object for Way {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let guard = Guard { steps: self.guard.steps.saturating_sub(1), ..self.guard };
        let Some(tree) = &self.tree else {
            let more = guard.steps > 0;
            return more.then(|| Jinja::from_object(Self { guard, tree: None }));
        };
        let found = tree.find(key);
        let value = found.map(|(_, value)| value);
        answer(guard, value, tree.evaluation(), || tree.below(found.map_or(0, |(at, _)| at)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

#[cfg(test)]
mod tests {
    use super::{Guard, Purpose};

    #[test]
    fn a_guard_s_name_says_what_is_asked() {
        let purposes = [Purpose::Value, Purpose::Existence, Purpose::Truth, Purpose::Emptiness];
        for purpose in purposes {
            for (lenient, steps) in [(false, 0), (true, 3)] {
                let guard = Guard { purpose, lenient, steps };
                assert_eq!(Guard::parse(&guard.name("a:b")), Some((guard, "a:b")));
            }
        }
        for not in ["name", "\0evaluation", "\0v", ""] {
            assert_eq!(Guard::parse(not), None, "{not:?}");
        }
    }
}

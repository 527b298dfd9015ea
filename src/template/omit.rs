//! `omit`: the value that drops the key it is given to.

use crate::value::{Origin, Value};
use std::sync::{Arc, LazyLock};

/// The words are not those of anything that will be known, so no other value equals it.
static OMIT: LazyLock<Origin> = LazyLock::new(|| Origin::new("omit, which stands for no value"));

/// The value of `omit`. It passes through variables; [`super::Templates::node`] drops the
/// members that have it.
#[must_use]
pub fn omit() -> Value {
    Value::Unknown(OMIT.clone())
}

/// Whether a rendered value says that its key is to be left out.
#[must_use]
pub fn is_omit(value: &Value) -> bool {
    matches!(value, Value::Unknown(origin) if *origin == *OMIT)
}

/// `omit` inside an expression.
#[derive(Debug)]
pub(super) struct Omitted;

impl minijinja::value::Object for Omitted {
    fn repr(self: &Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }
}

impl Omitted {
    /// Whether this is `omit`.
    pub(super) fn is(value: &minijinja::Value) -> bool {
        value.downcast_object_ref::<Self>().is_some()
    }
}

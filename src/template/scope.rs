//! What names mean while something is rendered.

use super::LookupKey;
use crate::text::Diagnostic;
use crate::value::{Map, Value};
use std::sync::Arc;

/// What names mean during one evaluation.
pub trait Scope: Send + Sync + 'static {
    /// The value of a variable; `None` where no layer has that name.
    ///
    /// # Errors
    /// Why the variable, itself a template, cannot be rendered.
    fn lookup(&self, name: &str) -> Result<Option<Value>, Diagnostic>;

    /// As [`Scope::lookup`], for scopes that keep their values shared: a large mapping is then
    /// not copied for each expression that reads one member of it.
    ///
    /// # Errors
    /// Those of [`Scope::lookup`].
    fn shared(&self, name: &str) -> Result<Option<Arc<Value>>, Diagnostic> {
        Ok(self.lookup(name)?.map(Arc::new))
    }

    /// The value of another host's variable; `None` where it has none of that name.
    ///
    /// # Errors
    /// Why it cannot be known.
    fn of_host(&self, host: &str, name: &str) -> Result<Option<Value>, Diagnostic> {
        let message = format!("nobody is there to ask for `{name}` of host `{host}`");
        Err(Diagnostic::new(message))
    }

    /// What was read on the controller for a lookup; `None` where nothing was.
    fn looked_up(&self, lookup: &LookupKey) -> Option<Value> {
        let _ = lookup;
        None
    }

    /// What was rendered is for use, and has this text of a secret in it.
    fn wrote(&self, secret: &str) {
        let _ = secret;
    }

    /// Every name, for "did you mean …".
    fn names(&self) -> Vec<String>;
}

/// Fixed values.
impl Scope for Map {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
        Ok(self.get(name).cloned())
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

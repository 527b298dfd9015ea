//! The variables that a template names, as others ask for them.

/// A variable that a template names and does not set itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The variable.
    pub name: String,
    /// The members that it is asked for, as far as they are written out: `["stdout"]` for
    /// `r.stdout`, `[]` for `r` and `r[item]`.
    pub members: Vec<String>,
    /// The place of this use.
    pub span: crate::text::Span,
    /// Whether this text gets along without the variable: it asks `is defined` or gives a
    /// `default` somewhere.
    pub optional: bool,
}

/// What was found in a text before it is rendered.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Every use of a variable.
    pub names: Vec<Name>,
    /// Everything that is looked up on the controller.
    pub lookups: Vec<super::Lookup>,
    /// Everything that can never work.
    pub errors: Vec<crate::text::Diagnostic>,
}

/// The name of a filter or test without Ansible's collection.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").unwrap_or(name)
}

//! What a text asks for and nothing here provides: so that all of it can be listed.

use std::fmt;

/// Something that is asked for by name and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A task's keyword.
    Keyword(String),
    /// A kind of resource, or Ansible's module.
    Resource(String),
    /// A parameter, and the resource that does not take it.
    Parameter(String, &'static str),
    /// A template's filter.
    Filter(String),
    /// A template's test.
    Test(String),
    /// A template's function.
    Function(String),
    /// A kind of lookup.
    Lookup(String),
    /// A fact, or a variable that Ansible itself sets.
    Variable(String),
    /// A role.
    Role(String),
}

impl Lack {
    /// The kind of thing, in one word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Keyword(_) => "keyword",
            Self::Resource(_) => "resource",
            Self::Parameter(..) => "parameter",
            Self::Filter(_) => "filter",
            Self::Test(_) => "test",
            Self::Function(_) => "function",
            Self::Lookup(_) => "lookup",
            Self::Variable(_) => "variable",
            Self::Role(_) => "role",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Keyword(name)
            | Self::Resource(name)
            | Self::Parameter(name, _)
            | Self::Filter(name)
            | Self::Test(name)
            | Self::Function(name)
            | Self::Lookup(name)
            | Self::Variable(name)
            | Self::Role(name) => name,
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind(), self.name())?;
        match self {
            Self::Parameter(_, resource) => write!(f, " of `{resource}`"),
            _ => Ok(()),
        }
    }
}

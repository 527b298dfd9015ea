//! Templates and expressions: Jinja as Ansible's roles write it, strict about undefined names,
//! honest about what is secret or not known yet, without clock, randomness or a loader.

mod backslash;
mod condition;
mod depth;
mod environment;
mod evaluation;
mod fault;
mod filters;
mod guard;
mod header;
mod hostvars;
mod is;
mod lookups;
mod mistakes;
mod names;
mod omit;
mod place;
mod program;
#[cfg(test)]
mod properties;
mod readable;
mod scope;
mod survey;
mod templates;
#[cfg(test)]
mod tests;
mod tree;
mod unclosed;
mod wanted;

pub use lookups::{Lookup, LookupKey, LookupKind};
pub use names::{Name, Named};
pub use omit::{is_omit, omit};
pub use scope::Scope;
pub use templates::{FromYaml, Templates};

//! The small types that every floor shares: values and the trees they are written as, modes,
//! digests, secrets, and what is not known yet.

pub mod crypt;
mod digest;
mod host_name;
mod known;
mod mode;
mod node;
mod secret;
mod texts;
#[expect(clippy::module_inception, reason = "the room is named after its main type")]
mod value;

pub use digest::Sha256;
pub use host_name::{HostName, HostNameError};
pub use known::{Known, Origin};
pub use mode::Mode;
pub use node::{Key, Node, NodeKind};
pub use secret::{REDACTED, Secret};
pub use value::{Map, Value};

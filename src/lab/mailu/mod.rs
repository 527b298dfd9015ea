//! The lab's Mailu: its HTTP API, a real Dovecot submission in front of a relay to the lab's MX,
//! and switches by which a test makes any of it go wrong. One process, in a namespace of its own,
//! keeps all of it; what it must remember is in files, so that stopping it is pulling its plug.

mod api;
mod behaviour;
mod certificates;
mod cidr;
mod dovecot;
mod files;
mod front;
mod handle;
mod http;
mod journal;
mod limiter;
mod login;
mod relay;
mod serve;
mod store;
mod web;

pub use behaviour::{Answer, Auth, Behaviour, Certificate};
pub use handle::{Mailu, Reply};
pub use journal::{Login, Request};
pub use login::check_login;
pub use serve::serve_mailu;
pub use store::Token;

pub(super) use certificates::ca_file;
pub(super) use handle::{check_requirements, set_up};

/// The server's name in the lab's DNS and in its certificate.
pub(super) const NAME: &str = "mail.lab.test";

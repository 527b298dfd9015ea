//! What a test may make Mailu do instead of its work.

use serde::{Deserialize, Serialize};

/// How Mailu behaves from now on, also after a stop and a start. The default is a Mailu in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Milliseconds before each HTTP answer and each SMTP greeting.
    pub delay_ms: u64,
    /// What is answered below `/api`.
    pub api: Answer,
    /// What is answered to all other paths, `/health` among them.
    pub pages: Answer,
    /// What Dovecot hears about a login.
    pub auth: Auth,
    /// The certificate of HTTPS and of submission.
    pub certificate: Certificate,
    /// The ports that are open; every other one refuses connections.
    pub ports: Vec<u16>,
}

impl Behaviour {
    /// Every port that Mailu can serve: HTTP, HTTPS, submission with implicit TLS and STARTTLS.
    pub const PORTS: [u16; 4] = [80, 443, 465, 587];

    /// In order, but for one closed port.
    pub fn without_port(port: u16) -> Self {
        let mut behaviour = Self::default();
        behaviour.ports.retain(|open| *open != port);
        behaviour
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            api: Answer::Serve,
            pages: Answer::Serve,
            auth: Auth::Check,
            certificate: Certificate::Good,
            ports: Self::PORTS.to_vec(),
        }
    }
}

/// What is answered over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What was asked for.
    #[default]
    Serve,
    /// This status, whatever was asked and whoever asked.
    Status(u16),
    /// A redirection (302) to this address. An API that is off redirects to `/sso/login`.
    Redirect(String),
}

/// What Dovecot hears about a login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Whether the token is good, is allowed at that address, and belongs to an enabled user.
    #[default]
    Check,
    /// No: the client hears `535 5.7.8`.
    Refuse,
    /// Nothing, as when the admin container is down: the client hears `454 4.7.0`.
    Down,
}

/// A certificate of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    /// By the lab's CA for the server's own name.
    #[default]
    Good,
    /// For the right name, by a CA that nobody trusts.
    UnknownIssuer,
    /// By the lab's CA, for another name.
    OtherName,
}

impl Certificate {
    pub(super) const ALL: [Self; 3] = [Self::Good, Self::UnknownIssuer, Self::OtherName];

    /// The name of its files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::UnknownIssuer => "unknown-issuer",
            Self::OtherName => "other-name",
        }
    }

    /// The loopback address on which Dovecot serves it: its choice of a certificate goes by the
    /// local address. Not 127.0.0.1: a connection from an address to itself counts as secure there.
    pub(super) fn loopback(self) -> std::net::Ipv4Addr {
        std::net::Ipv4Addr::new(127, 0, 0, 11 + self as u8)
    }
}

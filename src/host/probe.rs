//! Observations by process or connection: what only observes, but cannot be foretold while
//! something it depends on is pending.

use super::Command;
use crate::value::{Map, Origin, Secret, Value};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An observation that runs a process or opens a connection. All have a bounded time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A command that changes nothing. A program that is not there answers 127, as in a shell.
    Command(Command),
    /// An HTTP GET or HEAD.
    Http(HttpRequest),
    /// An SMTP dialogue without a message.
    Smtp(SmtpDialogue),
    /// A TCP connection that is closed at once.
    Connect {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Milliseconds.
        timeout_ms: u64,
    },
}

/// What a dry run has pending: why an answer from elsewhere may be another one by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// Any action at all.
    pub acted: Option<Origin>,
    /// A command or a request.
    pub commanded: Option<Origin>,
}

/// What a probe answered. That nobody answered is an answer too, not an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAnswer {
    /// The command ended.
    Command(CommandOutput),
    /// The server's reply, or why there is none.
    Http(Result<HttpReply, String>),
    /// How far the dialogue came.
    Smtp(SmtpReply),
    /// Connected, or why not (`connection refused`, `timed out`).
    Connect(Result<(), String>),
}

/// An ended process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CommandOutput {
    /// Exit status; 128 + signal number if a signal ended it.
    pub rc: i64,
    /// Standard output, invalid UTF-8 replaced, bounded to 1 MiB.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// It was ended because its time was up.
    #[serde(default)]
    pub timed_out: bool,
}

impl CommandOutput {
    /// The members of [`CommandOutput::result`].
    pub const MEMBERS: &'static [&'static str] =
        &["rc", "stdout", "stderr", "stdout_lines", "stderr_lines"];

    /// As `register` gets it, named as Ansible does.
    #[must_use]
    pub fn result(&self) -> Map {
        let bare = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
        let lines = |text: &str| {
            let text = bare(text).replace("\r\n", "\n").replace('\r', "\n");
            Value::List(text.lines().map(Value::from).collect())
        };
        let trimmed = |text: &str| Value::Str(bare(text));
        let values = [
            Value::Int(self.rc),
            trimmed(&self.stdout),
            trimmed(&self.stderr),
            lines(&self.stdout),
            lines(&self.stderr),
        ];
        Self::MEMBERS.iter().map(|name| (*name).to_owned()).zip(values).collect()
    }
}

/// An HTTP request (RFC 9110).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `HEAD`, `POST`, …
    pub method: String,
    /// `http://` or `https://`.
    pub url: String,
    /// Headers; may hold credentials.
    pub headers: Vec<(String, Secret<String>)>,
    /// Body.
    pub body: Option<Secret<String>>,
    /// Milliseconds for the whole exchange.
    pub timeout_ms: u64,
    /// Redirects followed; 0 hands the redirect to the caller. Never followed with credentials.
    pub redirects: u32,
    /// Certificates that are trusted instead of the host's (PEM).
    pub ca_file: Option<PathBuf>,
    /// Verify the server's certificate.
    pub verify: bool,
    /// Statuses that are a success where this is performed as an act; empty: 200 to 299.
    #[serde(default)]
    pub expect: Vec<u16>,
    /// Where this is performed as an act: absolute paths that its author says it changes.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// An HTTP reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpReply {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, bounded to 1 MiB, invalid UTF-8 replaced.
    pub body: String,
}

impl HttpReply {
    /// The members of what a request that acts brings back.
    pub const MEMBERS: &'static [&'static str] = &["status", "content", "json", "headers"];

    /// The headers as `register` gets them.
    #[must_use]
    pub fn header_map(&self) -> Map {
        let header = |(name, value): &(String, String)| {
            (name.replace('-', "_"), Value::from(value.as_str()))
        };
        self.headers.iter().map(header).collect()
    }
}

/// How an SMTP connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Plain text.
    None,
    /// STARTTLS (RFC 3207), verified.
    Starttls,
    /// TLS from the first byte (RFC 8314), verified.
    Implicit,
}

/// An SMTP dialogue (RFC 5321) that ends with QUIT before any message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmtpDialogue {
    /// Name or address; the name that the certificate must carry.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub tls: SmtpTls,
    /// AUTH PLAIN with this login and password.
    pub auth: Option<(String, Secret<String>)>,
    /// MAIL FROM and RCPT TO with these addresses, then RSET: whether the server would take it.
    pub envelope: Option<(String, String)>,
    /// Milliseconds for the whole dialogue.
    pub timeout_ms: u64,
    /// Certificates that are trusted instead of the host's (PEM).
    pub ca_file: Option<PathBuf>,
}

/// How far an SMTP dialogue came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SmtpReply {
    /// Every asked stage succeeded.
    pub ok: bool,
    /// The stage that failed: `resolve`, `connect`, `greeting`, `ehlo`, `starttls`, `tls`,
    /// `auth`, `envelope`; empty if none did.
    pub stage: String,
    /// The server's last reply code; 0 if there was none.
    pub code: u16,
    /// The server's last reply or the error, one line.
    pub message: String,
    /// The server's greeting.
    pub greeting: String,
    /// Extensions after EHLO (the last EHLO, if TLS came between).
    pub extensions: Vec<String>,
    /// The connection was refused: an answer, not a silence.
    pub refused: bool,
}

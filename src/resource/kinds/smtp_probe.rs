//! `smtp_probe`: a dialogue with an SMTP server that ends before any message.

use crate::host::{HostError, Probe, ProbeAnswer, SmtpDialogue, SmtpReply, SmtpTls, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Seconds;
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Secret, Value};
use serde::Deserialize;
use std::path::PathBuf;

/// Talks SMTP with a server, up to the point where a message would begin, and changes nothing.
///
/// Registered: `ok`, `stage` that failed (`resolve`, `connect`, `greeting`, `ehlo`, `starttls`,
/// `tls`, `auth`, `envelope`), `code`, `message`, `refused`, `greeting`, `extensions`. With
/// `failed_when: false` a failure is an answer.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SmtpProbe {
    /// Name or address; the name that the certificate must carry.
    host: String,
    /// Port.
    #[serde(default = "smtp")]
    port: u16,
    /// Encryption. What is encrypted is verified too.
    #[serde(default = "plain")]
    tls: SmtpTls,
    /// Seconds for the whole dialogue.
    #[serde(default = "ten_seconds")]
    timeout: Seconds,
    /// Log in with this name.
    #[serde(alias = "user")]
    #[schemars(extend("aliases" = ["user"]))]
    username: Option<String>,
    /// The password for it.
    #[schemars(with = "Option<String>")]
    password: Option<Secret<String>>,
    /// Certificates (PEM) that are trusted instead of the host's.
    ca_file: Option<PathBuf>,
    /// Ask whether the server takes mail from this address; with `to`.
    from: Option<String>,
    /// Ask whether the server takes mail to this address; with `from`.
    to: Option<String>,
}

const fn smtp() -> u16 {
    25
}

const fn plain() -> SmtpTls {
    SmtpTls::None
}

const fn ten_seconds() -> Seconds {
    Seconds::of(10)
}

impl Resource for SmtpProbe {
    const NAME: &'static str = "smtp_probe";
    const NATURE: Nature = Nature::Gate;
    const TARGET: Option<&'static str> = Some("host");
    const RESULT: &'static [&'static str] =
        &["ok", "stage", "code", "message", "refused", "greeting", "extensions"];
    const EXAMPLE: &'static str = r#"- name: Postfix answers on loopback
  smtp_probe:
    host: 127.0.0.1
    port: 25
"#;
    type State = Known<SmtpReply>;

    fn validate(&self) -> Result<(), Diagnostic> {
        let bad = |char: char| char.is_whitespace() || char.is_control();
        if self.host.is_empty() || self.host.contains(bad) {
            return Err(Diagnostic::new(format!("`host: {}` is no host", self.host)));
        }
        if self.username.is_some() != self.password.is_some() {
            return Err(Diagnostic::new("`username` and `password` go together"));
        }
        if self.username.is_some() && self.tls == SmtpTls::None {
            return Err(Diagnostic::new("a password is not sent in plain text")
                .help("`tls: starttls` (port 587) or `tls: implicit` (port 465)"));
        }
        if self.from.is_some() != self.to.is_some() {
            return Err(Diagnostic::new("`from` and `to` go together"));
        }
        for address in self.from.iter().chain(&self.to) {
            if address.contains(|char: char| bad(char) || "<>".contains(char)) {
                return Err(Diagnostic::new(format!("`{address}` is no mail address")));
            }
        }
        self.ca_file.as_ref().map_or(Ok(()), |path| absolute("ca_file", path))
    }

    fn observe(&self, view: &dyn View) -> Result<Self::State, HostError> {
        let dialogue = SmtpDialogue {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            auth: self.username.clone().zip(self.password.clone()),
            envelope: self.from.clone().zip(self.to.clone()),
            timeout_ms: self.timeout.ms,
            ca_file: self.ca_file.clone(),
        };
        Ok(view.probe(&Probe::Smtp(dialogue))?.map(|answer| match answer {
            ProbeAnswer::Smtp(reply) => reply,
            _ => SmtpReply::default(),
        }))
    }

    fn plan(&self, found: &Self::State) -> Result<Planned, Diagnostic> {
        const MEMBERS: &[&str] =
            &["ok", "stage", "code", "message", "refused", "greeting", "extensions"];
        let planned = Planned::as_declared();
        let reply = match found {
            Known::Is(reply) => reply,
            Known::Unknown(origin) => {
                return Ok(MEMBERS
                    .iter()
                    .fold(planned, |planned, key| planned.with(key, Value::Unknown(origin.clone())))
                    .assume(origin.clone()));
            }
        };
        let planned = planned
            .with("ok", reply.ok)
            .with("stage", reply.stage.as_str())
            .with("code", i64::from(reply.code))
            .with("message", reply.message.as_str())
            .with("refused", reply.refused)
            .with("greeting", reply.greeting.as_str())
            .with("extensions", reply.extensions.clone());
        if reply.ok {
            return Ok(planned);
        }
        let peer = format!("{}:{}", self.host, self.port);
        let said = match reply.code {
            0 => reply.message.clone(),
            code => format!("{code} {}", reply.message),
        };
        Ok(planned.fail(Diagnostic::new(format!("{peer} fails at `{}`: {said}", reply.stage))))
    }
}

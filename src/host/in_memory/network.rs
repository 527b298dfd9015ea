//! What a host in memory can reach, and what answers there.

use super::InMemory;
use super::world::{SmtpServer, WebServer};
use crate::host::{
    HostError, HttpReply, HttpRequest, Performed, Probe, ProbeAnswer, SmtpDialogue, SmtpReply,
};
use crate::value::Value;

const REFUSED: &str = "connection refused";

impl InMemory {
    pub(super) fn answer(&self, probe: &Probe) -> ProbeAnswer {
        match probe {
            Probe::Command(command) => ProbeAnswer::Command(self.output_of(&command.argv)),
            Probe::Http(request) => ProbeAnswer::Http(self.reply(request)),
            Probe::Smtp(dialogue) => ProbeAnswer::Smtp(self.dialogue(dialogue)),
            Probe::Connect { host, port, .. } => ProbeAnswer::Connect(self.connect(host, *port)),
        }
    }

    fn serves(&self, unit: Option<&String>, after_ms: u64) -> bool {
        unit.is_none_or(|unit| self.world.is_active(unit))
            && self.waited().as_millis() >= u128::from(after_ms)
    }

    fn connect(&self, host: &str, port: u16) -> Result<(), String> {
        let listener = self.world.listeners.iter().any(|one| {
            one.host == host && one.port == port && self.serves(one.unit.as_ref(), one.after_ms)
        });
        let smtp = self.world.smtp.iter().any(|one| {
            one.host == host && one.port == port && self.serves(one.unit.as_ref(), one.after_ms)
        });
        if listener || smtp { Ok(()) } else { Err(REFUSED.to_owned()) }
    }

    fn server(&self, request: &HttpRequest) -> Option<&WebServer> {
        self.world.web.iter().find(|one| {
            one.method == request.method
                && one.url == request.url
                && self.serves(one.unit.as_ref(), one.after_ms)
        })
    }

    fn reply(&self, request: &HttpRequest) -> Result<HttpReply, String> {
        let server = self.server(request).ok_or_else(|| REFUSED.to_owned())?;
        if let Some(error) = &server.error {
            return Err(error.clone());
        }
        let sent = |name: &str, value: &str| {
            request
                .headers
                .iter()
                .any(|(key, sent)| key.eq_ignore_ascii_case(name) && sent.expose() == value)
        };
        if let Some((name, value)) = &server.requires
            && !sent(name, value)
        {
            return Ok(HttpReply { status: 401, headers: Vec::new(), body: String::new() });
        }
        Ok(HttpReply {
            status: server.status,
            headers: server.headers.clone(),
            body: server.body.clone(),
        })
    }

    pub(super) fn request(&mut self, request: &HttpRequest) -> Result<Performed, HostError> {
        let reply = self.reply(request).map_err(|error| {
            HostError::failed(format!("cannot {} {}: {error}", request.method, request.url))
        })?;
        let expected = if request.expect.is_empty() {
            (200..300).contains(&reply.status)
        } else {
            request.expect.contains(&reply.status)
        };
        if expected {
            for effect in self.server(request).map(|one| one.effects.clone()).unwrap_or_default() {
                self.world.take_effect(&effect);
            }
        }
        let mut performed = Performed::default();
        performed.result.insert("status".into(), Value::Int(reply.status.into()));
        performed.result.insert("url".into(), request.url.as_str().into());
        if let Ok(json) = Value::of_json(&reply.body) {
            performed.result.insert("json".into(), json);
        }
        performed.result.insert("content".into(), reply.body.into());
        if !expected {
            performed.failed = Some(format!("status {}", reply.status));
        }
        Ok(performed)
    }

    fn dialogue(&self, asked: &SmtpDialogue) -> SmtpReply {
        let found = self.world.smtp.iter().find(|one| {
            one.host == asked.host
                && one.port == asked.port
                && self.serves(one.unit.as_ref(), one.after_ms)
        });
        let Some(server) = found else {
            return SmtpReply {
                stage: "connect".into(),
                message: REFUSED.into(),
                refused: true,
                ..SmtpReply::default()
            };
        };
        let mut reply = SmtpReply {
            ok: true,
            code: 221,
            greeting: format!("220 {} ESMTP", server.host),
            extensions: server.extensions.clone(),
            ..SmtpReply::default()
        };
        if let Some((stage, code, message)) = failure(server, asked) {
            reply.ok = false;
            reply.stage = stage;
            reply.code = code;
            reply.message = message;
        }
        reply
    }
}

fn failure(server: &SmtpServer, asked: &SmtpDialogue) -> Option<(String, u16, String)> {
    if !server.stage.is_empty() {
        return Some((server.stage.clone(), server.code, server.message.clone()));
    }
    let (login, password) = asked.auth.as_ref()?;
    if server.logins.get(login) == Some(password.expose()) {
        return None;
    }
    Some(("auth".into(), 535, "5.7.8 authentication failed".into()))
}
